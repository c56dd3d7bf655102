/**
 * Blocks of a device whose moods change from cycle to cycle: whatever it does, each cycle gives each point one row, values are those of
 * the device, requests are bounded, and a device that behaves again is read as a whole again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SampleBatch } from '../../core/batch.ts'
import { GatewayError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { isGood, statusName } from '../../core/status.ts'
import { ModbusException } from '../../protocols/modbus/index.ts'
import { pointsOf } from '../../testing/driver-suite.ts'
import { registers } from '../../testing/modbus-device.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { joinBlocks, type UnitAccess } from './block.ts'
import { modbus } from './driver.ts'
import { DeviceProfile } from './profile.ts'

const signal = new AbortController().signal

/** What a device does to a read of `count` registers from `address` on: an exception code, silence, or its values. */
interface Mood {
  readonly bad: readonly number[]
  /** What it does where a bad register is read. */
  readonly how: number | 'silent'
  readonly most: number
  /** To every request whatsoever. */
  readonly all?: number | 'silent' | undefined
}

const HEALTHY: Mood = { bad: [], how: 2, most: 125 }

function outcomeOf({ bad, how, most, all }: Mood, address: number, count: number): number | 'silent' | undefined {
  if (all !== undefined) return all
  if (bad.some((register) => address <= register && register < address + count)) return how
  return count > most ? 3 : undefined
}

function rig(addresses: readonly number[]) {
  const clock = new VirtualClock()
  const profile = new DeviceProfile({ clock, log: silentLog, quarantineMs: 30_000, store: undefined })
  const limits = { maxRegisters: 125, maxBits: 2000, maxGap: 8 }
  const points = pointsOf(modbus, registers(...addresses))
  const blocks = joinBlocks(points, { unit: 1, ...limits, order: 'ABCD', clock, profile })
  let mood = HEALTHY
  let requests = 0
  const access: UnitAccess = {
    connection: 1,
    mayAsk: () => true,
    settle: () => undefined,
    release: () => undefined,
    async request(_unit, pdu) {
      requests++
      const [address, count] = [pdu[1]! * 256 + pdu[2]!, pdu[3]! * 256 + pdu[4]!]
      const outcome = outcomeOf(mood, address, count)
      await clock.advance(outcome === 'silent' ? 1000 : 1)
      if (outcome === 'silent') throw new GatewayError('TIMEOUT', 'no answer')
      if (outcome !== undefined) throw new ModbusException(outcome)
      const values = Array.from({ length: count }, (_, index) => [0, address + index]).flat()
      return Uint8Array.of(3, count * 2, ...values)
    },
  }
  /** One poll: the outcome of each address, in order. */
  const cycle = async (now: Mood) => {
    mood = now
    requests = 0
    const batches: SampleBatch[] = []
    for (const block of blocks) while ((await block.read(access, (batch) => batches.push(batch), signal)) === 'again');
    const rows = new Map<number, string>()
    for (const batch of batches) {
      for (const { tag, value, status } of batch) {
        assert.ok(!rows.has(tag), `tag ${tag} has two rows in one cycle`)
        if (isGood(status)) assert.equal(value, addresses[tag - 1])
        rows.set(tag, statusName(status))
      }
    }
    assert.equal(rows.size, addresses.length, 'a point has no row')
    return { outcomes: points.map(({ tag }) => rows.get(tag)!), requests, blocks: blocks.length }
  }
  return { clock, profile, cycle }
}

const anyFailure = fc.constantFrom<number | 'silent'>(1, 2, 3, 4, 'silent')
const anyMood: fc.Arbitrary<Mood> = fc.record({
  bad: fc.uniqueArray(fc.nat(40), { maxLength: 4 }),
  how: anyFailure,
  most: fc.constantFrom(125, 125, 10, 1),
  all: fc.option(fc.constantFrom<number | 'silent'>(2, 4, 6, 'silent'), { nil: undefined, freq: 4 }),
})
const anyLife = fc.record({
  addresses: fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 20 }),
  moods: fc.array(fc.record({ mood: anyMood, cycles: fc.integer({ min: 1, max: 8 }) }), { minLength: 1, maxLength: 4 }),
})

test('property: one row a point in every cycle, bounded requests, and a device that behaves again is whole again', async () => {
  await fc.assert(
    fc.asyncProperty(anyLife, async ({ addresses, moods }) => {
      const { cycle, clock, profile } = rig(addresses)
      for (const { mood, cycles } of moods) {
        for (let index = 0; index < cycles; index++) {
          const { requests } = await cycle(mood)
          assert.ok(requests <= 8 * addresses.length + 20, `${requests} requests for ${addresses.length} values`)
          await clock.advance(1000)
        }
      }
      for (let index = 0; index < 3 * addresses.length; index++) {
        await clock.advance(3_600_000)
        await cycle(HEALTHY)
      }
      const { outcomes } = await cycle(HEALTHY)
      assert.ok(
        outcomes.every((outcome) => outcome === 'Good'),
        outcomes.join(),
      )
      assert.equal(profile.quarantine.size, 0)
    }),
    { numRuns: 150 },
  )
})

test('property: what is bad and stays so is all that is bad, after a few cycles, and costs no request', async () => {
  const anyDevice = fc.record({
    addresses: fc.uniqueArray(fc.nat(40), { minLength: 3, maxLength: 20 }),
    bad: fc.uniqueArray(fc.nat(40), { maxLength: 3 }),
    how: anyFailure,
  })
  await fc.assert(
    fc.asyncProperty(anyDevice, async ({ addresses, bad, how }) => {
      const mood = { bad, how, most: 125 }
      const isBad = (address: number) => bad.includes(address)
      // A device that answers nothing well cannot be told from one that is not there.
      fc.pre(addresses.filter((address) => !isBad(address)).length >= 1)
      const { cycle } = rig(addresses)
      for (let index = 0; index < 60; index++) await cycle(mood)
      let least = Infinity
      for (let index = 0; index < 3; index++) {
        const { outcomes, requests, blocks } = await cycle(mood)
        addresses.forEach((address, at) => assert.equal(outcomes[at] === 'Good', !isBad(address), `hr:${address}`))
        least = Math.min(least, requests - blocks)
      }
      assert.ok(least <= 2 * bad.length, `${least} requests more than blocks`)
    }),
    { numRuns: 150 },
  )
})
