import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCsv } from './csv.ts'

const cellsOf = (text: string) => parseCsv(text).records.map((record) => [...record.cells])

test('reads records with LF, CRLF, a byte order mark and blank lines', () => {
  const expected = [
    ['name', 'address'],
    ['level', 'hr:0'],
  ]
  assert.deepEqual(cellsOf('name,address\nlevel,hr:0\n'), expected)
  assert.deepEqual(cellsOf('\uFEFFname,address\r\n\r\nlevel,hr:0'), expected)
})

test('finds semicolon and tab as separators from the header, and obeys sep=', () => {
  assert.deepEqual(cellsOf('name;address\nlevel;hr:0,1\n'), [
    ['name', 'address'],
    ['level', 'hr:0,1'],
  ])
  assert.deepEqual(cellsOf('name\taddress\nlevel\thr:0\n'), [
    ['name', 'address'],
    ['level', 'hr:0'],
  ])
  assert.deepEqual(cellsOf('sep=|\r\nname|address\nlevel|hr:0\n'), [
    ['name', 'address'],
    ['level', 'hr:0'],
  ])
})

test('quotes hold separators, line breaks and doubled quotes', () => {
  assert.deepEqual(cellsOf('a,b\n"x,""y""","1\n2"\nlast,one\n'), [
    ['a', 'b'],
    ['x,"y"', '1\n2'],
    ['last', 'one'],
  ])
})

test('every cell knows its line and column, behind quotes and line breaks too', () => {
  const { records } = parseCsv('a,b,c\n1,  two,3\n"x\ny", "q" ,z\nlast,,end')
  const places = records.flatMap((record) => record.cells.map((_, cell) => record.placeOf(cell)))
  assert.deepEqual(places.slice(3), [
    { line: 2, column: 1 },
    { line: 2, column: 5 },
    { line: 2, column: 9 },
    { line: 3, column: 2 },
    { line: 4, column: 6 },
    { line: 4, column: 10 },
    { line: 5, column: 1 },
    { line: 5, column: 6 },
    { line: 5, column: 7 },
  ])
})

test('a quote that is never closed and text after a quote are told with their place', () => {
  assert.deepEqual(parseCsv('a,b\n1,"x\n2,y\n').faults, [{ line: 2, column: 3, message: 'this quote is never closed' }])
  assert.deepEqual(
    parseCsv('a,b\n"x"y,2\n').faults.map(({ line, column }) => ({ line, column })),
    [{ line: 2, column: 4 }],
  )
})

test('what a writer quotes by RFC 4180 comes back as it was', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', ' ', 'ü') })
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), (rows) => {
      const text = ['h1,h2', ...rows.map((row) => row.map(quote).join(','))].join('\r\n')
      assert.deepEqual(cellsOf(text), [['h1', 'h2'], ...rows])
    }),
  )
})

test('any text ends, with all cells placed inside it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ') }), (text) => {
      const lines = text.split('\n').length
      for (const record of parseCsv(text).records) {
        for (const cell of record.cells.keys()) assert.ok(record.placeOf(cell).line <= lines)
      }
    }),
  )
})
