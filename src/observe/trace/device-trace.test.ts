/** The ring of one device and the bound over all of them: what is held, when it stops, what is let go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TracedExchange } from '../../core/driver.ts'
import { GatewayError } from '../../core/errors.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { DeviceTrace } from './device-trace.ts'
import { createTraces } from './traces.ts'

const exchange = (bytes = 12): TracedExchange => ({
  protocol: 'modbus/tcp',
  endpoint: '10.0.0.5:502',
  sentAt: 0,
  receivedAt: 1,
  request: new Uint8Array(bytes),
  response: undefined,
  error: undefined,
})
const numbers = (trace: DeviceTrace, after = 0, max?: number) => trace.since(after, max).map(({ number }) => number)
const FOREVER = { durationMs: 1e9, count: 1e9 }

test('a trace that was not started takes nothing and is not active', () => {
  const trace = new DeviceTrace(new VirtualClock(), { exchanges: 10, bytes: 1000 })
  assert.equal(trace.active, false)
  trace.exchange(exchange())
  assert.deepEqual(trace.since(), [])
  assert.equal(trace.status().startedAt, undefined)
})

test('the newest exchanges are held, under their own numbers, also after many', () => {
  const trace = new DeviceTrace(new VirtualClock(), { exchanges: 3, bytes: 1000 })
  trace.start(FOREVER)
  const all = Array.from({ length: 20 }, () => exchange())
  all.forEach((one, at) => {
    trace.exchange(one)
    const held = numbers(trace)
    assert.deepEqual(
      held,
      [at - 1, at, at + 1].filter((number) => number >= 1),
    )
    assert.equal(trace.since().at(-1)!.exchange, one)
  })
  const { captured, held, heldBytes } = trace.status()
  assert.deepEqual([captured, held, heldBytes], [20, 3, 36])
  assert.deepEqual(numbers(trace, 19), [20])
  assert.deepEqual(numbers(trace, 5), [18, 19, 20])
  assert.deepEqual(numbers(trace, 0, 2), [18, 19])
  assert.deepEqual(numbers(trace, 20), [])
})

test('long frames are bounded by their bytes; the newest is always held', () => {
  const trace = new DeviceTrace(new VirtualClock(), { exchanges: 100, bytes: 1000 })
  trace.start(FOREVER)
  for (let at = 0; at < 10; at++) trace.exchange(exchange(300))
  assert.deepEqual(numbers(trace), [8, 9, 10])
  assert.equal(trace.status().heldBytes, 900)
  trace.exchange(exchange(5000))
  assert.deepEqual(numbers(trace), [11])
})

test('what makes room is let go of at once, long before the ring is full', async () => {
  const trace = new DeviceTrace(new VirtualClock(), { exchanges: 1000, bytes: 1000 })
  trace.start(FOREVER)
  const first = new WeakRef(exchange(600))
  trace.exchange(first.deref()!)
  trace.exchange(exchange(600))
  assert.deepEqual(numbers(trace), [2])
  // A WeakRef keeps its target to the end of the turn in which it was looked at.
  await new Promise((resolve) => setImmediate(resolve))
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  assert.equal(first.deref(), undefined)
})

test('a trace stops by itself after its time, and keeps what it holds', async () => {
  const clock = new VirtualClock()
  const trace = new DeviceTrace(clock, { exchanges: 10, bytes: 1000 })
  trace.start({ durationMs: 600_000, count: 1e9 })
  trace.exchange(exchange())
  await clock.advance(599_999)
  assert.equal(trace.active, true)
  await clock.advance(1)
  assert.equal(trace.active, false)
  trace.exchange(exchange())
  assert.deepEqual(numbers(trace), [1])
  assert.equal(trace.status().endsAt, clock.now())
  assert.equal(clock.pending, 0)
})

test('a trace stops by itself after so many exchanges', () => {
  const clock = new VirtualClock()
  const trace = new DeviceTrace(clock, { exchanges: 10, bytes: 1000 })
  trace.start({ durationMs: 1000, count: 2 })
  for (let at = 0; at < 5; at++) trace.exchange(exchange())
  assert.deepEqual([trace.active, trace.status().captured, clock.pending], [false, 2, 0])
})

test('a new start forgets what an earlier one held, and its end', async () => {
  const clock = new VirtualClock()
  const trace = new DeviceTrace(clock, { exchanges: 10, bytes: 1000 })
  trace.start({ durationMs: 1000, count: 1e9 })
  trace.exchange(exchange())
  await clock.advance(900)
  trace.start({ durationMs: 1000, count: 1e9 })
  assert.deepEqual([trace.status().captured, numbers(trace)], [0, []])
  await clock.advance(500)
  assert.equal(trace.active, true)
})

test('so many devices are held at once: an ended trace makes room, running ones do not', () => {
  const traces = createTraces({ clock: new VirtualClock(), maxHeld: 2 })
  const first = traces.start('a')
  first.exchange(exchange())
  traces.start('b')
  assert.throws(
    () => traces.start('c'),
    (error: unknown) => error instanceof GatewayError && error.code === 'BUSY',
  )
  assert.equal(traces.start('b').active, true, 'starting anew needs no further place')
  first.stop()
  assert.deepEqual(numbers(first), [1])
  assert.equal(traces.start('c').active, true)
  assert.deepEqual(numbers(first), [], 'its place was taken')
  traces.close()
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => traces.device(name).active),
    [false, false, false],
  )
})
