/** The walk by itself, over registers of any content: it ends, stays within the protocol, and never invents a place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sunSpecImage } from '../../../testing/sunspec-image.ts'
import { recognise, walk, type Directory, type Seen, type Wanted } from './directory.ts'

/** Runs a walk over a memory; `undefined` words are refused. */
function runWalk<Result>(search: Generator<Wanted, Result, Seen>, word: (address: number) => number | undefined) {
  let requests = 0
  let next = search.next('refused')
  while (next.done !== true) {
    const { address, count } = next.value
    assert.ok(++requests <= 1000, 'the walk does not end')
    assert.ok(count >= 1 && count <= 125 && address >= 0 && address + count <= 65_536, `hr:${address} + ${count}`)
    const words = Array.from({ length: count }, (_, at) => word(address + at))
    const bytes = Buffer.alloc(count * 2)
    words.forEach((value, at) => bytes.writeUInt16BE(value ?? 0, at * 2))
    next = search.next(words.includes(undefined) ? 'refused' : bytes)
  }
  return { result: next.value, requests }
}

test('over any registers the walk ends, and every place lies within its model', () => {
  const words = fc.array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 103, 160, 705, 803, 0xffff)), {
    maxLength: 400,
  })
  fc.assert(
    fc.property(words, fc.constantFrom(40_000, 50_000, 0, 65_500), fc.boolean(), (content, base, isMarked) => {
      const memory = isMarked ? [0x5375, 0x6e53, ...content] : content
      const { result } = runWalk(walk(), (address) => memory[address - base])
      assert.notEqual(result, 'silent')
      for (const model of (result as Directory | undefined)?.models ?? [])
        for (const { offset, point } of model.places?.values() ?? [])
          assert.ok(offset + point.size <= model.length + 2 && model.address + offset + point.size <= 65_536)
    }),
    { numRuns: 2000 },
  )
})

test('a device is recognised by its marker and common model, and is another when one register of them differs', () => {
  const { registers, base } = sunSpecImage([{ id: 1 }, { id: 103 }])
  const found = runWalk(walk(), (address) => registers[address - base])
  const { requests } = found
  const result = found.result as Directory
  assert.deepEqual(result.models.map(({ id, address }) => [id, address]), [[1, 40_002], [103, 40_070]]) // prettier-ignore
  assert.equal(requests, 5, 'marker, two models, the end, and the identity')
  const known = (memory: readonly number[]) => runWalk(recognise(result), (address) => memory[address - base]).result
  assert.equal(known(registers), true)
  assert.equal(known(registers.with(60, registers[60]! ^ 1)), false)
  assert.equal(known([]), false)
})
