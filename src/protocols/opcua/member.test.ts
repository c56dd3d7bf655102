/** Members of arrays, matrices and structures by the path that people write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMember } from '../../drivers/opcua/address.ts'
import { memberOf, type Found } from './member.ts'
import { BuiltIn } from './value.ts'

const at = (whole: Partial<Found>, path: string): unknown =>
  memberOf({ raw: undefined, builtIn: BuiltIn.Double, ...whole }, path === '' ? [] : parseMember(path))?.raw

test('elements of arrays, plain and typed', () => {
  assert.equal(at({ raw: [10, 20, 30] }, '[2]'), 30)
  assert.equal(at({ raw: Float64Array.of(1.5, -2.5) }, '[1]'), -2.5)
  assert.equal(at({ raw: Buffer.from([1, 255]), builtIn: BuiltIn.ByteString }, '[1]'), 255)
  for (const path of ['[3]', '[4294967295]']) assert.equal(at({ raw: [10, 20, 30] }, path), undefined)
  assert.equal(at({ raw: [] }, '[0]'), undefined)
})

test('elements of a matrix lie row by row, and each index has its own end', () => {
  const matrix = { raw: [1, 2, 3, 4, 5, 6], dimensions: [2, 3] }
  assert.equal(at(matrix, '[0,2]'), 3)
  assert.equal(at(matrix, '[1,0]'), 4)
  assert.equal(at(matrix, '[1, 2]'), 6)
  for (const path of ['[0,3]', '[2,0]', '[0,0,0]']) assert.equal(at(matrix, path), undefined)
  assert.equal(at({ raw: [1, 2, 3, 4, 5, 6, 7, 8], dimensions: [2, 2, 2] }, '[1,0,1]'), 6)
  assert.equal(at({ raw: [1, 2] }, '[0,1]'), undefined, 'two indexes into one dimension')
})

test('an Int64 is no array of its halves, and its elements in an array are whole', () => {
  const long = { builtIn: BuiltIn.Int64 }
  assert.equal(at({ raw: [0, 5], ...long }, '[0]'), undefined)
  assert.deepEqual(memberOf({ raw: [[0, 5], [0, 6]], ...long }, [[1]]), { raw: [0, 6], builtIn: BuiltIn.Int64 }) // prettier-ignore
  assert.equal(at({ raw: [[0, 5], [0, 6]], ...long }, '[1][0]'), undefined) // prettier-ignore
})

test('fields by the name that the server shows, with the type that the schema tells', () => {
  class Axis {
    position = 12.25
    starts = [0, 7]
    drive = { name: 'M1' }
    brakes = [{ running: false }, { running: true }]
    get schema() {
      return {
        fields: [
          { name: 'starts', fieldType: 'UInt64' },
          { name: 'position', fieldType: 'Double' },
        ],
      }
    }
  }
  const axis = { raw: new Axis(), builtIn: BuiltIn.ExtensionObject }
  assert.deepEqual(memberOf(axis, ['position']), { raw: 12.25, builtIn: BuiltIn.Double })
  assert.deepEqual(memberOf(axis, ['Starts']), { raw: [0, 7], builtIn: BuiltIn.UInt64 })
  assert.equal(at(axis, 'drive.name'), 'M1')
  assert.equal(at(axis, 'brakes[1].running'), true)
  for (const path of ['speed', 'drive.speed', 'brakes[2].running', 'position.x', 'drive.name.length', 'brakes.length'])
    assert.equal(at(axis, path), undefined, path)
})

test('names of the prototype are no fields', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'schema', 'hasOwnProperty', 'valueOf']) {
    assert.equal(memberOf({ raw: { a: 1 }, builtIn: undefined }, [name]), undefined, name)
    assert.equal(memberOf({ raw: [1], builtIn: undefined }, [name]), undefined, name)
  }
  assert.equal(memberOf({ raw: JSON.parse('{"__proto__": 5}'), builtIn: undefined }, ['__proto__'])?.raw, 5)
})
