/** Configurations of several files: what is found, who owns what, and everything that can be wrong with `include`. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { showOwner } from './origin.ts'
import { ConfigError } from './problem.ts'

const SOURCES = { drivers, sinks, env: { SITE: 'oslo' } }

function write(t: TestContext, files: Record<string, string>): string {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The problems in words, with the folder left out. */
async function problemsOf(folder: string, file = 'bifrost.yaml'): Promise<string[]> {
  const error = await loadConfig(join(folder, file), SOURCES).then(
    () => assert.fail('it loads'),
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof ConfigError, String(error))
  return error.problems.map((problem) => {
    const { file: where, line, column, path, message } = problem
    return `${where}:${line}:${column} ${path}: ${message}`.replaceAll(`${folder}/`, '')
  })
}

const device = (name: string) =>
  `{ name: ${name}, driver: simulated, tags: [{ name: s, address: "sine", type: float64 }] }`

test('files are included in the order of their names, and each object knows the file and line that own it', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': `version: 1\ninclude: [conf.d/*.yaml, extra.yaml]\ndevices:\n  - ${device('main')}\n`,
    'conf.d/b.yaml': `# second\ndevices:\n  - { name: b, driver: simulated, tags: tags/b.csv }\n`,
    'conf.d/tags/b.csv': 'name,address,type\ns,sine,float64\n',
    'conf.d/a.yaml': `devices:\n  - ${device('a')}\nsinks:\n  - { name: plant, sink: mqtt, options: { url: "mqtt://h", topic: "{device}/{tag}" } }\n`,
    'conf.d/.hidden.yaml': 'nonsense: true\n',
    'conf.d/notes.txt': 'nonsense',
    'extra.yaml': 'include: deeper/c.yaml\ndata: ./elsewhere\n',
    'deeper/c.yaml': `templates:\n  - { name: t, driver: simulated, parameters: { x: {} }, tags: [{ name: s, address: "sine:max=\${param:x}", type: float64 }] }\ndevices:\n  - { template: t, instances: c.csv }\n`,
    'deeper/c.csv': 'name,x\nc1,1\nc2,2\n',
  })
  const config = await loadConfig(join(folder, 'bifrost.yaml'), SOURCES)
  const owners = config.devices.map(({ name, origin }) => [name, showOwner(origin!, config.file)])
  assert.deepEqual(owners, [
    ['main', 'bifrost.yaml:4'],
    ['a', 'conf.d/a.yaml:2'],
    ['b', 'conf.d/b.yaml:3'],
    ['c1', 'deeper/c.csv:2'],
    ['c2', 'deeper/c.csv:3'],
  ])
  assert.deepEqual(config.devices[3]!.origin!.via, { template: 't', place: join(folder, 'deeper/c.yaml:2:5') })
  assert.deepEqual(config.devices[2]!.tagsOrigin, {
    file: join(folder, 'conf.d/tags/b.csv'),
    line: 1,
    column: 1,
    kind: 'csv',
  })
  assert.equal(showOwner(config.sinks[0]!.origin!, config.file), 'conf.d/a.yaml:4')
  assert.equal(showOwner(config.templates[0]!.origin, config.file), 'deeper/c.yaml:2')
  assert.equal(config.data, join(folder, 'elsewhere'))
  assert.deepEqual(
    config.files.map((file) => file.slice(folder.length + 1)),
    [
      'bifrost.yaml',
      'conf.d/a.yaml',
      'conf.d/b.yaml',
      'extra.yaml',
      'deeper/c.yaml',
      'conf.d/tags/b.csv',
      'deeper/c.csv',
    ],
  )
})

test('a placeholder of an included file is replaced as any other', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': 'version: 1\ninclude: a.yaml\n',
    'a.yaml': 'devices:\n  - { name: "press-${SITE}", driver: simulated }\n',
  })
  const config = await loadConfig(join(folder, 'bifrost.yaml'), SOURCES)
  assert.equal(config.devices[0]!.name, 'press-oslo')
})

test('files that include each other in a circle are a problem at the line that closes it', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': 'version: 1\ninclude: a.yaml\n',
    'a.yaml': 'include: b.yaml\n',
    'b.yaml': '\ninclude: [a.yaml]\n',
  })
  assert.deepEqual(await problemsOf(folder), [
    'b.yaml:2:11 include[0]: a.yaml includes itself: a.yaml → b.yaml → a.yaml',
  ])
})

test('a circle that goes through a symbolic link is found, too; the same file by two ways is read once', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': 'version: 1\ninclude: [a.yaml, "*.yaml"]\n',
    'a.yaml': `devices: [${device('a')}]\n`,
  })
  symlinkSync('bifrost.yaml', join(folder, 'link.yaml'))
  const problems = await problemsOf(folder)
  assert.equal(problems.length, 2, problems.join('\n'))
  assert.match(problems[1]!, /link\.yaml includes itself/)
})

test('the same name in two files is a problem that names both places', async (t) => {
  const sink = '{ name: plant, sink: mqtt, options: { url: "mqtt://h", topic: "{device}/{tag}" } }'
  const folder = write(t, {
    'bifrost.yaml': `version: 1\ninclude: a.yaml\ndevices:\n  - ${device('press')}\nsinks:\n  - ${sink}\n`,
    'a.yaml': `devices:\n  - ${device('press')}\nsinks:\n  - ${sink}\n`,
  })
  assert.deepEqual(await problemsOf(folder), [
    'a.yaml:2:13 devices[0].name: the device "press" exists already, at bifrost.yaml:4:13',
    'a.yaml:4:13 sinks[0].name: the sink "plant" exists already, at bifrost.yaml:6:13',
  ])
})

test('a section that is no list stands in one file', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': 'version: 1\ninclude: [a.yaml]\nhttp: { listen: 127.0.0.1:8080 }\n',
    'a.yaml': 'version: 1\nhttp: { listen: 127.0.0.1:8081 }\n',
  })
  assert.deepEqual(await problemsOf(folder), [
    'a.yaml:2:1 http: `http` stands in one file, and it is at bifrost.yaml:3:1 already',
  ])
})

test('a file that is missing, a folder, not readable, or no mapping is told where it is named', async (t) => {
  const folder = write(t, {
    'bifrost.yaml':
      'version: 1\ninclude:\n  - confg.yaml\n  - conf.d\n  - list.yaml\n  - none.d/*.yaml\n  - 7\n  - "**/*.yaml"\n',
    'config.yaml': '',
    'conf.d/a.yaml': '',
    'list.yaml': '- a\n- b\n',
  })
  assert.deepEqual(await problemsOf(folder), [
    'bifrost.yaml:3:5 include[0]: there is no file confg.yaml',
    'bifrost.yaml:4:5 include[1]: conf.d is a folder: name its files, such as conf.d/*.yaml',
    'bifrost.yaml:7:5 include[4]: expected the name of a file such as conf.d/*.yaml, got 7',
    'bifrost.yaml:8:5 include[5]: `**` is not understood: name each folder, such as conf.d/*.yaml and conf.d/*/*.yaml',
    'list.yaml:1:1 : expected a mapping such as `devices: […]`, got a list',
  ])
})

test(
  'a file that may not be read is a problem',
  { skip: process.getuid?.() === 0 && 'root may read all' },
  async (t) => {
    const folder = write(t, { 'bifrost.yaml': 'version: 1\ninclude: a.yaml\n', 'a.yaml': 'devices: []\n' })
    chmodSync(join(folder, 'a.yaml'), 0)
    assert.match((await problemsOf(folder))[0]!, /^bifrost\.yaml:2:10 include: a\.yaml cannot be read: EACCES/)
  },
)

test('`include` takes nothing from the environment', async (t) => {
  const folder = write(t, { 'bifrost.yaml': 'version: 1\ninclude: ["${SITE}.yaml"]\n', 'oslo.yaml': '' })
  assert.deepEqual(await problemsOf(folder), [
    'bifrost.yaml:2:11 include[0]: no ${…} stands in `include`: which files are read does not depend on the environment',
  ])
})

test('broken YAML in an included file is a problem of that file, and the others are checked', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': 'version: 1\ninclude: [a.yaml, b.yaml]\n',
    'a.yaml': 'devices:\n  - name: a\n    driver: simu',
    'b.yaml': 'devices: [{ name: b, driver: simulated\n',
  })
  const problems = await problemsOf(folder)
  assert.match(problems[1]!, /^a\.yaml:3:13 devices\[0\]\.driver: unknown driver "simu"/)
  assert.match(problems[0]!, /^b\.yaml:2:1 : not YAML: Flow map in block collection/)
})

test('a file that was cut off within a word, and one with NUL bytes after a power cut, are told so', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': `version: 1\ndevices:\n  - ${device('a')}\n\0\0\0\0`,
    'cut.yaml': 'version: 1\ndev',
  })
  assert.deepEqual(await problemsOf(folder), [
    'bifrost.yaml:4:1 : this file holds a NUL byte: it is no text, or was not written to its end',
  ])
  assert.match((await problemsOf(folder, 'cut.yaml'))[0]!, /^cut\.yaml:2:1 : not YAML: Implicit map keys/)
})

test('the same key twice in one mapping is a problem of the second', async (t) => {
  const folder = write(t, { 'bifrost.yaml': 'version: 1\ndevices:\n  - { name: a, driver: simulated, name: b }\n' })
  assert.deepEqual(await problemsOf(folder), ['bifrost.yaml:3:35 : not YAML: Map keys must be unique'])
})

test('aliases of aliases, a YAML bomb, are told soon and without filling the memory', async (t) => {
  const levels = Array.from({ length: 30 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}*l${at}]`)
  const folder = write(t, { 'bifrost.yaml': `version: 1\nl0: &l0 [x]\n${levels.join('\n')}\ndevices: *l30\n` })
  const started = performance.now()
  const problems = await problemsOf(folder)
  assert.ok(performance.now() - started < 5000, 'it took too long')
  assert.match(problems.join('\n'), /unknown key "l0"/)
})
