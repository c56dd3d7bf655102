/** What ends a trial: the time, a device that is lost, silence of those that were left alone; and what does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import type { Vital } from './status.ts'
import { TrialWatch } from './trial.ts'

function startTrial(before: Record<string, Vital>, untouched: readonly string[], forMs = 600_000) {
  const clock = new VirtualClock()
  const now = new Map(Object.entries(before))
  const reasons: string[] = []
  const context = { clock, vitals: () => new Map(now), onOver: (reason: string) => void reasons.push(reason) }
  const watch = new TrialWatch(context, new Map(Object.entries(before)), new Set(untouched), forMs)
  /** Seconds pass, one at a time; `each` says what has become of the devices. */
  const pass = async (seconds: number, each: () => void = () => undefined): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      each()
      await clock.advance(1000)
    }
  }
  return { watch, now, reasons, pass }
}

const well = (samples = 0, slowestMs: number | undefined = 1000): Vital => ({ isRunning: true, samples, slowestMs })
const lost: Vital = { isRunning: false, samples: 0, slowestMs: 1000 }

test('the time is over, once', async () => {
  const { reasons, pass } = startTrial({ a: well() }, [], 5000)
  await pass(4)
  assert.deepEqual(reasons, [])
  await pass(10)
  assert.deepEqual(reasons, ['nobody confirmed it in time'])
})

test('a device that was running and is not for a while ends it; a short outage, or one that was not running, does not', async () => {
  const { now, reasons, pass } = startTrial({ a: well(), b: lost }, [])
  now.set('a', lost)
  await pass(8)
  now.set('a', well())
  await pass(20)
  assert.deepEqual(reasons, [])
  now.set('a', lost)
  await pass(12)
  assert.deepEqual(reasons, ['a was running before and is not any more'])
})

test('a device that was taken out is not missed', async () => {
  const { now, reasons, pass } = startTrial({ a: well() }, [])
  now.delete('a')
  await pass(60)
  assert.deepEqual(reasons, [])
})

test('devices that were left alone and bring nothing end it; slow ones have the time of their polls; subscribed ones may stand still', async () => {
  const fast = startTrial({ a: well(100), b: well(100) }, ['a', 'b'])
  let samples = 100
  await fast.pass(30, () => fast.now.set('a', well(++samples)))
  assert.deepEqual(fast.reasons, [])
  await fast.pass(12)
  assert.deepEqual(fast.reasons, ['the devices that it left alone bring no samples any more'])

  const slow = startTrial({ a: well(1, 60_000) }, ['a'])
  await slow.pass(150)
  assert.deepEqual(slow.reasons, [])
  await slow.pass(60)
  assert.equal(slow.reasons.length, 1)

  const subscribed = startTrial({ a: { isRunning: true, samples: 5, slowestMs: undefined } }, ['a'])
  await subscribed.pass(300)
  assert.deepEqual(subscribed.reasons, [])
})

test('one that was stopped says nothing', async () => {
  const { watch, reasons, pass } = startTrial({ a: well() }, [], 5000)
  watch.stop()
  await pass(20)
  assert.deepEqual(reasons, [])
})
