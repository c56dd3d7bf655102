/** Tags while they are edited: changes and steps back, series, cells of spreadsheets, and what somebody else has changed meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addRows, copyBlock, fillSeries, paste, removeRows, replacements, setCells } from './actions.ts'
import { cellFault, rowFaults } from './check.ts'
import { COLUMNS } from './columns.ts'
import { fromSafe, parseSeparated, toCsv, toTabs } from './separated.ts'
import { addressStep, nextInSeries, seriesOf } from './series.ts'
import { savePlanOf } from './save.ts'
import { cellsOfExport, rebased, TagSheet, type Cells } from './sheet.ts'
import { viewOf } from './view.ts'

const LIST: Cells[] = [
  { name: 'level', address: 'hr:0', type: 'float32', unit: 'm' },
  { name: 'speed', address: 'hr:2', type: 'int16' },
]
const cellsOf = (sheet: TagSheet): Cells[] => sheet.rows.filter(({ removed }) => !removed).map(({ cells }) => cells)
const BLOCK = { top: 0, bottom: 0, left: 0, right: 0 }

test('property: whatever a list holds, it comes back from CSV and from the clipboard', () => {
  const cell = fc.string({ unit: fc.constantFrom(...'ab=+-@\'",;\t\r\n 1é'.split('')), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 4 }), (rows) => {
      assert.deepEqual(parseSeparated(toCsv(rows), ',').map((row) => row.map(fromSafe)), rows) // prettier-ignore
      assert.deepEqual(parseSeparated(`${toTabs(rows)}\n`, '\t'), rows)
    }),
  )
  assert.deepEqual(parseSeparated('\uFEFFa;b\r\n"x;""1""";\r\n', ';'), [
    ['a', 'b'],
    ['x;"1"', ''],
  ])
  assert.deepEqual(cellsOfExport("\uFEFFname,unit\r\na,\r\nb,'=1\r\n"), [{ name: 'a' }, { name: 'b', unit: '=1' }])
})

test('a change is one step back, whatever it was, and forth again', () => {
  const sheet = new TagSheet(LIST)
  setCells(sheet, [0, 1], 'unit', 'rpm')
  removeRows(sheet, [1])
  addRows(sheet, 3, sheet.rows[0])
  assert.deepEqual(sheet.counts, { added: 3, changed: 1, removed: 1 })
  assert.deepEqual(cellsOf(sheet).map(({ name, address }) => `${name} ${address}`), ['level hr:0', 'level_1 hr:2', 'level_2 hr:4', 'level_3 hr:6']) // prettier-ignore
  for (let n = 0; n < 3; n++) sheet.undo()
  assert.deepEqual([cellsOf(sheet), sheet.counts, sheet.canUndo], [LIST, { added: 0, changed: 0, removed: 0 }, false])
  for (let n = 0; n < 3; n++) sheet.redo()
  assert.deepEqual([sheet.counts, sheet.canRedo], [{ added: 3, changed: 1, removed: 1 }, false])
  setCells(sheet, [0], 'unit', 'm')
  assert.equal(sheet.counts.changed, 0, 'as it was: nothing to save')
})

test('series go on by what is at each address', () => {
  assert.deepEqual(
    ['hr:0', '40001', 'co:3', 'DB1.DBD4:REAL', 'hr:5.3', 'ns=2;s=a1'].map((address) =>
      addressStep({ address, type: 'float32' }),
    ),
    [2, 2, 1, 4, 1, 1],
  )
  assert.equal(addressStep({ address: 'hr:0', type: 'string', length: '9' }), 5)
  assert.deepEqual(seriesOf('address', [{ address: 'hr:8', type: 'int64' }, { type: 'bool' }, {}], undefined), ['hr:8', 'hr:12', 'hr:13']) // prettier-ignore
  assert.deepEqual(seriesOf('name', [{ name: 'p009' }, {}, {}], undefined), ['p009', 'p010', 'p011'])
  assert.equal(nextInSeries('%DB1:4:REAL', 4), '%DB1:8:REAL')
  const sheet = new TagSheet(LIST)
  fillSeries(sheet, [0, 1], 'name', 10)
  assert.deepEqual(cellsOf(sheet).map(({ name }) => name), ['level', 'level_10']) // prettier-ignore
})

test('cells of a spreadsheet: one into many, a block from the cursor on, rows by their names', () => {
  const columns = COLUMNS.slice(0, 3)
  const sheet = new TagSheet(LIST)
  paste(sheet, [0, 1], { ...BLOCK, bottom: 1, left: 2, right: 2 }, columns, 'uint32')
  assert.deepEqual(cellsOf(sheet).map(({ type }) => type), ['uint32', 'uint32']) // prettier-ignore
  assert.deepEqual(paste(sheet, [0, 1], { ...BLOCK, top: 1 }, columns, 'a\thr:9\nb\thr:11\r\n'), { changed: 1, added: 1 }) // prettier-ignore
  assert.equal(copyBlock(sheet, [0, 1, 2], { top: 1, bottom: 2, left: 0, right: 1 }, columns), 'a\thr:9\nb\thr:11')
  assert.deepEqual(paste(sheet, [], BLOCK, columns, 'Name\tunit\nlevel\tmm\nnew\t°C'), { changed: 1, added: 1 })
  assert.deepEqual(cellsOf(sheet).map(({ name, unit }) => [name, unit].join(' ')), ['level mm', 'a ', 'b ', 'new °C']) // prettier-ignore
})

test('find and replace takes texts as they are', () => {
  const sheet = new TagSheet([{ name: 'a.b$', type: 'bool' }, { name: 'aXb$' }])
  const how = { find: 'A.', replace: '$&', column: 'name', wholeCell: false, matchCase: false }
  assert.deepEqual(replacements(sheet, [0, 1], how).map(({ next }) => next.cells['name']), ['$&b$']) // prettier-ignore
  assert.deepEqual(replacements(sheet, [0, 1], { ...how, matchCase: true }), [])
  assert.deepEqual(replacements(sheet, [0, 1], { ...how, wholeCell: true }), [])
})

test('what is typed is checked by the schema', () => {
  const fault = (text: string, schema: object) => cellFault(text, schema)
  assert.match(fault('1,5', { type: 'number' })!, /1\.5/)
  assert.match(fault('floot', { type: 'string', enum: ['float32'] })!, /float32/)
  assert.match(fault('1.5', { type: 'integer' })!, /whole/)
  assert.match(fault('0', { type: 'integer', minimum: 1 })!, /1/)
  assert.match(fault('perhaps', { type: 'boolean' })!, /true/)
  for (const good of ['', '0x10', '-1e3', '${LOW}']) assert.equal(fault(good, { type: 'number' }), undefined, good)
  const sheet = new TagSheet([{ name: 'a' }, { name: 'a' }])
  const faults = rowFaults({ name: 'a', low: '5', high: '5' }, undefined, sheet)
  assert.deepEqual([...faults.keys()].toSorted(), ['address', 'high', 'name', 'type'])
})

test('what somebody else changed is taken over, and what is unsaved stays on top of it', () => {
  const sheet = new TagSheet([...LIST, { name: 'gone' }, { name: 'lost' }])
  setCells(sheet, [0], 'unit', 'mm')
  setCells(sheet, [2], 'unit', 'x')
  removeRows(sheet, [1, 3])
  addRows(sheet, 1)
  const next = rebased(sheet, [
    { ...LIST[1]!, unit: 'rpm' },
    { ...LIST[0]!, high: '9' },
  ])
  assert.deepEqual(cellsOf(next), [{ ...LIST[0]!, unit: 'mm', high: '9' }, { name: 'gone', unit: 'x' }, {}])
  assert.deepEqual(next.counts, { added: 2, changed: 1, removed: 1 })
})

test('what was saved while somebody looked away is not new a second time', () => {
  const sheet = new TagSheet(LIST)
  sheet.add([
    { name: 'z', address: 'hr:8', type: 'int16' },
    { name: 'y', address: 'hr:9' },
  ])
  const next = rebased(sheet, [...LIST, { name: 'z', address: 'hr:8', type: 'int16' }, { name: 'y', address: 'hr:1' }])
  assert.deepEqual(next.counts, { added: 1, changed: 0, removed: 0 })
})

test('a new row that is called like another tag is told, and is no change of that tag', async () => {
  const sheet = new TagSheet(LIST)
  sheet.add([{ name: LIST[0]!.name!, address: 'hr:99', type: 'int16' }])
  const { twice, changed } = savePlanOf(sheet, 'plc', false)
  assert.deepEqual([twice, [...changed.lines.values()]], [[{ at: LIST.length, name: LIST[0]!.name! }], [LIST.length]])
  removeRows(sheet, [0])
  assert.deepEqual(savePlanOf(sheet, 'plc', false).twice, [])
})

test('the filter looks into names, addresses, units and descriptions; order is by number where there are numbers', () => {
  const sheet = new TagSheet([...LIST, { name: 'c', low: '10' }, { name: 'd', low: '9' }, { name: 'e', low: 'x' }])
  const view = (filter: string, sort = '') => viewOf(sheet, { filter, onlyPending: false, sort }).join()
  assert.deepEqual([view('HR:0 m'), view('nothing'), view('', 'low'), view('', '-low')], ['0', '', '3,2,4,0,1', '4,2,3,0,1']) // prettier-ignore
  addRows(sheet, 1)
  sheet.undo()
  assert.equal(view(''), '0,1,2,3,4')
})
