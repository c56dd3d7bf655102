/** Edits of hand-written files: what changes, what stays, what is refused and where people are sent instead. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { GatewayError } from '../../core/errors.ts'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { loadConfig } from '../load.ts'
import { editConfig } from './edit-config.ts'
import type { ConfigEdit } from './object-name.ts'
import { patchOf, writeChanges } from './write-changes.ts'

const SOURCES = { drivers, sinks, env: { PLANT_HOST: '10.0.0.9', PORT: '1502' } }

const HAND = `# The presses of hall 1. Ask Kari before you change anything here!
version: 1        # of the format

devices:
  # Press 1 stands at the door.
  - name: press-1            # since 2019
    driver: modbus
    options: { host: 10.0.0.5, port: 0x1F6, timeout: 2s }   # 502
    every: &fast 250ms
    tags: press-1.csv

  - name:   'press-2'
    driver:   "modbus"
    options:
        host:   10.0.0.6     # moved in May
        unit:   2
    every: *fast
    tags:
        # hydraulics
        - { name: level,  address: hr:0, type: float32, unit: bar }   # checked
        - name: pump
          address: hr:2
          type: uint16
          description: >
            the pump
            below

  - name: remote
    driver: modbus
    options:
      host: \${PLANT_HOST}
      port: \${PORT}
`
const CSV = 'name;address;type;description\r\nlevel;hr:0;float32;"in ""bar"""\r\n  pump ; hr:2;uint16;\r\n'

function write(t: TestContext, files: Record<string, string>): string {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const hand = (t: TestContext) => write(t, { 'bifrost.yaml': HAND, 'press-1.csv': CSV })
const edit = (folder: string, ...edits: ConfigEdit[]) => editConfig(join(folder, 'bifrost.yaml'), edits, SOURCES)
const device = (name: string) => ({ kind: 'device', name }) as const
const tag = (of: string, name: string) => ({ kind: 'tag', device: of, name }) as const

/** The refusal in words, without the folder. */
async function refusal(
  folder: string,
  ...edits: ConfigEdit[]
): Promise<{ code: string; message: string; choices: unknown }> {
  const error = await edit(folder, ...edits).then(
    () => assert.fail('it is done'),
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof GatewayError, String(error))
  return { code: error.code, message: error.message.replaceAll(`${folder}/`, ''), choices: error.details.choices }
}

/** Lines of the only file that changes: those that go, and those that come. */
async function changedLines(folder: string, ...edits: ConfigEdit[]): Promise<{ gone: string[]; come: string[] }> {
  const { changes } = await edit(folder, ...edits)
  assert.equal(changes.length, 1)
  const lines = patchOf(changes).patch.split('\n').slice(2)
  const of = (sign: string) => lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(1))
  return { gone: of('-'), come: of('+') }
}

test('a scalar of a device changes its own characters, and the comment behind it stays', async (t) => {
  const folder = hand(t)
  assert.deepEqual(
    await changedLines(folder, {
      do: 'set',
      object: device('press-2'),
      setting: ['options', 'host'],
      value: '10.0.0.7',
    }),
    {
      gone: ['        host:   10.0.0.6     # moved in May'],
      come: ['        host:   10.0.0.7     # moved in May'],
    },
  )
  assert.deepEqual(
    await changedLines(folder, { do: 'set', object: device('press-1'), setting: ['options', 'port'], value: 1502 }),
    {
      gone: ['    options: { host: 10.0.0.5, port: 0x1F6, timeout: 2s }   # 502'],
      come: ['    options: { host: 10.0.0.5, port: 0x5DE, timeout: 2s }   # 502'],
    },
  )
})

test('a setting that is not there yet is added to its mapping, and goes again without a trace', async (t) => {
  const folder = hand(t)
  const setting = ['options', 'proxy', 'listen']
  assert.deepEqual(
    await changedLines(folder, { do: 'set', object: device('press-2'), setting, value: '127.0.0.1:1502' }),
    {
      gone: [],
      come: ['        proxy:', '          listen: 127.0.0.1:1502'],
    },
  )
  const there = { do: 'set', object: device('press-1'), setting: ['options', 'unit'], value: 7 } as const
  assert.deepEqual(await changedLines(folder, there), {
    gone: ['    options: { host: 10.0.0.5, port: 0x1F6, timeout: 2s }   # 502'],
    come: ['    options: { host: 10.0.0.5, port: 0x1F6, timeout: 2s, unit: 7 }   # 502'],
  })
  const { changes } = await edit(folder, there, {
    do: 'unset',
    object: device('press-1'),
    setting: ['options', 'unit'],
  })
  assert.deepEqual(changes, [])
})

test('tags: a setting of an inline tag, a cell of a CSV file, tags that come and go', async (t) => {
  const folder = hand(t)
  assert.deepEqual(
    await changedLines(folder, { do: 'set', object: tag('press-2', 'level'), setting: ['unit'], value: 'mbar' }),
    {
      gone: ['        - { name: level,  address: hr:0, type: float32, unit: bar }   # checked'],
      come: ['        - { name: level,  address: hr:0, type: float32, unit: mbar }   # checked'],
    },
  )
  assert.deepEqual(
    await changedLines(folder, { do: 'set', object: tag('press-1', 'pump'), setting: ['address'], value: 'hr:4' }),
    {
      gone: ['  pump ; hr:2;uint16;\r'],
      come: ['  pump ; hr:4;uint16;\r'],
    },
  )
  assert.deepEqual(
    await changedLines(folder, { do: 'set', object: tag('press-1', 'level'), setting: ['unit'], value: 'bar' }),
    {
      gone: ['name;address;type;description\r', 'level;hr:0;float32;"in ""bar"""\r'],
      come: ['name;address;type;description;unit\r', 'level;hr:0;float32;"in ""bar""";bar\r'],
    },
  )
  const entry = { name: 'flow', address: 'hr:8', type: 'float32', description: 'one; two' }
  assert.deepEqual(await changedLines(folder, { do: 'add', kind: 'tag', device: 'press-1', entry }), {
    gone: [],
    come: ['flow;hr:8;float32;"one; two"\r'],
  })
  assert.deepEqual(
    await changedLines(folder, {
      do: 'add',
      kind: 'tag',
      device: 'press-2',
      entry: { name: 'flow', address: 'hr:8', type: 'float32' },
    }),
    {
      gone: [],
      come: ['        - name: flow', '          address: hr:8', '          type: float32'],
    },
  )
  assert.deepEqual(await changedLines(folder, { do: 'remove', object: tag('press-1', 'level') }), {
    gone: ['level;hr:0;float32;"in ""bar"""\r'],
    come: [],
  })
})

test('a new device goes to conf.d/ui.yaml, which one line includes; the second one only to that file', async (t) => {
  const folder = hand(t)
  const add = (name: string): ConfigEdit => ({
    do: 'add',
    kind: 'device',
    entry: {
      name,
      driver: 'modbus',
      options: { host: 'h', unit: 3 },
      tags: [{ name: 'a', address: 'hr:0', type: 'int16' }],
    },
  })
  const first = await edit(folder, add('new-1'))
  assert.deepEqual(
    first.changes.map(({ file, before }) => [file.slice(folder.length + 1), before === null]),
    [
      ['conf.d/ui.yaml', true],
      ['bifrost.yaml', false],
    ],
  )
  await writeChanges(first.changes)
  assert.equal(
    readFileSync(join(folder, 'bifrost.yaml'), 'utf8'),
    HAND.replace('format\n', 'format\ninclude: conf.d/ui.yaml\n'),
  )
  await writeChanges((await edit(folder, add('new-2'))).changes)
  assert.equal(
    readFileSync(join(folder, 'conf.d/ui.yaml'), 'utf8'),
    `# Devices and sinks that were made through the page, the API or the command line. Edit it by hand as you like.
devices:
  - name: new-1
    driver: modbus
    options:
      host: h
      unit: 3
    tags:
      - { name: a, address: hr:0, type: int16 }
  - name: new-2
    driver: modbus
    options:
      host: h
      unit: 3
    tags:
      - { name: a, address: hr:0, type: int16 }
`,
  )
  await writeChanges((await edit(folder, { do: 'remove', object: device('new-1') })).changes)
  const config = await loadConfig(join(folder, 'bifrost.yaml'), SOURCES)
  assert.deepEqual(
    config.devices.map(({ name }) => name),
    ['press-1', 'press-2', 'remote', 'new-2'],
  )
})

test('an include that reaches conf.d already is left as it is', async (t) => {
  const folder = write(t, { 'bifrost.yaml': 'version: 1\ninclude: [conf.d/*.yaml]\n' })
  const entry = { name: 'plant', sink: 'mqtt', options: { url: 'mqtt://h', topic: 'a/{device}/{tag}' } }
  const { changes, config } = await edit(folder, { do: 'add', kind: 'sink', entry })
  assert.deepEqual(
    changes.map(({ file }) => file),
    [join(folder, 'conf.d/ui.yaml')],
  )
  assert.deepEqual(
    config.sinks.map(({ name }) => name),
    ['plant'],
  )
})

test('an anchor, an alias and a reference are refused with the place where to edit instead', async (t) => {
  const folder = hand(t)
  const every = (name: string): ConfigEdit => ({ do: 'set', object: device(name), setting: ['every'], value: '1s' })
  assert.deepEqual(await refusal(folder, every('press-2')), {
    code: 'CONFLICT',
    message:
      'bifrost.yaml:17 devices[1].every: this is *fast, which stands for what is at bifrost.yaml:9: edit it there',
    choices: ['detach'],
  })
  assert.deepEqual(await refusal(folder, every('press-1')), {
    code: 'CONFLICT',
    message:
      'bifrost.yaml:9 devices[0].every: this is shared: what refers to &fast in line 17 would change too; edit the file by hand where that is meant',
    choices: [],
  })
  assert.deepEqual(
    await refusal(folder, { do: 'set', object: device('remote'), setting: ['options', 'host'], value: 'h' }),
    {
      code: 'CONFLICT',
      message:
        'bifrost.yaml:31 devices[2].options.host: this is ${PLANT_HOST}, which comes from the environment: set PLANT_HOST there',
      choices: ['override'],
    },
  )
  const detached = { ...every('press-2'), choice: 'detach' } as ConfigEdit
  assert.deepEqual(await changedLines(folder, detached), { gone: ['    every: *fast'], come: ['    every: 1s'] })
})

test('what a template says is not changed for one of its devices without saying so', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': `version: 1
templates: [meter.yaml]
devices:
  - { name: one, template: meter, parameters: { host: h1 } }
  - { template: meter, instances: meters.csv }
`,
    'meter.yaml':
      'name: meter\nparameters: { host: {} }\ndriver: modbus\noptions: { host: "${param:host}", timeout: 3s }\ntags: [{ name: p, address: hr:0, type: int16 }, { name: a, address: "hr:1[2]", type: int16 }]\n',
    'meters.csv': 'name,host\nm1,h2\nm2,h3\n',
  })
  const timeout = (name: string): ConfigEdit => ({
    do: 'set',
    object: device(name),
    setting: ['options', 'timeout'],
    value: '5s',
  })
  assert.deepEqual(await refusal(folder, timeout('one')), {
    code: 'CONFLICT',
    message:
      'bifrost.yaml:4: options.timeout of device "one" comes from its template "meter": edit the template for all its devices, or give this device a value of its own',
    choices: ['override'],
  })
  assert.deepEqual((await changedLines(folder, { ...timeout('one'), choice: 'override' } as ConfigEdit)).come, [
    '  - { name: one, template: meter, parameters: { host: h1 }, options: { timeout: 5s } }',
  ])
  const host: ConfigEdit = { do: 'set', object: device('one'), setting: ['parameters', 'host'], value: 'h9' }
  assert.deepEqual((await changedLines(folder, host)).come, [
    '  - { name: one, template: meter, parameters: { host: h9 } }',
  ])
  assert.match(
    (await refusal(folder, timeout('m2'))).message,
    /^device "m2" is made from the template "meter" \(meter\.yaml:1:1\) by meters\.csv:3:1: edit that row, or the template/,
  )
  assert.match(
    (await refusal(folder, { do: 'set', object: tag('one', 'p'), setting: ['unit'], value: 'W' })).message,
    /^the tag "p" of device "one" comes from its template "meter": edit the template .* at bifrost\.yaml:4,/,
  )
})

test('a tag list of several devices is changed only for all of them, on purpose; a member of an array is none', async (t) => {
  const folder = write(t, {
    'bifrost.yaml': `version: 1
devices:
  - { name: a, driver: modbus, options: { host: h1 }, tags: t.csv }
  - { name: b, driver: modbus, options: { host: h2 }, tags: ./t.csv }
  - { name: c, driver: modbus, options: { host: h3 }, tags: [{ name: x, address: "hr:0[3]", type: int16 }] }
`,
    't.csv': 'name,address,type\nx,hr:0,int16\n',
  })
  const unit: ConfigEdit = { do: 'set', object: tag('a', 'x'), setting: ['address'], value: 'hr:7' }
  assert.deepEqual(await refusal(folder, unit), {
    code: 'CONFLICT',
    message:
      't.csv is the tag list of b too: give this device a list of its own at bifrost.yaml:3, or change it for all of them',
    choices: ['shared'],
  })
  assert.deepEqual((await changedLines(folder, { ...unit, choice: 'shared' })).come, ['x,hr:7,int16'])
  assert.match(
    (await refusal(folder, { do: 'remove', object: tag('c', 'x[1]') })).message,
    /^the tag "x\[1\]" of device "c" is a member of the tag "x": edit that one$/,
  )
})

test('names that are not there, files that are not ours and settings that are none', async (t) => {
  const folder = hand(t)
  const set = (object: Extract<ConfigEdit, { do: 'set' }>['object'], ...setting: string[]): ConfigEdit => ({
    do: 'set',
    object,
    setting,
    value: 1,
  })
  const says = async (...edits: ConfigEdit[]) => {
    const { code, message } = await refusal(folder, ...edits)
    return `${code} ${message}`
  }
  assert.equal(
    await says(set(device('pres-1'), 'every')),
    'NOT_FOUND there is no device "pres-1" in the configuration; did you mean press-1?',
  )
  assert.equal(await says(set(tag('press-1', 'x'), 'unit')), 'NOT_FOUND there is no tag "x" of device "press-1"')
  assert.match(
    await says({ do: 'set', object: device('press-1'), setting: ['options', 'proxy'], value: { listen: '***' } }),
    /^INVALID_REQUEST \*\*\* stands for a secret that is not shown/,
  )
  assert.match(await says(set(tag('press-1', 'level'), 'colour')), /^INVALID_REQUEST "colour" is no setting of a tag/)
  for (const into of ['../other.yaml', '/etc/bifrost.yaml', 'conf.d/*.yaml', 'press-1.csv'])
    assert.match(
      await says({ do: 'add', kind: 'device', entry: { name: 'x', driver: 'modbus' }, into }),
      /^INVALID_REQUEST .* is no YAML file of this configuration, nor one below its folder$/,
    )
})

test('what would not load is refused with every problem, and nothing is written', async (t) => {
  const folder = hand(t)
  const { code, message } = await refusal(
    folder,
    { do: 'set', object: device('press-2'), setting: ['options', 'unit'], value: 999 },
    { do: 'set', object: device('press-1'), setting: ['options', 'timeout'], value: 'soon' },
    { do: 'set', object: tag('press-1', 'level'), setting: ['type'], value: 'real' },
  )
  assert.equal(code, 'CONFIG_INVALID')
  assert.deepEqual(
    message.split('\n').map((line) => line.replace(/: .*/, '')),
    [
      'bifrost.yaml has 3 problems:',
      'bifrost.yaml:8:54 devices[0].options.timeout',
      'bifrost.yaml:16:17 devices[1].options.unit',
      'press-1.csv:2:12 row 2, type',
    ],
  )
  assert.equal(readFileSync(join(folder, 'bifrost.yaml'), 'utf8'), HAND)
})

test('git shows one line after an edit of one scalar of a hand-written file', async (t) => {
  const folder = hand(t)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'core.autocrlf=false', ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'by hand')
  await writeChanges(
    (await edit(folder, { do: 'set', object: device('press-2'), setting: ['options', 'unit'], value: 4 })).changes,
  )
  assert.equal(git('diff', '--numstat'), '1\t1\tbifrost.yaml\n')
  git('commit', '-qam', 'unit')
  await writeChanges(
    (await edit(folder, { do: 'set', object: tag('press-1', 'level'), setting: ['type'], value: 'int32' })).changes,
  )
  assert.equal(git('diff', '--numstat'), '1\t1\tpress-1.csv\n')
})

test('a file that somebody changed meanwhile is not written, and what they did is shown', async (t) => {
  const folder = hand(t)
  const { changes } = await edit(folder, {
    do: 'set',
    object: device('press-2'),
    setting: ['options', 'unit'],
    value: 4,
  })
  const theirs = HAND.replace('moved in May', 'moved in June')
  writeFileSync(join(folder, 'bifrost.yaml'), theirs)
  await assert.rejects(writeChanges(changes), (error: GatewayError) => {
    assert.equal(error.code, 'CHANGED_MEANWHILE')
    assert.match(String(error.details.diff), /\n-.*moved in May\n\+.*moved in June\n/)
    return true
  })
  assert.equal(readFileSync(join(folder, 'bifrost.yaml'), 'utf8'), theirs)
})

test('a file that cannot be written comes back as a patch that patch and git apply take', async (t) => {
  const folder = hand(t)
  const file = join(folder, 'bifrost.yaml')
  chmodSync(file, 0o444)
  const add: ConfigEdit = {
    do: 'add',
    kind: 'device',
    entry: { name: 'new', driver: 'modbus', options: { host: 'h' } },
  }
  const { changes } = await edit(folder, add, {
    do: 'set',
    object: tag('press-1', 'pump'),
    setting: ['type'],
    value: 'int16',
  })
  const error = await writeChanges(changes).then(
    () => assert.fail('written'),
    (caught: GatewayError) => caught,
  )
  assert.equal(error.code, 'CONFIG_READ_ONLY')
  assert.equal(error.details.folder, folder)
  assert.equal(readFileSync(file, 'utf8'), HAND)
  for (const [program, ...args] of [
    ['patch', '-p1', '--binary', '-s'],
    ['git', 'apply'],
  ] as const) {
    const copy = hand(t)
    execFileSync(program, args, { cwd: copy, input: String(error.details.patch) })
    for (const { file: changed, after } of changes)
      assert.equal(readFileSync(join(copy, changed.slice(folder.length + 1)), 'utf8'), after, `${program}: ${changed}`)
  }
})

test('mode and links stay; no temporary file is left', async (t) => {
  const folder = write(t, { 'real/main.yaml': HAND, 'real/press-1.csv': CSV })
  chmodSync(join(folder, 'real/main.yaml'), 0o606)
  symlinkSync('real/main.yaml', join(folder, 'bifrost.yaml'))
  symlinkSync('real/press-1.csv', join(folder, 'press-1.csv'))
  await writeChanges(
    (await edit(folder, { do: 'set', object: device('press-2'), setting: ['options', 'unit'], value: 4 })).changes,
  )
  assert.equal(readFileSync(join(folder, 'real/main.yaml'), 'utf8'), HAND.replace('unit:   2', 'unit:   4'))
  assert.equal(statSync(join(folder, 'real/main.yaml')).mode & 0o777, 0o606)
  assert.equal(execFileSync('ls', ['-A', folder, join(folder, 'real')], { encoding: 'utf8' }).includes('.main'), false)
})
