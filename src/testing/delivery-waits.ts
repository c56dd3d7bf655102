/** What tests of sinks wait for, and say when it does not come. */
import assert from 'node:assert/strict'
import type { DeliveryRig, Row } from './delivery-rig.ts'
import { eventually } from './peers.ts'

/** Waits until the sink shows this state (several: `Failed|Connecting`) with this reason. */
export async function shows({ runner }: Pick<DeliveryRig, 'runner'>, states: string, reason: RegExp): Promise<void> {
  const says = () => `it is ${runner.status().state}: ${runner.status().reason}`
  const isSo = () => states.split('|').includes(runner.status().state) && reason.test(runner.status().reason ?? '')
  await eventually(() => `${states} because ${reason}; ${says()}`, isSo, 5000)
}

/** Waits until so many are delivered. */
export const isDelivered = ({ runner, cursor }: DeliveryRig, count: number, timeoutMs = 10_000): Promise<void> =>
  eventually(
    () => `${count} delivered: ${JSON.stringify(runner.status())}`,
    () => cursor.ledger().delivered === count,
    timeoutMs,
  )

export const nothingDropped = ({ cursor }: DeliveryRig, pending: number): void =>
  assert.deepEqual([cursor.ledger().pending, cursor.ledger().dropped], [pending, {}])

/** Numbers from `from` up to `to`, which is not included; the first two tags take turns. */
export const counters = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, at): Row => [1 + (at % 2), from + at])
