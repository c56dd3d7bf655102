/** Files with one device a row, as tired people and spreadsheets leave them: each slip leads to its cell. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFiles as load, problemLines as problemsOf, withoutFolder, type Files } from '../../testing/config-rig.ts'

const METER =
  'name: meter\nparameters: { host: {}, unit: { type: number, default: 1 } }\ndriver: modbus\noptions: { host: "${param:host}", unit: "${param:unit}" }\ntags: [{ name: level, address: hr:0, type: int16 }, { name: flow, address: hr:1, type: int16 }]\n'
const files = (devices: string, more: Files = {}): Files => ({
  'meter.yaml': METER,
  'bifrost.yaml': `version: 1\ntemplates: [meter.yaml]\ndevices:\n${devices}`,
  ...more,
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
  assert.deepEqual(await problemsIn('name,host,,\nm1,h,,\nm2,h,left behind,\n'), [
    'm.csv:3:6 row 3: this cell stands under a column without a name; a cell with a separator inside stands in quotes',
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
    'm.csv:2:3 row 2, host: expected an address of four numbers from 0 to 255, without leading zeros, got "10.0.1.256"',
    'm.csv:3:3 row 3, host: expected a host name or address alone; the port is an option of its own, got "10.0.1.5:502"',
    'm.csv:4:3 row 4, host: expected a host name or address alone, without what stands before ://, got "http://10.0.1.5"',
    'm.csv:5:3 row 5, host: expected a host name, or an IPv4 or IPv6 address, got "${HOST}"',
  ]) // prettier-ignore
})

test('a row that was copied without a change, and one that somebody meant to take out', async (t) => {
  const warningsOf = async (csv: string) =>
    (await load(t, files('  - { template: meter, instances: m.csv }\n', { 'm.csv': csv }))).warnings.map(
      ({ line, message }) => `${line}: ${withoutFolder(message)}`,
    )
  assert.deepEqual(await warningsOf('name,host,unit,enabled\nm1,h,1,\nm2,h,2,\nm3,h,1,\nm4,h,1,no\n'), [
    '4: "m3" differs from "m1", at m.csv:2:1, in nothing but its name: both read the same device',
  ])
  const faulty = files('  - { template: meter, instances: m.csv }\n', { 'm.csv': 'name,host\na,10.0.0\nb,10.0.1\n' })
  await assert.rejects(load(t, faulty), { warnings: [] })
  assert.deepEqual(await warningsOf('name,host\n#m1,h\n'), [
    '2: this row is a device with the name "#m1"; to leave one out write enabled: no, or take its row away',
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
    'm.csv:2:1 row 2: … (options.serial of template "meter", at meter.yaml:4:47)',
    'm.csv:3:1 row 3: … (options.serial of template "meter", at meter.yaml:4:47)',
    'm.csv:4:9 row 4, path: … (options.serial of template "meter", at meter.yaml:4:47)',
  ]) // prettier-ignore
})

test('what is wrong with the entry is told once, not for each of its rows', async (t) => {
  const entry = '  - { template: meter, instances: m.csv, options: { unit: 300 }, parameters: { host: h } }\n'
  assert.deepEqual(await problemsOf(t, files(entry, { 'm.csv': 'name\na\nb\nc\n' })), [
    'bifrost.yaml:4:59 devices[0].options.unit: expected at most 255, got 300',
  ])
})
