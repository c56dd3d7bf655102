/** Refusals on record: the first of each address at once, the rest as counts, and no address keeps its place for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditedAction } from '../../../core/driver.ts'
import { VirtualClock } from '../../../testing/virtual-clock.ts'
import { Refusals } from './refusals.ts'

function start() {
  const clock = new VirtualClock()
  const records: AuditedAction[] = []
  const refusals = new Refusals(clock, (action) => void records.push(action))
  const add = (address: string) => refusals.add(address, `${address}:1`, 'a write', 'not allowed')
  return { clock, records, refusals, add, outcomes: () => records.map(({ from, outcome }) => `${from} ${outcome}`) }
}

test('within a minute only the first of an address is on record; the count goes with the next, or with the end', async () => {
  const { clock, add, refusals, outcomes } = start()
  for (let i = 0; i < 3; i++) add('10.0.0.1')
  await clock.advance(61_000)
  add('10.0.0.1')
  add('10.0.0.1')
  refusals.close()
  assert.deepEqual(outcomes(), [
    '10.0.0.1:1 refused: not allowed',
    '10.0.0.1:1 refused: not allowed (and 2 more before)',
    '10.0.0.1:1 refused: 1 more like this',
  ])
})

test('64 addresses have a count of their own; a minute later they make room, with their counts on record', async () => {
  const { clock, add, records, outcomes } = start()
  for (let host = 1; host <= 64; host++) for (let i = 0; i < 2; i++) add(`10.0.0.${host}`)
  for (let i = 0; i < 10; i++) add(`10.0.1.${i}`)
  assert.equal(records.length, 65, 'those beyond share one entry')
  await clock.advance(61_000)
  records.length = 0
  for (let host = 1; host <= 3; host++) add(`10.0.2.${host}`)
  assert.equal(outcomes().filter((line) => line.endsWith('1 more like this')).length, 64)
  assert.deepEqual(outcomes().filter((line) => line.startsWith('10.0.2.')), ['10.0.2.1:1 refused: not allowed', '10.0.2.2:1 refused: not allowed', '10.0.2.3:1 refused: not allowed']) // prettier-ignore
})
