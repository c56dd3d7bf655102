/** The built product: runs without a checkout and without node_modules, and is the same each time it is built. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { Ajv } from 'ajv'
import { entriesOf, gzip, tar } from '../../scripts/release/archive.ts'
import { buildFacts, sourceDateEpoch } from '../../scripts/release/build-facts.ts'
import { writeDeclarations } from '../../scripts/release/declarations.ts'
import { npmPackage } from '../../scripts/release/npm-package.ts'
import { placesOf } from '../../scripts/release/placed-files.ts'
import { sbom } from '../../scripts/release/sbom.ts'
import { stage, type Staged } from '../../scripts/release/stage.ts'
import { startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { eventually, freePort, startProcess, temporaryFolder } from '../../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Away from the checkout; the Node that runs this test, and none else. */
const home = temporaryFolder({ after: () => undefined })
const product = join(home, 'opt', 'product')
const launcher = join(product, 'bin', 'bifrost')
const env = { PATH: '/usr/bin:/bin', BIFROST_NODE: process.execPath, NO_COLOR: '1' }
let staged: Staged

before(async () => {
  staged = await stage(join(home, 'built'))
  // Not where it was built: nothing may remember that place.
  mkdirSync(join(home, 'opt'))
  cpSync(join(home, 'built'), product, { recursive: true })
})

const bifrost = (...args: string[]) => spawnSync(launcher, args, { encoding: 'utf8', cwd: home, env })

test('nothing in the product knows the folder in which it was built', () => {
  const places = globSync('**/*', { cwd: product, withFileTypes: true }).filter((one) => one.isFile())
  assert.ok(places.length > 200)
  const telling = places.filter((one) => {
    const bytes = readFileSync(join(one.parentPath, one.name))
    return bytes.includes(ROOT) || bytes.includes(home)
  })
  assert.deepEqual(
    telling.map((one) => one.name),
    [],
  )
  assert.equal(existsSync(join(product, 'node_modules')), false)
})

test('a second build has the same bytes, and the date of another commit has not', async () => {
  const again = join(home, 'again')
  await stage(again)
  const bytes = (folder: string, seconds = sourceDateEpoch()) => gzip(tar(entriesOf(folder, 'p'), seconds))
  const first = bytes(join(home, 'built'))
  assert.ok(first.equals(bytes(again)))
  rmSync(again, { recursive: true })
  process.env.SOURCE_DATE_EPOCH = '1700000000'
  try {
    const facts = join(home, 'built', 'build.json')
    const before = readFileSync(facts)
    writeFileSync(facts, JSON.stringify(buildFacts()))
    assert.equal(first.equals(bytes(join(home, 'built'))), false)
    writeFileSync(facts, before)
  } finally {
    delete process.env.SOURCE_DATE_EPOCH
  }
})

test('the units of backups lie in the product, beside those of boxes', () => {
  const there = (folder: string, from: string) =>
    assert.deepEqual(globSync('*', { cwd: join(product, 'share', folder) }).toSorted(), globSync('*', { cwd: join(ROOT, from) }).toSorted()) // prettier-ignore
  there('edge', 'deploy/edge')
  there('backup', 'deploy/backup')
})

test('version says what was built', () => {
  const { stdout, status } = bifrost('version', '--json')
  assert.equal(status, 0)
  const { version, commit, builtAt } = staged.facts
  const expected = { version, commit, builtAt, node: process.versions.node, platform: `linux-${process.arch}` }
  assert.deepEqual(JSON.parse(stdout), { ...expected, installed: 'stage' })
})

test('examples, templates and the models of SunSpec are found', () => {
  for (const example of ['meters-from-template', 'streams', 'databases', 'secure-mqtt', 'sparkplug', 'opcua-line']) {
    const file = join(product, 'share', 'examples', example, 'bifrost.yaml')
    const env = bifrost('check', '-c', file)
    assert.match(
      `${env.stdout}${env.stderr}`,
      /is valid|is not set|does not exist|cannot be read/,
      `${example}: ${env.stderr}`,
    )
  }
  const { stdout } = bifrost('templates', '--json')
  assert.match(stdout, /sunspec-inverter/)
  assert.equal(bifrost('config', 'example', 'kafka').status, 0)
  assert.equal(bifrost('init', 'plant').status, 0)
})

test(
  'the gateway runs with an OPC UA server and a client, each in a worker, serves the page, and stops',
  { timeout: 90_000 },
  async (t) => {
    const port = await freePort()
    const plant = await startGatewayProcess(t, {
      launcher,
      env,
      yaml: `
devices: [{ name: sim, driver: simulated, every: 200ms, tags: [{ name: wave, address: sine, type: float64 }] }]
sinks: [{ name: ua, sink: opcua-server, options: { host: 127.0.0.1, port: ${port}, insecure: true, anonymous: true } }]
`,
    })
    const gateway = await startGatewayProcess(t, {
      launcher,
      env,
      yaml: `
devices:
  - name: ua
    driver: opcua
    every: 500ms
    options: { endpoint: 'opc.tcp://127.0.0.1:${port}', securityPolicy: None }
    tags: [{ name: state, address: 'ns=0;i=2259', type: int32 }]
`,
    })
    await eventually(
      () => `${plant.output()}${gateway.output()}`,
      async () => (await gateway.values()).every((one) => one.status.name === 'Good'),
      60_000,
    )
    for (const [path, holds] of [
      ['/', '<div id="root"'],
      ['/metrics', 'bifrost_'],
      ['/api/docs/static/swagger-ui.css', 'swagger'],
    ] as const)
      assert.match(await (await fetch(`${gateway.url}${path}`)).text(), new RegExp(holds), path)
    assert.deepEqual([(await gateway.stop()).code, (await plant.stop()).code], [0, 0])
  },
)

test('the demo starts its simulator and its broker', { timeout: 60_000 }, async (t) => {
  const port = await freePort()
  const running = startProcess(t, launcher, ['demo', '--port', `${port}`, '--mqtt-port', `${await freePort()}`], {
    env,
    cwd: home,
  })
  await running.waitFor(/stop: Ctrl-C/, 40_000)
  const { sinks } = (await (await fetch(`http://127.0.0.1:${port}/api/v1/sinks`)).json()) as { sinks: unknown[] }
  assert.equal(sinks.length > 0, true)
  await running.stop()
})

test('heavy libraries stay files of their own, which the start does not read', () => {
  const seen = new Set<string>()
  const follow = (name: string) => {
    if (seen.has(name)) return
    seen.add(name)
    const text = readFileSync(join(product, 'dist', name), 'utf8')
    for (const [, found] of text.matchAll(/(?:from|import) ?"\.\/([^"]+\.js)"/g)) follow(found!)
  }
  follow('main.js')
  const bytes = [...seen].reduce((sum, name) => sum + readFileSync(join(product, 'dist', name)).length, 0)
  assert.ok(bytes < 20_000, `main.js and what it imports at once: ${bytes} bytes in ${[...seen].join(', ')}`)
})

test('a package that looks for files beside itself, and that nobody has placed, stops the build', () => {
  assert.throws(
    () => placesOf('new-package/index.js', 'read(join(__dirname, "x"))'),
    /new-package\/index.js looks for files/,
  )
  assert.equal(placesOf('new-package/index.js', '// __dirname is not used'), '// __dirname is not used')
})

test('the bill of materials is CycloneDX 1.6, and names what was bundled', () => {
  const text = sbom(staged.facts, staged.parties)
  const validate = cycloneDx()
  const document = JSON.parse(text) as { components: { name: string; hashes?: unknown[]; type?: string }[] }
  assert.equal(validate(document), true, JSON.stringify(validate.errors?.slice(0, 3)))
  const names = document.components.map(({ name }) => name)
  for (const name of ['fastify', 'node-opcua-server', 'mqtt', 'pg', 'zod', 'react', 'uplot', 'node'])
    assert.ok(names.includes(name), name)
  for (const name of ['typescript', 'vite', 'playwright-core']) assert.equal(names.includes(name), false, name)
  assert.deepEqual(
    document.components.filter(({ hashes }) => hashes === undefined),
    [],
  )
  assert.equal(text, sbom(staged.facts, staged.parties))
  // The control: the judge sees what is wrong.
  delete document.components[0]!.type
  assert.equal(validate(document), false)
})

test('the licences of all that was bundled come along', () => {
  const folder = join(product, 'share', 'licenses')
  const index = readFileSync(join(folder, 'INDEX.txt'), 'utf8')
  for (const { name, version } of staged.parties) assert.ok(index.includes(`${name} ${version} `), name)
  // They say a licence in their package.json and bring no text; docs/guide/release.md names them.
  const known = [
    '@redis/bloom',
    '@redis/client',
    '@redis/json',
    '@redis/search',
    '@redis/time-series',
    'abstract-logging',
    'assert-plus',
    'pg-copy-streams',
    'pg-types',
    'pgpass',
    'precond',
    'react-remove-scroll-bar',
    'redis',
  ]
  assert.deepEqual(
    staged.withoutText.map((one) => one.replace(/@[^@]*$/, '')),
    known,
  )
})

test('the npm package installs without scripts and without other packages, and runs', { timeout: 60_000 }, async () => {
  const types = join(home, 'types')
  mkdirSync(types)
  writeDeclarations(types)
  writeFileSync(join(home, 'b.tgz'), npmPackage(product, types, staged.facts, sourceDateEpoch()))
  const project = join(home, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  const quiet = {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, npm_config_cache: join(home, 'npm') },
  } as const
  execFileSync('npm', ['i', '../b.tgz', '--ignore-scripts', '--offline', '--no-audit', '--no-fund'], {
    ...quiet,
    stdio: 'pipe',
  })
  const command = join(project, 'node_modules', '.bin', 'bifrost')
  const said = JSON.parse(execFileSync(command, ['version', '--json'], { encoding: 'utf8', env })) as {
    installed: string
  }
  assert.equal(said.installed, 'npm')
  const program = `import { createModbusServer } from 'bifrost-gateway/modbus'; import * as core from 'bifrost-gateway/core'
    console.log(typeof createModbusServer, typeof core)`
  writeFileSync(join(project, 'use.js'), program)
  assert.equal(execFileSync(process.execPath, ['use.js'], quiet), 'function object\n')
  assert.ok(existsSync(join(project, 'node_modules', 'bifrost-gateway', 'types', 'protocols', 'modbus', 'index.d.ts')))
})

function cycloneDx() {
  const schemas = join(ROOT, 'node_modules', '@cyclonedx', 'cyclonedx-library', 'res', 'schema')
  const read = (name: string) => JSON.parse(readFileSync(join(schemas, name), 'utf8')) as object
  const ajv = new Ajv({ strict: false, validateFormats: false })
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}`)
  return ajv.compile(read('bom-1.6.SNAPSHOT.schema.json'))
}
