/** What becomes of spans when the collector is away, hangs, refuses, or is slow: nothing waits without bound, and everything is counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { silentLog } from '../core/log.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { SpanQueue, type QueueOptions, type Sent } from './span-queue.ts'

const span = (): ReadableSpan => ({ name: 'x'.repeat(500) }) as never
const TAKEN: Sent = { refused: 0 }

function start(send: QueueOptions['send'], more: Partial<QueueOptions> = {}) {
  const clock = new VirtualClock()
  const queue = new SpanQueue({ clock, log: silentLog, queueSpans: 100, batchSpans: 10, everyMs: 1000, send, ...more })
  const add = (count: number): void => {
    for (let at = 0; at < count; at++) queue.onEnd(span())
  }
  return { clock, queue, add }
}

test('spans go when a batch is full, or after a while; all are counted as sent', async () => {
  const sizes: number[] = []
  const { clock, queue, add } = start(async ({ length }) => (sizes.push(length), TAKEN))
  add(10)
  await clock.advance(0)
  assert.deepEqual([sizes, queue.sent], [[10], 10])
  add(3)
  await clock.advance(999)
  assert.deepEqual(sizes, [10])
  await clock.advance(1)
  assert.deepEqual([sizes, queue.sent, queue.dropped, queue.length], [[10, 3], 13, 0, 0])
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A minute of 1,000 spans a second: what waits at its most, and the growth of the heap. */
async function flood(send: QueueOptions['send'], queueSpans: number) {
  const { clock, queue, add } = start(send, { queueSpans, batchSpans: Math.min(512, queueSpans) })
  let most = 0
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let second = 0; second < 60; second++) {
    add(1000)
    most = Math.max(most, queue.length)
    await clock.advance(1000)
  }
  collectGarbage()
  return { queue, most, grownBytes: process.memoryUsage().heapUsed - before }
}

const FAR_SIDES: Readonly<Record<string, QueueOptions['send']>> = {
  'refuses the connection': async () => {
    throw new Error('nobody listens there')
  },
  'never answers': () => new Promise(() => undefined),
  'is busy': async () => ({ retryAfterMs: 3_600_000, why: 'it answers 503' }),
}

for (const [name, send] of Object.entries(FAR_SIDES)) {
  test(`a collector that ${name} for a minute: what waits is bounded, the rest is dropped and counted`, async () => {
    const { queue, most, grownBytes } = await flood(send, 2048)
    assert.ok(most <= 2048, `${most} waited`)
    assert.equal(queue.sent, 0)
    assert.equal(queue.dropped + queue.length, 60_000)
    assert.ok(queue.dropped >= 60_000 - 2048)
    assert.ok(grownBytes < 8 * 2 ** 20, `the heap grew by ${grownBytes} bytes`)
    // The control: without a bound the same minute is seen in both figures.
    const free = await flood(send, Infinity)
    assert.ok(free.most > 20_000, `${free.most} waited without a bound`)
  })
}

test('what is refused for a moment is tried four times, with growing pauses, and dropped then; what is refused for good once', async () => {
  const at: number[] = []
  const { clock, queue, add } = start(
    async () => (at.push(clock.monotonic()), { retryAfterMs: undefined, why: 'busy' }),
  )
  add(10)
  await clock.advance(60_000)
  assert.deepEqual([at, queue.dropped, queue.length], [[0, 1000, 3000, 7000], 10, 0])
  const refusing = start(async ({ length }) => ({ refused: length, why: 'it answers 400' }))
  refusing.add(10)
  await refusing.clock.advance(0)
  assert.deepEqual([refusing.queue.sent, refusing.queue.dropped], [0, 10])
})

test('of a batch that was taken in part each is counted as what became of it', async () => {
  const { clock, queue, add } = start(async () => ({ refused: 4, why: 'some' }))
  add(10)
  await clock.advance(0)
  assert.deepEqual([queue.sent, queue.dropped], [6, 4])
})

test('the log hears once that the collector is away, and once that it is there again', async () => {
  const log = createRecordingLog()
  let isUp = false
  const { clock, add } = start(async () => (isUp ? TAKEN : { retryAfterMs: undefined, why: 'nobody there' }), { log })
  for (let round = 0; round < 5; round++) {
    add(10)
    await clock.advance(30_000)
  }
  isUp = true
  add(10)
  await clock.advance(1000)
  assert.deepEqual(
    log.said.map(({ level }) => level),
    ['warn', 'info'],
  )
})

test('the end sends what is left, and waits a second for a collector that hangs', async () => {
  const taken: number[] = []
  const { queue, add } = start(async ({ length }) => (taken.push(length), TAKEN))
  add(25)
  await queue.shutdown()
  assert.deepEqual([taken.reduce((sum, some) => sum + some, 0), queue.sent, queue.length], [25, 25, 0])
  add(1)
  assert.equal(queue.dropped, 1)

  const hanging = start(
    (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )
  hanging.add(25)
  const ended = hanging.queue.shutdown()
  await hanging.clock.advance(1000)
  await ended
  assert.deepEqual([hanging.queue.dropped, hanging.queue.length], [25, 0])
})
