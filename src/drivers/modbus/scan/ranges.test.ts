/** What is found of tables of every kind, and how many requests that takes: against a device that is a set of addresses. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { GatewayError, NotConnectedError } from '../../../core/errors.ts'
import { ModbusException } from '../../../protocols/modbus/index.ts'
import { Asker } from './asker.ts'
import { mapTable, type TableMap } from './ranges.ts'

/** What the device has, and how it takes requests. */
interface Table {
  readonly readable: ReadonlySet<number>
  /** Registers in one request, at most. */
  readonly most?: number
  /** Reads have to begin and end at multiples of this. */
  readonly grain?: number
  /** What it does in place of a refusal. */
  readonly refuse?: () => never
}

interface Mapped extends TableMap {
  readonly requests: number
  /** The request with which the last of the registers was found. */
  readonly foundAt: number
  readonly claimed: readonly number[]
}

const span = (first: number, count: number): number[] => Array.from({ length: count }, (_, at) => first + at)
const set = (...spans: readonly (readonly [first: number, count: number])[]): Set<number> =>
  new Set(spans.flatMap(([first, count]) => span(first, count)))

async function mapOf({ readable, most = 125, grain = 1, refuse }: Table): Promise<Mapped> {
  let requests = 0
  let foundAt = 0
  const seen = new Set<number>()
  const asker = new Asker(async (_, pdu) => {
    requests++
    const [address, count] = [Buffer.from(pdu).readUInt16BE(1), Buffer.from(pdu).readUInt16BE(3)]
    assert.ok(count >= 1 && address + count <= 65_536)
    const asked = span(address, count)
    const isFit = count <= most && address % grain === 0 && count % grain === 0
    if (!isFit || !asked.every((one) => readable.has(one))) {
      refuse?.()
      throw new ModbusException(2)
    }
    const before = seen.size
    for (const one of asked) seen.add(one)
    if (seen.size > before) foundAt = requests
    return Uint8Array.of(pdu[0]!, count * 2)
  }, AbortSignal.timeout(60_000))
  const map = await mapTable(asker, 1, 'hr')
  const claimed = map.ranges.flatMap(({ first, last }) => span(first, last - first + 1))
  return { ...map, requests, foundAt, claimed }
}

const MOST_REQUESTS = 64

describe('the whole map is found, the last of it with at most so many requests', () => {
  const tables: readonly [what: string, table: Table, most: number][] = [
    ['ten registers', { readable: set([0, 10]) }, 9],
    ['a thousand registers', { readable: set([0, 1000]) }, 25],
    ['from 1 on, by the number in the manual', { readable: set([1, 40]) }, 12],
    ['three holes', { readable: new Set(span(0, 100).filter((at) => ![13, 47, 71].includes(at))) }, 34],
    ['groups with gaps', { readable: set([0, 10], [20, 20], [64, 36]) }, 60],
    ['groups at hundreds', { readable: set([0, 4], [100, 20], [200, 20]) }, 54],
    ['nothing at the beginning', { readable: set([3000, 60]) }, 16],
    ['islands far apart', { readable: set([0, 10], [1000, 50], [40_000, 70]) }, 36],
    ['one register a request', { readable: set([0, 30]), most: 1 }, 38],
    ['ten registers a request', { readable: set([0, 100]), most: 10 }, 24],
    ['values of two registers only', { readable: set([0, 60]), grain: 2 }, 9],
    ['values of two registers only, ten of them a request', { readable: set([0, 58]), grain: 2, most: 20 }, 20],
  ]
  for (const [what, table, most] of tables) {
    test(what, async () => {
      const { claimed, foundAt, requests } = await mapOf(table)
      assert.deepEqual(claimed, [...table.readable])
      assert.ok(foundAt <= most, `the ${foundAt}th request found the last`)
      assert.ok(requests <= MOST_REQUESTS, `${requests} requests`)
    })
  }
})

test('a table that has nothing costs two dozen requests, and one whose function is unknown costs one', async () => {
  const nothing = await mapOf({ readable: set() })
  assert.deepEqual([nothing.claimed.length, nothing.isWhole], [0, true])
  assert.ok(nothing.requests <= 24, `${nothing.requests} requests`)
  const refuse = () => {
    throw new ModbusException(1)
  }
  assert.equal((await mapOf({ readable: set(), refuse })).requests, 1)
})

test('a device that has everything is followed for a thousand registers, and said to go on', async () => {
  const { ranges, goesOn, requests } = await mapOf({ readable: set([0, 65_536]) })
  assert.deepEqual([ranges, goesOn, requests], [[{ first: 0, last: 1024 }], true, 17])
})

test('a device that keeps silent where it has nothing costs eight time-outs; one that is gone is left', async () => {
  let silences = 0
  const refuse = () => {
    silences++
    throw new GatewayError('TIMEOUT', 'no answer')
  }
  const { claimed, silent, isWhole } = await mapOf({ readable: set([0, 32]), refuse })
  assert.deepEqual([claimed.length, silent, isWhole, silences], [32, false, false, 8])
  silences = 0
  assert.equal((await mapOf({ readable: set(), refuse })).silent, true)
  assert.equal(silences, 1)
})

test('what was found before the connection was lost is not lost', async () => {
  const refuse = () => {
    throw new NotConnectedError('closed')
  }
  const { claimed, lost, isWhole } = await mapOf({ readable: set([0, 70]), refuse })
  assert.deepEqual([claimed.length, lost?.message, isWhole], [64 + 1, 'closed', false])
})

/** Groups of registers: gap before, and length. */
const anyGroups = fc.array(fc.tuple(fc.nat({ max: 300 }), fc.integer({ min: 1, max: 150 })), { maxLength: 12 })

function laidOut(groups: readonly (readonly [gap: number, length: number])[]): Set<number> {
  const readable = new Set<number>()
  let at = 0
  for (const [gap, length] of groups) {
    for (const one of span(at + gap, length)) readable.add(one)
    at += gap + length
  }
  return readable
}

test('property: whatever the map, what is claimed can be read, and the requests are bounded', async () => {
  const anyTable = fc.record({
    readable: anyGroups.map(laidOut),
    most: fc.integer({ min: 1, max: 125 }),
    grain: fc.constantFrom(1, 1, 2, 4),
  })
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const { claimed, requests, ranges } = await mapOf(table)
      for (const one of claimed) assert.ok(table.readable.has(one), `${one} cannot be read`)
      assert.ok(requests <= MOST_REQUESTS, `${requests} requests`)
      for (const [index, { first }] of ranges.entries())
        assert.ok(index === 0 || first > ranges[index - 1]!.last + 1, 'ranges that touch are one')
    }),
    { numRuns: 300 },
  )
})

test('property: the exact end of registers in a row is found with one request for each 64 of them, and nine more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1024 }), fc.integer({ min: 64, max: 125 }), async (count, most) => {
      const { claimed, foundAt, isWhole } = await mapOf({ readable: set([0, count]), most })
      assert.deepEqual(claimed, span(0, count))
      assert.ok(foundAt <= Math.floor(count / 64) + 9, `the ${foundAt}th request found the last of ${count}`)
      assert.ok(isWhole)
    }),
    { numRuns: 300 },
  )
})

test('property: groups that are as long as the gaps before them are all found', async () => {
  const anyTwo = fc
    .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 128 }), fc.integer({ min: 128, max: 140 }))
    .map(([length, gap, next]) => laidOut([[0, length], [gap, next]])) // prettier-ignore
  await fc.assert(
    fc.asyncProperty(anyTwo, async (readable) => {
      assert.deepEqual((await mapOf({ readable })).claimed, [...readable])
    }),
    { numRuns: 200 },
  )
})
