/** A release as a whole: signed, checked by the program that takes it, and the single executable of this machine. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { before, test } from 'node:test'
import { executable } from '../../scripts/release/executable.ts'
import type { Architecture } from '../../scripts/release/node-program.ts'
import { release, type ReleaseOrder } from '../../scripts/release/release.ts'
import { stage } from '../../scripts/release/stage.ts'
import { bifrost } from '../../src/testing/gateway-process.ts'
import { eventually, freePort, needs, startProcess, temporaryFolder } from '../../src/testing/peers.ts'
import { newSigningKey } from '../../src/testing/release-stand-in.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const home = temporaryFolder({ after: () => undefined })
const trust = join(home, 'trust.pem')
const key = newSigningKey()
const order: ReleaseOrder = {
  out: join(home, 'release'),
  key: key.privatePem,
  channel: 'beta',
  expires: '3000d',
  rollout: 25,
  // Those with Node take a minute each: scripts/release/try-release.sh makes and compares them all.
  architectures: [],
  add: [],
  allowUnpinned: true,
}

before(() => writeFileSync(trust, key.publicPem))

test(
  'bifrost update verify takes the release, and nothing that was changed after it was signed',
  { timeout: 90_000 },
  async () => {
    await release(order, () => undefined)
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    const names = readdirSync(order.out).filter((name) => name !== 'install.sh')
    const packages = [`bifrost-${version}.cdx.json`, `bifrost-gateway-${version}.tgz`]
    assert.deepEqual(names.sort(), [...packages, 'manifest.json', 'manifest.json.sig'].sort())
    const verify = () => bifrost('update', 'verify', order.out, '--trust', trust)
    const good = await verify()
    assert.equal(good.code, 0, good.err)

    // Only the key that signed it; the pinned ones did not.
    assert.notEqual((await bifrost('update', 'verify', order.out)).code, 0)
    const file = join(order.out, packages[1]!)
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(file, bytes)
    assert.notEqual((await verify()).code, 0)
  },
)

test('a key that no program trusts signs nothing, unless that is wanted', { timeout: 60_000 }, async () => {
  const out = join(home, 'unpinned')
  await assert.rejects(
    release({ ...order, out, allowUnpinned: false }, () => undefined),
    /is none of those that programs trust/,
  )
  assert.equal(existsSync(out), false)
})

test('a folder that holds something is left alone', async () => {
  await assert.rejects(
    release({ ...order, out: home }, () => undefined),
    /is not empty/,
  )
})

test('wrong options end with a sentence', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/release/release.ts', ...args], { cwd: ROOT, encoding: 'utf8' })
  for (const [args, says] of [
    [[], /--out DIR is missing/],
    [['--out', join(home, 'x'), '--arch', 'mips'], /--arch mips: there are x64, arm64/],
  ] as const) {
    const { status, stderr } = run(...args)
    assert.equal(status, 1)
    assert.match(stderr, says)
  }
})

const strip = process.arch === 'arm64' ? 'aarch64-linux-gnu-strip' : 'x86_64-linux-gnu-strip'

test(
  'the single executable runs from an empty folder, unpacks once, and starts its own simulators',
  { skip: needs(strip), timeout: 120_000 },
  async (t) => {
    const staged = join(home, 'stage')
    const { facts } = await stage(staged)
    const program = join(home, 'bifrost')
    writeFileSync(program, executable(staged, facts, process.arch as Architecture, 1_790_000_000), { mode: 0o755 })
    const cache = join(home, 'cache')
    mkdirSync(cache)
    const env = { PATH: '/usr/bin:/bin', BIFROST_UNPACK: cache }
    const run = (extra: NodeJS.ProcessEnv = {}) =>
      spawnSync(program, ['version', '--json'], {
        cwd: cache,
        encoding: 'utf8',
        env: { ...env, ...extra },
        timeout: 30_000,
      })
    const first = run()
    assert.equal(first.status, 0, first.stderr)
    assert.equal((JSON.parse(first.stdout) as { installed: string }).installed, 'executable')
    const [folder] = readdirSync(cache)
    assert.equal(run().status, 0)
    assert.deepEqual(readdirSync(cache), [folder])

    const port = await freePort()
    const demo = startProcess(t, program, ['demo', '--port', `${port}`, '--mqtt-port', `${await freePort()}`], {
      env,
      cwd: cache,
    })
    await demo.waitFor(/stop: Ctrl-C/, 40_000)
    await eventually('a value', async () => {
      const values = await fetch(`http://127.0.0.1:${port}/api/v1/values`)
      return (await values.text()).includes('"Good"')
    })
    await demo.stop()

    // What others could have changed is not run.
    chmodSync(join(cache, folder!), 0o777)
    assert.match(run().stderr, /can be changed by others/)
    assert.match(run({ BIFROST_UNPACK: '/proc/none' }).stderr, /no folder to unpack to/)
    // Nor what lies in a folder of somebody else, who could exchange it, or behind a link.
    const left = () => rmSync(join(cache, folder!), { recursive: true, force: true })
    left()
    chmodSync(cache, 0o777)
    assert.match(run().stderr, /no folder to unpack to that is yours/)
    chmodSync(cache, 0o755)
    symlinkSync(cache, join(home, 'link'))
    assert.match(run({ BIFROST_UNPACK: join(home, 'link') }).stderr, /no folder to unpack to that is yours/)
    if (process.getuid?.() === 0) {
      chownSync(cache, 65534, 65534)
      assert.match(run().stderr, /no folder to unpack to that is yours/)
    }
    assert.deepEqual(readdirSync(cache), [])
  },
)
