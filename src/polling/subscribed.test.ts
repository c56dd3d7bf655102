/** The evidence of subscriptions, as the values have it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver, Point } from '../core/driver.ts'
import type { LivenessView } from '../core/driver-views.ts'
import { tagSettings } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { SubscribedPoints } from './subscribed.ts'

test('a value is confirmed once a proof, also by proofs that are earlier because the clock was set back', async () => {
  const clock = new VirtualClock()
  let provenAt = 0
  const driver = {
    subscribe: () => new Promise<void>(() => {}),
    subscribes: () => true,
    liveness: () => ({ provenAt }) as LivenessView,
  } as unknown as Driver<unknown>
  const points: Point<unknown>[] = [{ tag: 0, address: '', settings: tagSettings({ name: 't' }) }]
  const signal = new AbortController().signal
  const owner = { name: 'd', clock, signal, emit() {}, lost() {}, observed() {} }
  const confirmed: number[] = []
  const subscribed = new SubscribedPoints(driver, points, owner, (_, at) => confirmed.push(at))
  subscribed.start()
  await clock.advance(1000)
  provenAt = 7_200_000
  await clock.advance(2000)
  provenAt = 3_600_000
  await clock.advance(2000)
  provenAt = 0
  await clock.advance(2000)
  assert.deepEqual(confirmed, [7_200_000, 3_600_000])
  subscribed.stop()
})
