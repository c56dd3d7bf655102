import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { EditedFiles } from '../edit/edited-files.ts'
import { makeEdits } from '../edit/edit-config.ts'
import { loadConfig } from '../load.ts'
import { compareList } from './compare-list.ts'
import { csvOf, tableOfCsv, tableOfSheets, type Cells } from './tag-table.ts'
import { writtenList } from './written-list.ts'

const SOURCES = { drivers, sinks, env: {} }
const HEAD = 'version: 1\nhttp: { enabled: false }\n'
const CSV_DEVICE = `${HEAD}devices:\n  - { name: plc, driver: simulated, every: 1s, tags: plc.csv }\n`

/** A list that comes into a device: what is said of each row, and the files afterwards. */
async function bring(
  t: TestContext,
  files: Record<string, string>,
  given: string,
  mode: 'merge' | 'replace' = 'merge',
): Promise<{ rows: string[]; after: Record<string, string> }> {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const main = join(folder, 'bifrost.yaml')
  const edited = new EditedFiles(main, SOURCES)
  const list = writtenList('plc', edited, await loadConfig(main, SOURCES))
  const { verdicts, edits } = await compareList(tableOfCsv(Buffer.from(given)), list, { mode })
  await makeEdits(edits, edited)
  edited.load()
  return {
    rows: verdicts.map(({ action, place, name, column, reason, changes }) =>
      [place ?? '-', action, name, column, reason, changes?.join()].filter((word) => word !== undefined).join(' | '),
    ),
    after: Object.fromEntries(edited.changes.map(({ file, after }) => [file.slice(folder.length + 1), after])),
  }
}

test('what a list changes, row by row, in a CSV file of semicolons with a byte order mark', async (t) => {
  const csv = '\uFEFFname;address;type;unit\nlevel;constant:value=1;float64;m\nspeed;"constant:value=2";float64;\n'
  const given =
    'name,unit,address,type,every\r\nlevel,m,constant:value=1,float64,1000ms\r\nspeed,rpm,constant:value=2,float64,\r\n' +
    '"new, one",,constant:value=3,int16,2s\r\nbad,,constant:value=4,floot32,\r\nlevel,,constant:value=1,bool,\r\nworse,,nowhere,bool,\r\n'
  const { rows, after } = await bring(t, { 'bifrost.yaml': CSV_DEVICE, 'plc.csv': csv }, given)
  assert.deepEqual(
    rows.map((row) => row.replace(/; known are .*|simulated addresses.*|"nowhere".*/, '…')),
    [
      'line 2 | unchanged | level',
      'line 3 | update | speed | unit',
      'line 4 | create | new, one',
      'line 5 | rejected | bad | type | unknown type "floot32"…',
      'line 6 | rejected | level | name | the tag "level" stands in line 2 already',
      rows[5]!.replace(/; known are .*|simulated addresses.*|"nowhere".*/, '…'),
    ],
  )
  assert.match(rows[4 + 1]!, /^line 7 \| rejected \| worse \| address \| .*nowhere/)
  assert.deepEqual(after, {
    'plc.csv':
      '\uFEFFname;address;type;unit;every\nlevel;constant:value=1;float64;m\nspeed;"constant:value=2";float64;rpm\nnew, one;constant:value=3;int16;;2s\n',
  })
})

test('merge leaves alone what the list does not say; replace makes the list all there is', async (t) => {
  const csv = 'name,address,type,unit\na,constant:value=1,float64,m\nb,constant:value=2,float64,\n'
  const files = { 'bifrost.yaml': CSV_DEVICE, 'plc.csv': csv }
  const given = 'name,address,type\na,constant:value=9,float64\n'
  const merged = await bring(t, files, given)
  assert.deepEqual(merged.rows, ['line 2 | update | a | address'])
  assert.equal(merged.after['plc.csv'], csv.replace('value=1', 'value=9'))
  const replaced = await bring(t, files, given, 'replace')
  assert.deepEqual(replaced.rows, ['line 2 | update | a | address,unit', '- | remove | b'])
  assert.equal(replaced.after['plc.csv'], 'name,address,type,unit\na,constant:value=9,float64,\n')
  const cleared = await bring(t, files, 'name,unit\na,\n')
  assert.deepEqual(cleared.rows, ['line 2 | update | a | unit'])
})

test('a list in YAML keeps its comments; tags of a template are told, not changed', async (t) => {
  const inline = `${HEAD}devices:\n  - name: plc\n    driver: simulated\n    tags:\n      # by hand\n      - { name: a, address: "constant:value=1", type: float64, low: 0x10 } # sixteen\n`
  const { rows, after } = await bring(t, { 'bifrost.yaml': inline }, 'name,unit,address,type\na,m$,constant:value=1,float64\nb,,counter,uint16\n') // prettier-ignore
  assert.deepEqual(rows, ['line 2 | update | a | unit', 'line 3 | create | b'])
  assert.match(after['bifrost.yaml']!, /# by hand\n.*low: 0x10, unit: "m\$\$" \} # sixteen\n.*name: b/)
  const template = `${HEAD}templates:\n  - name: pump\n    driver: simulated\n    tags:\n      - { name: a, address: counter, type: uint16 }\ndevices:\n  - { name: plc, template: pump }\n`
  const told = await bring(t, { 'bifrost.yaml': template }, 'name,address,type,unit\na,counter,uint16,\n').catch(String)
  assert.deepEqual(typeof told === 'string' ? told : told.rows, ['line 2 | unchanged | a'])
  const changed = await bring(t, { 'bifrost.yaml': template }, 'name,unit\na,m\n')
  assert.match(changed.rows.join('\n'), /^line 2 \| rejected \| a \| name \| .*template/)
})

test('no cell of an export is a formula, and each comes back as it was', () => {
  const texts = [
    '=1+1',
    '+x',
    '-x',
    '@SUM(A1)',
    "'=1",
    "''@",
    '\t=1',
    '\r=1',
    "'it",
    '-5',
    '1e-5',
    '="a",b',
    ' =x',
    '"',
  ]
  const rows = texts.map((text, at): Cells => new Map(Object.entries({ name: `t${at}`, description: text })))
  const csv = csvOf(rows)
  const back = tableOfCsv(Buffer.from(csv)).rows.map(({ cells }) => cells.get('description'))
  assert.deepEqual(back, texts)
  for (const line of csv.split('\r\n').slice(1, -1)) assert.doesNotMatch(line, /(^|[,"])[=+@\t]/, line)
  assert.match(csv, /^t0,,,'=1\+1$/m)
  assert.match(csv, /^t9,,,-5$/m)
})

test('property: whatever a tag list holds, its export comes back with no change, and any cell as it was', async (t) => {
  const folder = temporaryFolder(t)
  const main = join(folder, 'bifrost.yaml')
  writeFileSync(main, CSV_DEVICE)
  const nasty = fc.string({ unit: fc.constantFrom(...'=+-@\t"\';, \n$aß1{}'.split('')), maxLength: 8 })
  const cell = fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 12 }))
  const row = fc.record({
    unit: cell,
    description: cell,
    low: fc.option(fc.integer({ min: -100, max: -1 }).map(String), { nil: '' }),
    every: fc.constantFrom('', '1s', '1000ms', '250ms'),
    deadband: fc.constantFrom('', '0.5'),
    writable: fc.constantFrom('', 'true', 'no', '1'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (given) => {
      const rows = given.map((one, at): Cells => {
        const cells = { name: `t${at}`, address: 'counter', type: 'uint16', ...one }
        return new Map(Object.entries(cells).filter(([, text]) => text.trim() !== ''))
      })
      const csv = csvOf(rows)
      assert.deepEqual(tableOfCsv(Buffer.from(csv)).rows.map(({ cells }) => [...cells].sort()), rows.map((cells) => [...cells].sort())) // prettier-ignore
      // Texts that are no formula to anybody are the file of the device itself.
      writeFileSync(join(folder, 'plc.csv'), csv)
      const edited = new EditedFiles(main, SOURCES)
      const list = writtenList('plc', edited, await loadConfig(main, SOURCES))
      const again = await compareList(tableOfCsv(Buffer.from(csvOf([...list.rows.values()]))), list, {
        mode: 'replace',
      })
      assert.deepEqual(again.counts, { create: 0, update: 0, unchanged: rows.length, remove: 0, rejected: 0 })
      assert.deepEqual(again.edits, [])
    }),
    { numRuns: 100 },
  )
  assert.ok(readFileSync(join(folder, 'plc.csv'), 'utf8').length > 0)
})

test('a long list is compared and edited in slices, and its owner is looked for once among many devices', async (t) => {
  const folder = temporaryFolder(t)
  const main = join(folder, 'bifrost.yaml')
  const others = Array.from(
    { length: 300 },
    (_, at) => `  - { name: d${at}, driver: simulated, enabled: false, tags: other.csv }\n`,
  )
  const rows = (unit: string) => `name,address,type,unit\n${Array.from({ length: 5000 }, (_, at) => `t${at},counter,uint16,${unit}\n`).join('')}` // prettier-ignore
  writeFileSync(main, `${CSV_DEVICE}${others.join('')}`)
  writeFileSync(join(folder, 'other.csv'), 'name,address,type\na,counter,uint16\n')
  writeFileSync(join(folder, 'plc.csv'), rows('m'))
  const edited = new EditedFiles(main, SOURCES)
  const list = writtenList('plc', edited, await loadConfig(main, SOURCES))
  let turns = 0
  const ticking = setInterval(() => turns++)
  t.after(() => clearInterval(ticking))
  const { edits } = await compareList(tableOfCsv(Buffer.from(rows('km'))), list, { mode: 'merge' })
  const compared = turns
  const begin = process.cpuUsage()
  await makeEdits(edits, edited)
  const { user } = process.cpuUsage(begin)
  assert.ok(compared > 1, `${compared} turns of others while it was compared`)
  assert.ok(user < 1_000_000, `${user} µs for ${edits.length} edits`)
  assert.equal(edited.changes[0]!.after, rows('km'))
})

test('a file that is no list of tags is refused with what is wrong, and so is one with too many rows', () => {
  const csv = (text: string | Buffer) => () => tableOfCsv(Buffer.from(text))
  assert.throws(csv(''), /this file is empty/)
  assert.throws(csv('name,adress\n'), /unknown column "adress".*"address"/)
  assert.throws(csv('name,type\n"a,b\n'), /never closed/)
  assert.throws(csv(Buffer.from([0x6e, 0xff, 0xfe, 0x0a])), /not UTF-8/)
  assert.throws(csv(`name\n${'a\n'.repeat(100_001)}`), /100001 rows at once: the most is 100000/)
  assert.throws(() => tableOfSheets([]), /it is empty/)
  const sheet = (...cells: string[]) => [[{ place: 'Tags row 1', cells, formulas: new Set<number>() }]]
  assert.throws(() => tableOfSheets(sheet('name', 'Adress')), /Tags row 1: unknown column "Adress"/)
  assert.throws(() => tableOfSheets(sheet('name', 'name')), /comes twice/)
  assert.throws(() => tableOfSheets(sheet('unit')), /the column "name" is missing/)
})
