/** `bifrost config show|diff|plan|migrate|example`, as a process: results on stdout, and the exit codes that scripts act on. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { exampleOfDriver, exampleOfSink } from '../config/example.ts'
import { loadConfig } from '../config/load.ts'
import { startGatewayProcess } from '../testing/gateway-process.ts'
import { freePort, temporaryFolder } from '../testing/peers.ts'

const ROOT = join(import.meta.dirname, '..', '..')

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** In a copy of the demo's configuration; no gateway answers. */
async function demo(t: TestContext) {
  const folder = temporaryFolder(t)
  cpSync(join(ROOT, 'examples', 'demo'), folder, { recursive: true })
  const env = { ...process.env, NO_COLOR: '1', BIFROST_URL: `http://127.0.0.1:${await freePort()}` }
  const run = (...args: string[]) =>
    new Promise<Outcome>((resolve) => {
      execFile(join(ROOT, 'bin', 'bifrost'), ['config', ...args], { cwd: folder, env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })
  const change = (name: string, from: string, to: string) => {
    const text = readFileSync(join(folder, 'bifrost.yaml'), 'utf8')
    assert.ok(text.includes(from))
    writeFileSync(join(folder, name), text.replace(from, to))
  }
  return { folder, run, change }
}

test('diff: exit 5 and each setting before and after; exit 0 without a difference; 78 for a file that is not valid', async (t) => {
  const { run, change } = await demo(t)
  change('new.yaml', 'every: 1s', 'every: 500ms')
  const different = await run('diff', 'bifrost.yaml', 'new.yaml')
  assert.deepEqual([different.code, different.out], [5, '~ device energy-meter\n    every: 1s → 500ms\n'])
  assert.equal(different.err, '0 to add, 1 to change, 0 to remove\n')
  const same = await run('diff', 'bifrost.yaml')
  assert.deepEqual(same, { code: 0, out: '', err: 'no differences\n' })
  const json = JSON.parse((await run('diff', 'bifrost.yaml', 'new.yaml', '--json')).out) as unknown
  assert.deepEqual(json, {
    counts: { added: 0, changed: 1, removed: 0 },
    differences: [
      {
        sign: '~',
        kind: 'device',
        name: 'energy-meter',
        changes: [{ setting: 'every', before: '1s', after: '500ms' }],
      },
    ],
  })
  change('broken.yaml', 'every: 1s', 'every: soon')
  assert.equal((await run('diff', 'bifrost.yaml', 'broken.yaml')).code, 78)
})

test('plan: differences and load against a file; what runs is said to be unknown where nothing ran', async (t) => {
  const { run, change } = await demo(t)
  change('new.yaml', 'every: 1s', 'every: 500ms')
  const { code, out } = await run('plan', 'new.yaml', '--against', 'bifrost.yaml', '--round-trip', '10ms')
  assert.equal(code, 0)
  assert.match(out, /^~ device energy-meter\n {4}every: 1s → 500ms\n0 to add, 1 to change, 0 to remove\n\nline /)
  assert.match(out, /^tcp:\/\/127\.0\.0\.1:5020 +3 +38 \(now 37\) +38 % \(now 37 %\)$/m)
  assert.match(out, /^sink +plant \(mqtt\): 42 tags, 42 topics$/m)
  const unknown = await run('plan', 'new.yaml', '--against', 'running')
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /no gateway answers, and \S*\/data holds no history of configurations; --against FILE/)
  assert.equal((await run('plan', '--round-trip', 'soon')).code, 2)
  const json = JSON.parse((await run('plan', '--json')).out) as { against: unknown; load: { samplesPerSecond: number } }
  assert.deepEqual([json.against, json.load.samplesPerSecond], [null, 138])
})

test('plan against what runs: the version that the gateway says, also when the file has been changed since, and when it has ended', async (t) => {
  const yaml = (signal: string) =>
    `devices: [{ name: s, driver: simulated, tags: [{ name: a, address: ${signal}, type: float64 }] }]\n`
  const gateway = await startGatewayProcess(t, { yaml: yaml('sine') })
  const text = readFileSync(join(gateway.folder, 'bifrost.yaml'), 'utf8')
  writeFileSync(join(gateway.folder, 'new.yaml'), text.replace('sine', 'square'))
  const plan = () =>
    new Promise<Outcome>((resolve) => {
      const env = { ...process.env, NO_COLOR: '1', BIFROST_URL: gateway.url }
      const args = ['config', 'plan', 'new.yaml', '--against', 'running']
      execFile(join(ROOT, 'bin', 'bifrost'), args, { cwd: gateway.folder, env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })
  const running = await plan()
  assert.match(running.err, /^against version 1, which runs$/m)
  assert.match(running.out, /^~ tag s\/a\n {4}address: sine → square\n/)
  await gateway.stop()
  writeFileSync(join(gateway.folder, 'bifrost.yaml'), text.replace('sine', 'triangle'))
  const ended = await plan()
  assert.match(ended.err, /^against version 1, the last one that ran$/m)
  assert.match(ended.out, /^~ tag s\/a\n {4}address: sine → square\n/)
})

test('show: one object with where each setting comes from', async (t) => {
  const { folder, run } = await demo(t)
  const { code, out } = await run('show', 'filler', '--origin')
  assert.equal(code, 0)
  const line = readFileSync(join(folder, 'bifrost.yaml'), 'utf8').split('\n').indexOf('  - name: filler') + 1
  assert.match(out, new RegExp(`^device filler {2}\\(bifrost\\.yaml:${line}\\)\n`))
  assert.match(
    out,
    new RegExp(`^ {2}options\\.port: \\$\\{BIFROST_DEMO_PLANT_PORT:-5020\\} +# bifrost\\.yaml:${line + 4}:13$`, 'm'),
  )
  assert.match(out, /^ {2}options\.timeout: 2s +# default$/m)
  const unknown = await run('show', 'fillr')
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /did you mean filler\?/)
  const all = JSON.parse((await run('show', '--json')).out) as { objects: { kind: string; settings: object[] }[] }
  assert.deepEqual([...new Set(all.objects.map(({ kind }) => kind))], ['section', 'device', 'sink'])
  assert.deepEqual(all.objects[0]!.settings, [{ setting: 'version', value: 1 }])
})

test('migrate: nothing to do at version 1; a missing version is added as one line; a later one is refused', async (t) => {
  const { folder, run, change } = await demo(t)
  assert.deepEqual(await run('migrate'), {
    code: 0,
    out: 'bifrost.yaml is of version 1, the newest and so far the only one: nothing to migrate\n',
    err: '',
  })
  change('old.yaml', 'version: 1\n', '')
  const shown = await run('migrate', 'old.yaml')
  assert.equal(shown.code, 5)
  assert.match(shown.out, /^\+version: 1$/m)
  assert.doesNotMatch(shown.out, /^-[^-]/m)
  assert.equal((await run('migrate', 'old.yaml', '--write')).code, 0)
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  assert.equal(text('old.yaml'), text('bifrost.yaml'))
  change('later.yaml', 'version: 1', 'version: 2')
  const later = await run('migrate', 'later.yaml', '--write')
  assert.equal(later.code, 78)
  assert.match(later.err, /later\.yaml:3:10 version:/)
})

test('example: lists what there is, and refuses what there is not', async (t) => {
  const { run } = await demo(t)
  assert.match((await run('example')).out, /^driver {2}modbus .*\n/)
  assert.match(
    (await run('example', 'mqtt')).out,
    /^ {6}# Password at the broker\.\n {6}# password: # string, not set$/m,
  )
  const { code, err } = await run('example', 'modbs')
  assert.equal(code, 1)
  assert.match(err, /did you mean modbus\?/)
})

test('the example of every driver and sink loads, and names each of its options', async (t) => {
  const folder = temporaryFolder(t)
  const examples = globSync('examples/*/*.yaml', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'))
  const all = [
    ...drivers.map((type) => ({ type, text: exampleOfDriver(type, examples) })),
    ...sinks.map((type) => ({ type, text: exampleOfSink(type, examples) })),
  ]
  for (const { type, text } of all) {
    const file = join(folder, `${type.name}.yaml`)
    writeFileSync(file, text)
    const config = await loadConfig(file, { drivers, sinks, env: {} })
    assert.deepEqual(
      [...config.devices, ...config.sinks].map(({ type: one }) => one.name),
      [type.name],
    )
    for (const option of Object.keys(type.options.shape))
      assert.match(text, new RegExp(`^ {6}(# )?${option}(File)?:`, 'm'), `${type.name}: ${option}`)
  }
})
