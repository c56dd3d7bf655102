/** What can be wrong with templates themselves, and what a hostile or careless hand can put into a parameter. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import type { Config } from '../config.ts'
import { loadConfig } from '../load.ts'
import { ConfigError, formatProblem } from '../problem.ts'

type Files = Record<string, string>

async function load(t: TestContext, files: Files, env: Record<string, string> = {}): Promise<Config> {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return loadConfig(join(folder, 'bifrost.yaml'), { drivers, sinks, env, library: join(folder, 'library') })
}

/** The problems as lines, the folder cut off. */
async function problemsOf(t: TestContext, files: Files, env: Record<string, string> = {}): Promise<string[]> {
  try {
    await load(t, files, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => formatProblem(problem).replaceAll(/\/\S*bifrost-test-[^/]*\//g, ''))
  }
  return []
}

const METER =
  'name: meter\nparameters: { host: {}, unit: { type: number, default: 1 } }\ndriver: modbus\noptions: { host: "${param:host}", unit: "${param:unit}" }\ntags: [{ name: level, address: hr:0, type: int16 }, { name: flow, address: hr:1, type: int16 }]\n'
const files = (devices: string, more: Files = {}): Files => ({
  'meter.yaml': METER,
  'bifrost.yaml': `version: 1\ntemplates: [meter.yaml]\ndevices:\n${devices}`,
  ...more,
})

test('a template that nobody knows, and the nearest one', async (t) => {
  assert.deepEqual(
    await problemsOf(t, files('  - { name: a, template: metre }\n  - { name: b, template: boiler }\n')),
    [
      'bifrost.yaml:4:26 devices[0].template: unknown template "metre", did you mean "meter"?',
      'bifrost.yaml:5:26 devices[1].template: unknown template "boiler"; `bifrost templates` lists those of the library',
    ],
  )
})

test('a name that comes twice names both lines, across rows, files and the configuration', async (t) => {
  const more = { 'm.csv': 'name,host\nm1,h\nm2,h\nm1,h\na,h\n' }
  const lines = await problemsOf(
    t,
    files(
      '  - { template: meter, instances: m.csv }\n  - { name: a, template: meter, parameters: { host: h } }\n',
      more,
    ),
  )
  assert.deepEqual(lines, [
    'm.csv:4:1 row 4, name: the device "m1" exists already, at m.csv:2:1',
    'm.csv:5:1 row 5, name: the device "a" exists already, at bifrost.yaml:5:13',
  ])
})

test('a change of a tag that the template does not have', async (t) => {
  const lines = await problemsOf(
    t,
    files(`  - name: a
    template: meter
    parameters: { host: h }
    tags:
      - { name: levle, unit: m }
      - { name: power, enabled: false }
      - { name: flow, untit: x }
      - { name: flow, unit: x }
      - { unit: x }
      - { name: level, type: real }
`),
  )
  assert.deepEqual(lines, [
    'bifrost.yaml:8:17 devices[0].tags[0].name: template "meter" has no tag "levle"; one that is added needs an address and a type, did you mean "level"?',
    'bifrost.yaml:9:17 devices[0].tags[1].name: template "meter" has no tag "power"; one that is added needs an address and a type',
    'bifrost.yaml:10:23 devices[0].tags[2].untit: unknown key "untit", did you mean "unit"?',
    'bifrost.yaml:11:17 devices[0].tags[3].name: the tag "flow" is changed already, at bifrost.yaml:10:17',
    'bifrost.yaml:12:9 devices[0].tags[4].name: name is missing: it says which tag is meant',
    'bifrost.yaml:13:30 devices[0].tags[5].type: unknown type "real"; known are bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64, string, bytes, did you mean "float32"?',
  ])
})

test('what is wrong with a template is told at its own lines, used or not', async (t) => {
  const broken = `name: Broken One
summery: x
parameters:
  host: { type: txt }
  unit: { type: number, min: low, default: 1 }
  kind: { type: choice }
  pace: { type: duration, default: often }
  spare: {}
  name: {}
template: meter
driver: modbsu
options: { host: "\${param:hots}", unit: "\${param:unit}", port: "\${param:kind}", timeout: "\${param:pace}" }
every: \${param:name}
`
  assert.deepEqual(
    await problemsOf(t, { 'b.yaml': broken, 'bifrost.yaml': 'version: 1\ntemplates: [b.yaml, c.yaml, 4]\n' }),
    [
      'b.yaml:1:7 name: expected lower-case letters, digits, dots, dashes and underscores, got "Broken One"',
      'b.yaml:2:1 summery: unknown key "summery", did you mean "summary"?',
      'b.yaml:4:3 parameters.host: nothing in this template refers to it; ${param:host} would',
      'b.yaml:4:17 parameters.host.type: expected one of text, number, duration, choice, got "txt", did you mean "text"?',
      'b.yaml:5:30 parameters.unit.min: expected a number, got "low"',
      'b.yaml:6:9 parameters.kind.choices: a choice needs `choices: [ … ]`',
      'b.yaml:7:36 parameters.pace.default: expected a duration such as 250ms, 2s or 5m, got "often"',
      'b.yaml:8:3 parameters.spare: nothing in this template refers to it; ${param:spare} would',
      'b.yaml:9:3 parameters.name: "name" says something of every device; choose another name',
      'b.yaml:10:1 template: unknown key "template"; known are name, summary, source, parameters, driver, options, every, tags',
      'b.yaml:11:9 driver: unknown driver "modbsu", did you mean "modbus"?',
      'b.yaml:12:18 options.host: this template has no parameter "hots", did you mean "host"?',
      'bifrost.yaml:2:21 templates[1]: there is no file c.yaml, did you mean b.yaml?',
      'bifrost.yaml:2:29 templates[2]: expected a mapping that describes a template, got 4',
    ],
  )
})

test('a reference outside of any template is refused, even one that an alias carries out', async (t) => {
  const lines = await problemsOf(t, {
    'bifrost.yaml': `version: 1
templates:
  - { name: m, driver: modbus, parameters: { host: {} }, options: &o { host: "\${param:host}" } }
devices:
  - { name: a, driver: modbus, options: *o }
  - { name: b, driver: modbus, options: { host: "x-\${param:host}" } }
`,
  })
  assert.equal(lines.length, 2)
  assert.match(lines[0]!, /^bifrost\.yaml:3:78 devices\[0\]\.options\.host: this stands in no template/)
  assert.match(lines[1]!, /^bifrost\.yaml:6:49 devices\[1\]\.options\.host: this stands in no template/)
})

test('a parameter adds no structure and no reference, whatever it holds', async (t) => {
  const nasty = 'h, port: 99 } # ${param:unit} ${HOME} "\'{['
  const serial = METER.replace('host: "${param:host}"', 'transport: rtu, serial: { path: "${param:host}" }')
  const config = await load(t, {
    ...files('  - { template: meter, instances: m.csv }\n  - { name: b, template: meter, parameters: { host: "${NASTY}" } }\n'),
    'meter.yaml': serial,
    'm.csv': `name,host\na,"${nasty.replaceAll('"', '""')}"\n`,
  }, { NASTY: nasty }) // prettier-ignore
  assert.equal(config.devices.length, 2)
  for (const { options } of config.devices) {
    const { serial: given, port, unit } = options as { serial: { path: string }; port?: number; unit: number }
    assert.deepEqual([given.path, port, unit], [nasty, undefined, 1])
  }
  const lines = await problemsOf(
    t,
    files('  - { name: a, template: meter, parameters: { host: { a: 1 }, unit: [1] } }\n'),
  )
  assert.deepEqual(lines.map((line) => line.replace(/ \(.*/, '')), [
    'bifrost.yaml:4:53 devices[0].parameters.host: expected a text, got a mapping',
    'bifrost.yaml:4:69 devices[0].parameters.unit: expected a number, got a list',
  ]) // prettier-ignore
})

test('a value of the environment takes the type of its parameter and is never shown', async (t) => {
  const device = '  - { name: a, template: meter, parameters: { host: "${H}", unit: "${U}" } }\n'
  const config = await load(t, files(device), { H: 'plc', U: '7' })
  assert.equal((config.devices[0]!.options as { unit: number }).unit, 7)
  for (const unit of ['47114', 'swordfish']) {
    const lines = await problemsOf(t, files(device), { H: 'plc', U: unit })
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, /^bifrost\.yaml:4:67 .*got the value from the environment/)
    assert.doesNotMatch(lines[0]!, /47114|swordfish/)
  }
})

test('a parameter that an option needs, left out: the device, and where the template would have used it', async (t) => {
  const optional = METER.replace('host: {}', 'host: { required: false }')
  const lines = await problemsOf(t, files('  - { name: a, template: meter }\n', { 'meter.yaml': optional }))
  assert.deepEqual(lines, [
    'bifrost.yaml:4:5 devices[0].options.host: transport tcp needs a host, got nothing (options.host of template "meter", at meter.yaml:4:18)',
  ])
})

test('CSV files of instances: a missing one, an empty one, one without names, cells too many', async (t) => {
  const entry = (file: string) => `  - { template: meter, instances: ${file}, parameters: { host: h } }\n`
  const lines = await problemsOf(t, {
    ...files(['ms.csv', 'empty.csv', 'nameless.csv', 'wide.csv'].map(entry).join('')),
    'm.csv': 'name\n',
    'empty.csv': '\n',
    'nameless.csv': 'unit\n1\n',
    'wide.csv': 'name,unit\na,1,2\n,3\n',
  })
  assert.deepEqual(lines, [
    'bifrost.yaml:4:35 devices[0].instances: there is no file ms.csv, did you mean m.csv?',
    'empty.csv:1:1: this file is empty; its first line names the columns: name,…',
    'nameless.csv:1:1 header: the column "name" is missing',
    'wide.csv:2:5 row 2: this row has 3 cells, the header 2; a cell with a separator inside stands in quotes',
    'wide.csv:3:1 row 3, name: name is missing: a device needs one',
  ])
})

test('a column that was misspelt is not drowned by the two hundred rows that lack it', async (t) => {
  const rows = Array.from({ length: 200 }, (_, at) => `m${at},10.0.0.${at}\n`).join('')
  const lines = await problemsOf(
    t,
    files('  - { template: meter, instances: m.csv }\n', { 'm.csv': `name,hostname\n${rows}` }),
  )
  assert.equal(lines[0], 'm.csv:1:6 header: unknown column "hostname", did you mean "host"?')
  assert.match(
    lines.at(-1)!,
    /^m\.csv:11:1 row 11: the parameter "host" is missing.*; and 190 more like this, the last in line 201$/,
  )
  assert.equal(lines.length, 11)
})

test('what spreadsheets do to a file of instances', async (t) => {
  const entry = files('  - { template: meter, instances: m.csv }\n')
  const problemsIn = (csv: string) => problemsOf(t, { ...entry, 'm.csv': csv })
  assert.deepEqual(await problemsIn('name,host,,\nm1,h,,\nm2,h,\n'), [], 'empty columns at the end')
  assert.deepEqual(await problemsIn('name,host,\nm1,h,left behind\n'), [
    'm.csv:1:11 header: this column has no name; template "meter", at meter.yaml:1:1, knows name, enabled, every, host, unit',
  ])
  assert.deepEqual(await problemsIn('m1,10.0.0.5,1\nm2,10.0.0.6,2\n'), [
    'm.csv:1:1 header: this line names no column that is known; the first line has to: name,…; template "meter", at meter.yaml:1:1, knows name, enabled, every, host, unit',
  ])
  assert.deepEqual(await problemsIn('Name,Host\nm1,h\n'), [
    'm.csv:1:1 header: unknown column "Name", did you mean "name"?',
    'm.csv:1:6 header: unknown column "Host", did you mean "host"?',
  ])
  assert.deepEqual(await problemsIn('name,host,name\nm1,h,x\n'), [
    'm.csv:1:11 header: the column "name" comes twice, first at column 1',
  ])
  assert.deepEqual(await problemsIn('name,host\rm1,h\rm2,h\r'), [
    'm.csv:1:1: the lines of this file end as on an old Mac; save it as "CSV UTF-8"',
  ])
})

test('a host that is none is told at its cell, before anything is connected', async (t) => {
  const lines = await problemsOf(t, files('  - { template: meter, instances: m.csv }\n', {
    'm.csv': 'name,host\na,10.0.1.256\nb,10.0.1.5:502\nc,http://10.0.1.5\nd,${HOST}\ne,10.0.1.5\n',
  })) // prettier-ignore
  assert.deepEqual(lines.map((line) => line.replace(/ \(options.*/, '')), [
    'm.csv:2:3 row 2.options.host: expected an address of four numbers from 0 to 255, without leading zeros, got "10.0.1.256"',
    'm.csv:3:3 row 3.options.host: expected a host name or address alone; the port is an option of its own, got "10.0.1.5:502"',
    'm.csv:4:3 row 4.options.host: expected a host name or address alone, without what stands before ://, got "http://10.0.1.5"',
    'm.csv:5:3 row 5.options.host: expected a host name, or an IPv4 or IPv6 address, got "${HOST}"',
  ]) // prettier-ignore
})

test('a row that was copied without a change, and one that somebody meant to take out', async (t) => {
  const warningsOf = async (csv: string) =>
    (await load(t, files('  - { template: meter, instances: m.csv }\n', { 'm.csv': csv }))).warnings.map(
      ({ line, message }) => `${line}: ${message.replaceAll(/\/\S*bifrost-test-[^/]*\//g, '')}`,
    )
  assert.deepEqual(await warningsOf('name,host,unit,enabled\nm1,h,1,\nm2,h,2,\nm3,h,1,\nm4,h,1,no\n'), [
    '4: "m3" differs from "m1", at m.csv:2:1, in nothing but its name: both read the same device',
  ])
  assert.deepEqual(await warningsOf('name,host\n#m1,h\n'), [
    '2: this row is a device with the name "#m1"; to leave one out write enabled: no, or take its row away',
  ])
})

test('a reference in the CSV file of a template is refused, not passed on as text', async (t) => {
  const template =
    'name: m\nparameters: { host: {} }\ndriver: modbus\noptions: { host: "${param:host}" }\ntags: t.csv\n'
  const lines = await problemsOf(t, {
    'm.yaml': template,
    't.csv': 'name,address,type,unit\nlevel,hr:0,int16,${param:host}\n',
    'bifrost.yaml': 'version: 1\ntemplates: [m.yaml]\n',
  })
  assert.deepEqual(lines, [
    't.csv:2:18 row 2, unit: a CSV file is taken as it is written; tags with parameters stand in a list in the template',
  ])
})

test('a mapping that waits for a parameter of a device, or came with one, is told at each device', async (t) => {
  const serial = METER.replace(
    'options: {',
    'options: { transport: "${param:way}", serial: { path: "${param:path}" },',
  ).replace('host: {}', 'host: { required: false }, path: { required: false }, way: { default: tcp }')
  const lines = await problemsOf(t, {
    ...files('  - { template: meter, instances: m.csv }\n'),
    'meter.yaml': serial,
    'm.csv': 'name,way,host,path\na,rtu,,\nb,rtu,,\nc,tcp,h,/dev/x\n',
  })
  assert.deepEqual(lines.map((line) => line.replace(/: transport.*\(/, ': … (')), [
    'm.csv:2:1 row 2.options.serial: … (options.serial of template "meter", at meter.yaml:4:47)',
    'm.csv:3:1 row 3.options.serial: … (options.serial of template "meter", at meter.yaml:4:47)',
    'm.csv:4:9 row 4.options.serial: … (options.serial of template "meter", at meter.yaml:4:47)',
  ]) // prettier-ignore
})

test('aliases that multiply do not: a template of a billion laughs is refused soon', async (t) => {
  const levels = Array.from({ length: 40 }, (_, at) => `  l${at + 1}: &l${at + 1} { a: *l${at}, b: *l${at} }\n`).join(
    '',
  )
  const bomb = `name: meter\ndriver: modbus\nparameters: { host: {} }\noptions:\n  l0: &l0 { a: "\${param:host}" }\n${levels}`
  const start = performance.now()
  const lines = await problemsOf(
    t,
    files('  - { name: a, template: meter, parameters: { host: h } }\n', { 'meter.yaml': bomb }),
  )
  assert.ok(lines.length > 0)
  assert.ok(performance.now() - start < 5000)
})
