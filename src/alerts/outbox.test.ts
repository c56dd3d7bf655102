/** The queue of a receiver: pauses that grow, the pace, what is refused for good, a receiver that hangs, and a stop in the middle. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Message } from './message.ts'
import { ATTEMPT_MS, Outbox, type OutboxOptions } from './outbox.ts'
import type { Receiver } from './receiver.ts'

const messageOf = (id: string): Message => ({ id, group: 'BifrostSinkDown', alerts: [], truncated: 0, at: 0 })

function rig(send: (message: Message) => Promise<void>, options: Partial<OutboxOptions> = {}, kept: Message[] = []) {
  const clock = new VirtualClock()
  const log = createRecordingLog()
  const attempts: string[] = []
  const receiver: Receiver = {
    where: 'office',
    send(message) {
      attempts.push(message.id)
      return send(message)
    },
    close: () => undefined,
  }
  const outbox = new Outbox(receiver, kept, { name: 'office', maxQueued: 10, maxPerMinute: 100, clock, log, onChange: () => undefined, ...options }) // prettier-ignore
  return { clock, log, attempts, outbox }
}

test('a receiver that is away gets everything once when it is back, in order; it is said once', async (t) => {
  let away = true
  const { clock, log, attempts, outbox } = rig(async () => {
    if (away) throw new NotConnectedError('nobody listens')
  })
  t.after(() => outbox.close())
  outbox.add(messageOf('a'))
  outbox.add(messageOf('b'))
  outbox.start()
  await clock.advance(3_600_000)
  const tries = attempts.length
  assert.ok(tries > 10 && tries < 40, `${tries} attempts in an hour: pauses grow to five minutes`)
  assert.deepEqual([outbox.status().failed, outbox.status().sent, outbox.waiting.length], [tries, 0, 2])
  away = false
  await clock.advance(300_000)
  assert.deepEqual(attempts.slice(tries), ['a', 'b'])
  assert.deepEqual([outbox.status().sent, outbox.waiting.length, outbox.status().lastError], [2, 0, undefined])
  assert.equal(log.said.filter(({ level }) => level === 'warn').length, 1)
})

test('a message that is refused for good is dropped, counted and said; the next one goes', async (t) => {
  const { clock, log, outbox } = rig(async ({ id }) => {
    if (id === 'a') throw new GatewayError('SINK_REJECTED', 'not JSON enough')
  })
  t.after(() => outbox.close())
  outbox.add(messageOf('a'))
  outbox.add(messageOf('b'))
  outbox.start()
  await clock.advance(0)
  const { sent, dropped, queued } = outbox.status()
  assert.deepEqual({ sent, dropped, queued }, { sent: 1, dropped: 1, queued: 0 })
  assert.match(log.text(), /error: .*told to nobody/)
})

test('not more than so many a minute', async (t) => {
  const { clock, attempts, outbox } = rig(async () => undefined, { maxPerMinute: 2 })
  t.after(() => outbox.close())
  for (const id of ['a', 'b', 'c', 'd', 'e']) outbox.add(messageOf(id))
  outbox.start()
  await clock.advance(59_000)
  assert.equal(attempts.length, 2)
  await clock.advance(2000)
  assert.equal(attempts.length, 4)
  await clock.advance(60_000)
  assert.equal(attempts.length, 5)
})

test('a receiver that hangs is left after half a minute, whatever it does with the signal', async (t) => {
  const { clock, attempts, outbox } = rig(() => new Promise(() => undefined))
  t.after(() => outbox.close())
  outbox.add(messageOf('a'))
  outbox.start()
  await clock.advance(ATTEMPT_MS - 1)
  assert.equal(outbox.status().failed, 0)
  await clock.advance(1)
  assert.match(outbox.status().lastError ?? '', /did not take it within 30 s/)
  await clock.advance(1000)
  assert.equal(attempts.length, 2)
})

test('a stop in the middle of an attempt ends at once, and the message stays', async () => {
  const { clock, outbox } = rig(() => new Promise(() => undefined))
  outbox.add(messageOf('a'))
  outbox.start()
  await clock.advance(1000)
  await outbox.close()
  assert.deepEqual(outbox.waiting.map(({ id }) => id), ['a']) // prettier-ignore
  assert.equal(clock.pending, 0, 'no timer stays')
})
