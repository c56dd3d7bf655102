/**
 * The configuration in the ConfigMap is one that the gateway takes: checked by `bifrost check` with all that is mounted beside it, and taken up while it
 * runs when the kubelet swaps the folder. The probes of the manifest are asked for.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { bifrost } from '../../src/testing/gateway-process.ts'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { eventually, freePort, needs, startProcess, temporaryFolder } from '../../src/testing/peers.ts'
import { testAuthority } from './authority.ts'
import { buildAll, containersOf, NAMES, ofKind, ROOT, workloads, type Composition, type Objects } from './manifests.ts'

const noKubectl = needsKubectl()
const skip = noKubectl === false ? needs('openssl') : noKubectl
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

const configOf = (objects: Objects): Readonly<Record<string, string>> =>
  ofKind<IConfigMap>(objects, 'ConfigMap').find(({ metadata }) => metadata.name === 'bifrost-config')!.data!

/** What a pod sees, below a folder of the test; the texts name files there. */
async function pod(t: TestContext, files: Readonly<Record<string, string>>) {
  const root = temporaryFolder(t)
  const moved = (text: string) =>
    text.replaceAll(/(?<![\w.])\/(etc\/bifrost|run\/secrets|var\/lib\/bifrost)/g, `${root}/$1`)
  const secrets = join(root, 'run', 'secrets')
  mkdirSync(join(secrets, 'bifrost'), { recursive: true })
  mkdirSync(join(secrets, 'bifrost-key'))
  mkdirSync(join(root, 'etc', 'bifrost-tls'), { recursive: true })
  const { ca, issue } = testAuthority(root)
  const { cert, key } = issue('gateway', ['DNS:localhost', 'IP:127.0.0.1'])
  for (const [name, from] of [
    ['tls.crt', cert],
    ['tls.key', key],
    ['ca.crt', ca],
  ] as const)
    // prettier-ignore
    writeFileSync(join(root, 'etc', 'bifrost-tls', name), readFileSync(from))
  writeFileSync(join(secrets, 'bifrost', 'admin-password'), 'J7Q2-9KXM-lantern-turbine-41')
  writeFileSync(join(secrets, 'bifrost', 'mqtt-password'), 'secret')
  writeFileSync(join(secrets, 'bifrost', 'mqtt-ca.crt'), readFileSync(ca))
  const made = await bifrost('secrets', 'key')
  writeFileSync(join(secrets, 'bifrost-key', 'key'), made.out, { mode: 0o600 })
  const folder = join(root, 'etc', 'bifrost')
  mkdirSync(folder)
  let version = 0
  /** As the kubelet does it: a folder of a new name, links to its files by way of `..data`, which is swapped by a rename. */
  const mount = (texts: Readonly<Record<string, string>>): void => {
    const name = `..2026_11_29_${version++}`
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, name, file), moved(text))
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    for (const file of Object.keys(texts)) if (version === 1) symlinkSync(join('..data', file), join(folder, file))
    if (version > 1) rmSync(join(folder, `..2026_11_29_${version - 2}`), { recursive: true })
  }
  mount(files)
  return { root, ca, mount, file: join(folder, 'bifrost.yaml') }
}

for (const name of NAMES)
  test(`bifrost check takes the configuration of ${name}`, { skip }, async (t) => {
    const { file } = await pod(t, configOf(built[name]))
    const { code, out, err } = await bifrost('check', '-c', file)
    assert.equal(code, 0, out + err)
  })

test('bifrost check names what is wrong in it, and a Secret that is missing', { skip }, async (t) => {
  const files = configOf(built.production)
  const { file, root } = await pod(t, { ...files, 'devices.yaml': files['devices.yaml']!.replace('port: 502', 'prot: 502') }) // prettier-ignore
  rmSync(join(root, 'run', 'secrets', 'bifrost', 'mqtt-password'))
  const { code, out, err } = await bifrost('check', '-c', file)
  assert.equal(code, 78)
  assert.match(out + err, /devices\.yaml:\d+:\d+ .*prot/)
  assert.match(out + err, /there is no secret "mqtt-password"/)
})

test(
  'a running gateway takes up the files that the kubelet swaps, keeps going when they are not good, and answers each probe',
  { skip },
  async (t) => {
    const port = await freePort()
    const device = (tags: string) =>
      `devices:\n  - { name: press-1, driver: simulated, every: 100ms, tags: [${tags}] }\n`
    const tag = (name: string) => `{ name: ${name}, address: "constant:value=42", type: uint16 }`
    const { 'bifrost.yaml': main = '' } = configOf(built.production)
    const files = { 'bifrost.yaml': main.replace('0.0.0.0:8443', `127.0.0.1:${port}`), 'sinks.yaml': 'sinks: []\n', 'devices.yaml': device(tag('one')) } // prettier-ignore
    const { root, file, mount, ca } = await pod(t, files)
    const env = { BIFROST_ADMIN_PASSWORD_FILE: join(root, 'run/secrets/bifrost/admin-password'), BIFROST_REPLICA: '0', NODE_EXTRA_CA_CERTS: ca, BIFROST_URL: `https://127.0.0.1:${port}` } // prettier-ignore
    const launcher = join(ROOT, 'bin', 'bifrost')
    const running = startProcess(t, launcher, ['run', '-c', file], { env })
    await running.waitFor(/"message":"Running: /, 60_000)
    const ask = async (...args: string[]) => {
      const asked = startProcess(t, launcher, args, { env })
      return { code: (await asked.exited).code, text: asked.output() }
    }
    for (const workload of workloads(built.production).filter(({ owner }) => owner.kind === 'StatefulSet'))
      for (const { startupProbe, livenessProbe, readinessProbe } of containersOf(workload))
        for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
          const path = probe?.httpGet?.path ?? ''
          assert.equal(await statusOf(ca, `https://127.0.0.1:${port}${path}`), 200, path)
        }
    await eventually('one is read', async () => (await ask('read', 'press-1/one')).text.includes('42'))
    // Who shows no certificate and says nothing is nobody.
    assert.equal(await statusOf(ca, `https://127.0.0.1:${port}/metrics`), 401)

    mount({ ...files, 'devices.yaml': device(`${tag('one')}, ${tag('two')}`) })
    await eventually('two is read', async () => (await ask('read', 'press-1/two')).text.includes('42'))
    mount({ ...files, 'devices.yaml': 'devices: [{ name: press-1, driver: nonsense }]\n' })
    await running.waitFor(/The configuration is not valid; what ran before goes on/, 20_000)
    assert.match((await ask('read', 'press-1/two')).text, /42/)
    assert.equal((await running.stop()).code, 0)
  },
)

const statusOf = (ca: string, url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { ca: readFileSync(ca), agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).once('error', reject)
  })
