/** `${secret:name}`: where it is looked for, and everything that can be wrong with one. Nothing that is told shows a secret. */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError } from './problem.ts'
import { renderConfig } from './render.ts'

const SECRET = 'hunter2-swordfish'

interface Sketch {
  /** What stands for the password. */
  readonly password?: string
  readonly head?: string
  readonly own?: Record<string, string | Buffer>
  readonly systemd?: Record<string, string>
  readonly container?: Record<string, string>
}

function sketch(t: TestContext, { password = '${secret:mqtt}', head = '', own, systemd, container }: Sketch) {
  const folder = temporaryFolder(t)
  const fill = (name: string, files: Record<string, string | Buffer> | undefined) => {
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(files ?? {})) writeFileSync(join(folder, name, file), text)
  }
  fill('own', own)
  fill('systemd', systemd)
  fill('container', container)
  const options = `{ url: "mqtt://h", topic: "{device}/{tag}", username: u, password: "${password}" }`
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, `version: 1\n${head}sinks:\n  - { name: plant, sink: mqtt, options: ${options} }\n`)
  const env = { CREDENTIALS_DIRECTORY: join(folder, 'systemd') }
  return { file, folder, sources: { drivers, sinks, env, containerSecrets: join(folder, 'container') } }
}

async function passwordOf(t: TestContext, given: Sketch): Promise<unknown> {
  const { file, sources } = sketch(t, given)
  const config = await loadConfig(file, sources)
  assert.deepEqual(config.warnings, [])
  return (config.sinks[0]!.options as { password: unknown }).password
}

async function faultOf(t: TestContext, given: Sketch): Promise<string> {
  const { file, folder, sources } = sketch(t, given)
  const error = await loadConfig(file, sources).then(
    () => assert.fail('it loads'),
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof ConfigError, String(error))
  assert.doesNotMatch(JSON.stringify([error.message, error.problems, error.warnings]), /hunter2|swordfish/)
  return error.problems
    .map(({ line, path, message }) => `${line} ${path}: ${message}`.replaceAll(`${folder}/`, ''))
    .join('\n')
}

const OWN = 'secrets: { folder: own }\n'

test('the folder of the configuration goes before the credentials of systemd, and those before what containers have', async (t) => {
  const all = { own: { mqtt: 'o\n' }, systemd: { mqtt: 's' }, container: { mqtt: 'c\r\n' } }
  assert.equal(await passwordOf(t, { ...all, head: OWN }), 'o')
  assert.equal(await passwordOf(t, { ...all }), 's')
  assert.equal(await passwordOf(t, { container: all.container }), 'c')
})

test('a secret may be a part of a longer text, and looks like no number', async (t) => {
  assert.equal(await passwordOf(t, { password: 'a${secret:mqtt}$$', systemd: { mqtt: '007' } }), 'a007$')
})

test('a Kubernetes mount, where each secret is a link to a link, is a folder like any other', async (t) => {
  const given = sketch(t, { head: OWN })
  mkdirSync(join(given.folder, 'own/..2026'))
  writeFileSync(join(given.folder, 'own/..2026/mqtt'), SECRET)
  symlinkSync('..2026', join(given.folder, 'own/..data'))
  symlinkSync('..data/mqtt', join(given.folder, 'own/mqtt'))
  const config = await loadConfig(given.file, given.sources)
  assert.equal((config.sinks[0]!.options as { password: unknown }).password, SECRET)
})

test('a secret that is missing is a problem that names where it was looked for', async (t) => {
  const where = 'looked in own, systemd, container; `secrets.folder` names another folder'
  assert.equal(await faultOf(t, { head: OWN }), `4 sinks[0].options.password: there is no secret "mqtt": ${where}`)
})

test('a secret that is empty, too large, several lines or a folder is a problem', async (t) => {
  const path = '3 sinks[0].options.password'
  assert.equal(await faultOf(t, { systemd: { mqtt: '\n' } }), `${path}: the secret "mqtt" is empty: systemd/mqtt`)
  assert.equal(
    await faultOf(t, { systemd: { mqtt: `${SECRET}${'x'.repeat(65_536)}` } }),
    `${path}: the secret "mqtt" has 65553 bytes, and the most is 65536: systemd/mqtt`,
  )
  assert.equal(
    await faultOf(t, { systemd: { mqtt: `${SECRET}\nadmin: true` } }),
    `${path}: the secret "mqtt" holds more than one line: systemd/mqtt`,
  )
  const given = sketch(t, {})
  mkdirSync(join(given.folder, 'systemd/mqtt'))
  await assert.rejects(loadConfig(given.file, given.sources), /the secret "mqtt" is no file/)
})

test('no name of a secret leads out of its folder', async (t) => {
  for (const name of ['../container/other', '..', '.', '/etc/passwd', 'a/b', '', 'a b', '..data'])
    assert.match(
      await faultOf(t, { password: `\${secret:${name}}`, container: { other: SECRET } }),
      /is no name of a secret: letters, digits, dots, dashes and underscores, and no folder$/,
      name,
    )
})

test('a secret stands only where it is kept one: not in the name of a host, a topic, a device or a tag', async (t) => {
  const astray = /: a secret stands here, where it would be shown/
  const systemd = { mqtt: SECRET, other: SECRET }
  const device = (text: string) => `devices:\n  - ${text}\n`
  for (const head of [
    device('{ name: a, driver: modbus, options: { host: "${secret:other}", port: 502 } }'),
    device('{ name: "a-${secret:other}", driver: simulated }'),
    device(
      '{ name: a, driver: simulated, tags: [{ name: s, address: sine, type: float64, description: "${secret:other}" }] }',
    ),
    'data: "${secret:other}"\n',
    'http: { hosts: ["${secret:other}"] }\n',
  ])
    assert.match(await faultOf(t, { head, systemd }), astray, head)
})

test('a secret that is a parameter of a template reaches its options, and no text of a tag', async (t) => {
  const head = (options: string, description: string) =>
    `templates:
  - name: t
    driver: opcua
    parameters: { pass: {} }
    options: { endpoint: "opc.tcp://h:4840", user: { name: u, ${options} } }
    tags: [{ name: s, address: "ns=2;s=a", type: float64, description: "${description}" }]
devices:
  - { name: a, template: t, parameters: { pass: "\${secret:other}" } }
`
  const systemd = { mqtt: 'm', other: SECRET }
  const good = sketch(t, { head: head('password: "${param:pass}"', 'd'), systemd })
  const config = await loadConfig(good.file, good.sources)
  assert.equal((config.devices[0]!.options as { user: { password: unknown } }).user.password, SECRET)
  assert.doesNotMatch(await renderConfig(good.file, good.sources), /hunter2/)
  const bad = await faultOf(t, { head: head('password: "${param:pass}"', 'x${param:pass}'), systemd })
  assert.match(bad, /a secret stands here/)
})

test('a rendered configuration has the reference, not the secret', async (t) => {
  const { file, sources } = sketch(t, { systemd: { mqtt: SECRET } })
  const text = await renderConfig(file, sources)
  assert.match(text, /password: \$\{secret:mqtt\}/)
  assert.doesNotMatch(text, /hunter2/)
})

test('`secrets` stands in the file that includes the others', async (t) => {
  const given = sketch(t, { head: 'include: more.yaml\n', systemd: { mqtt: SECRET } })
  writeFileSync(join(given.folder, 'more.yaml'), OWN)
  await assert.rejects(
    loadConfig(given.file, given.sources),
    /more\.yaml:1:1 secrets: `secrets` stands in .*bifrost\.yaml/,
  )
})
