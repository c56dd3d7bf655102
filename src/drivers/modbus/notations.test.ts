/** Every notation, what it means, and what is refused with which words at which column. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../core/errors.ts'
import { ADDRESS_EXAMPLES, describeAddress, formatAddress, type Area, type ModbusAddress } from './address.ts'
import { parseAddress } from './notations.ts'

/** Only what is set. */
const meaning = (text: string) => {
  const { text: _, ...rest } = parseAddress(text)
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
}

const MEANINGS: readonly [string, Partial<ModbusAddress>][] = [
  ['hr:0', { area: 'hr', offset: 0 }],
  ['IR:65535', { area: 'ir', offset: 65535 }],
  ['co:12', { area: 'co', offset: 12 }],
  ['di:0x1F', { area: 'di', offset: 31 }],
  ['hr:0.3', { area: 'hr', offset: 0, bit: 3 }],
  ['hr:7.15', { area: 'hr', offset: 7, bit: 15 }],
  ['hr:0[4]', { area: 'hr', offset: 0, count: 4 }],
  ['2.hr:0', { area: 'hr', offset: 0, unit: 2 }],
  ['2!hr:0', { area: 'hr', offset: 0, unit: 2 }],
  ['00001', { area: 'co', offset: 0 }],
  ['10001', { area: 'di', offset: 0 }],
  ['30001', { area: 'ir', offset: 0 }],
  ['40001', { area: 'hr', offset: 0 }],
  ['49999', { area: 'hr', offset: 9998 }],
  ['400001', { area: 'hr', offset: 0 }],
  ['465536', { area: 'hr', offset: 65535 }],
  ['4x00001', { area: 'hr', offset: 0 }],
  ['4x1', { area: 'hr', offset: 0 }],
  ['40001.3', { area: 'hr', offset: 0, bit: 3 }],
  ['HR1', { area: 'hr', offset: 0 }],
  ['IR1', { area: 'ir', offset: 0 }],
  ['C1', { area: 'co', offset: 0 }],
  ['DI1', { area: 'di', offset: 0 }],
  ['HRF1', { area: 'hr', offset: 0, type: 'float32' }],
  ['IRI5', { area: 'ir', offset: 4, type: 'int32' }],
  ['HRUI_64_5', { area: 'hr', offset: 4, type: 'uint64' }],
  ['HRS1:20', { area: 'hr', offset: 0, type: 'string', length: 20 }],
  ['2.HR1', { area: 'hr', offset: 0, unit: 2 }],
  ['HR10.4', { area: 'hr', offset: 9, bit: 4 }],
  ['%MW0', { area: 'hr', offset: 0 }],
  ['%MW10.4', { area: 'hr', offset: 10, bit: 4 }],
  ['%M0', { area: 'co', offset: 0 }],
  ['holding-register:1', { area: 'hr', offset: 0 }],
  ['holding-register:1:UINT[10]{unit-id: 2}', { area: 'hr', offset: 0, type: 'uint16', count: 10, unit: 2 }],
  [
    "input-register:3:REAL{byte-order: 'LITTLE_ENDIAN_BYTE_SWAP'}",
    { area: 'ir', offset: 2, type: 'float32', order: 'CDAB' },
  ],
  ['holding-register:1:STRING(12)', { area: 'hr', offset: 0, type: 'string', length: 12 }],
  ['coil:1:BOOL', { area: 'co', offset: 0, type: 'bool' }],
  ['discrete-input:9', { area: 'di', offset: 8 }],
  ['4x00001:DINT', { area: 'hr', offset: 0, type: 'int32' }],
  ['1!400001', { area: 'hr', offset: 0, unit: 1 }],
  ['1!400001#BL', { area: 'hr', offset: 0, unit: 1, order: 'CDAB' }],
  ['1!400001#LB', { area: 'hr', offset: 0, unit: 1, order: 'BADC' }],
  ['1!400001.4', { area: 'hr', offset: 0, unit: 1, bit: 4 }],
  ['1!300001.10H', { area: 'ir', offset: 0, unit: 1, type: 'string', length: 10, order: 'ABCD' }],
  ['1!300001.10L', { area: 'ir', offset: 0, unit: 1, type: 'string', length: 10, order: 'BADC' }],
  ['  40001 ', { area: 'hr', offset: 0 }],
]

for (const [text, expected] of MEANINGS) {
  test(`'${text}' means ${JSON.stringify(expected)}`, () => assert.deepEqual(meaning(text), expected))
}

const REFUSALS: readonly [string, number, RegExp][] = [
  ['5', 1, /does not say its table.*did you mean hr:5 or 40006\?/],
  ['25000', 1, /did you mean hr:25000 or 425001\?/],
  ['', 1, /no Modbus address/],
  ['xr:5', 1, /no Modbus address/],
  ['hr:', 4, /number from 0 to 65535/],
  ['hr:65536', 4, /65536 is not within 0 to 65535/],
  ['hr:70000.3', 4, /70000/],
  ['hr:0.16', 6, /bit 16 is not within 0 to 15/],
  ['co:0.3', 5, /coil is one bit already/],
  ['hr:0[0]', 6, /number of values 0/],
  ['hr:65535[2]', 10, /number of values 2 is not within 1 to 1/],
  ['hr:0 x', 5, /unexpected ' x'/],
  ['40000', 2, /counts from 1; did you mean hr:0\?/],
  ['465537', 2, /65537 is not within 1 to 65536/],
  ['4000001', 1, /five or six digits/],
  ['2x00001', 1, /there is no table 2/],
  ['HR0', 3, /counts from 1; did you mean hr:0\?/],
  ['HRBCD1', 1, /BCD/],
  ['HRS1', 5, /length of the string/],
  ['256.hr:0', 1, /unit id 256 is not within 0 to 255/],
  ['%MD0', 1, /different registers at different vendors; did you mean hr:N/],
  ['%MF4', 1, /different vendors/],
  ['%IW0', 1, /only the memory areas/],
  ['extended-register:1', 1, /FC20/],
  ['holding-register:0', 18, /counts from 1; did you mean hr:0\?/],
  ['holding-register:1:UNIT', 20, /type UNIT is not known; known are BOOL/],
  ['holding-register:1{unit: 2}', 20, /setting unit is not known; known are unit-id/],
  ['holding-register:1{unit-id: 2', 30, /'\}' is expected/],
  ['2!hr:1{unit-id: 2}', 19, /unit id is given twice/],
  ['1!400001#XX', 10, /order #XX is not known/],
  ['1!400001.10D', 12, /one character a register/],
]

for (const [text, column, sentence] of REFUSALS) {
  test(`'${text}' is refused at column ${column}`, () => {
    assert.throws(
      () => parseAddress(text),
      (error: unknown) => {
        assert.ok(error instanceof GatewayError)
        assert.equal(error.code, 'CONFIG_INVALID')
        assert.match(error.message, sentence)
        assert.equal(error.details.column, column, error.message)
        return true
      },
    )
  })
}

test('an address is shown as its reference number and in canonical form, with table offset and function', () => {
  assert.equal(describeAddress(parseAddress('hr:0')), '40001 = hr:0 (0x0000), FC03')
  assert.equal(describeAddress(parseAddress('40001')), '40001 = hr:0 (0x0000), FC03')
  assert.equal(describeAddress(parseAddress('hr:9998')), '49999 = hr:9998 (0x270E), FC03')
  assert.equal(describeAddress(parseAddress('hr:9999')), '410000 = hr:9999 (0x270F), FC03')
  assert.equal(describeAddress(parseAddress('2.co:7')), '00008 = 2.co:7 (0x0007), FC01')
  assert.equal(describeAddress(parseAddress('di:0')), '10001 = di:0 (0x0000), FC02')
  assert.equal(describeAddress(parseAddress('%MW16.3')), '%MW16.3 = hr:16.3 (0x0010), FC03')
  assert.equal(
    describeAddress(parseAddress('1!300001.10H')),
    '1!300001.10H = 1.ir:0 (0x0000), FC04, string, ABCD, length 10',
  )
})

const anyAddress = fc.record({
  area: fc.constantFrom<Area>('co', 'di', 'hr', 'ir'),
  offset: fc.nat(65535),
  unit: fc.option(fc.nat(255), { nil: undefined }),
})

test('property: canonical text parses back to the same address', () => {
  fc.assert(
    fc.property(
      anyAddress,
      fc.option(fc.nat(15), { nil: undefined }),
      fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      (place, bit, count) => {
        const register = place.area === 'hr' || place.area === 'ir'
        const room = place.offset + (count ?? 1) <= 65536
        const address = { ...place, bit: register ? bit : undefined, count: room ? count : undefined }
        const { text: _, type, order, length, ...parsed } = parseAddress(formatAddress({ ...address, text: '' }))
        assert.deepEqual(parsed, address)
        assert.deepEqual([type, order, length], [undefined, undefined, undefined])
      },
    ),
  )
})

test('property: any text is an address within the tables or CONFIG_INVALID with a column inside the text', () => {
  const pieces = fc.constantFrom(
    'hr:',
    'ir:',
    '4',
    '0',
    '1',
    '40001',
    '4x',
    'HR',
    'HRF',
    '%MW',
    '%',
    '.',
    '[',
    ']',
    '#BL',
    '{unit-id: 2}',
    ':UINT',
    '!',
    '2',
    '65536',
    '10H',
    ' ',
    'é',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
        fc.string(),
      ),
      (text) => {
        try {
          const { offset, bit, unit, count } = parseAddress(text)
          assert.ok(Number.isInteger(offset) && offset >= 0 && offset <= 65535)
          assert.ok(bit === undefined || (bit >= 0 && bit <= 15))
          assert.ok(unit === undefined || (unit >= 0 && unit <= 255))
          assert.ok(count === undefined || (count >= 1 && offset + count <= 65536))
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
          const column = Number(error.details.column)
          assert.ok(column >= 1 && column <= text.length + 1, `${text}: column ${column}`)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('every notation in the README is read as it says there, and every example is in the README', () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const table = readme.slice(readme.indexOf('## Addresses'), readme.indexOf('## Types and orders in an address'))
  const rows = [...table.matchAll(/^\| (`.+?`) +\| `([^`]+)` +\|/gm)]
  assert.ok(rows.length >= 8, 'the table of notations is gone')
  for (const [, cell, canonical] of rows) {
    for (const [, text] of (cell ?? '').matchAll(/`([^`]+)`/g)) {
      assert.equal(formatAddress(parseAddress(text!)), canonical, text!)
    }
  }
  for (const example of ADDRESS_EXAMPLES)
    assert.ok(readme.includes(`\`${example}\``), `${example} is not in the README`)
})
