/** What counts as confirmed: one word of a stream for each message of this write, and nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { InFlight } from './in-flight.ts'
import { noMessages } from './messages.ts'

const ACK = '{"stream":"PLANT","seq":1}'
const turn = () => new Promise((resolve) => setImmediate(resolve))
const said = (text: string): Msg => ({ data: Buffer.from(text), string: () => text }) as unknown as Msg

/** Three messages numbered from 10, at most `window` under way; what was published and how it ended. */
function startThree(window: number) {
  const replies: string[] = []
  const ends: unknown[] = []
  const client = { publish: (_: string, __: Uint8Array, { reply }: { reply: string }) => void replies.push(reply) }
  const messages = noMessages()
  for (const row of [0, 1, 2]) {
    messages.subjects.push(`a.${row}`)
    messages.headers.push(Buffer.alloc(1))
    messages.payloads.push(Buffer.alloc(1))
    messages.rows.push(row)
  }
  const inFlight = new InFlight({
    client: client as unknown as NatsConnection,
    inbox: '_INBOX.x.',
    base: 10,
    window,
    messages,
    done: () => ends.push('done'),
    fail: (error) => ends.push(error),
  })
  inFlight.start()
  return { replies, ends, inFlight, messages }
}

test('no more than the window is under way; done when each is confirmed', async () => {
  const { replies, ends, inFlight } = startThree(2)
  assert.deepEqual(replies, ['_INBOX.x.10', '_INBOX.x.11'])
  inFlight.answer(11, said(ACK))
  await turn()
  assert.deepEqual(replies.slice(2), ['_INBOX.x.12'])
  inFlight.answer(10, said(ACK))
  inFlight.answer(12, said(ACK))
  await turn()
  assert.deepEqual(ends, ['done'])
})

test('a confirmation of an earlier write, one that comes twice, and one of what was not sent count for nothing', async () => {
  const { ends, inFlight } = startThree(2)
  for (const number of [9, 10, 10, 12, 13, Number.NaN]) inFlight.answer(number, said(ACK))
  await turn()
  assert.deepEqual([inFlight.confirmed, ends], [1, []])
})

test('a refusal for good names its row, any other ends the write', async () => {
  const { ends, inFlight, messages } = startThree(3)
  inFlight.answer(
    11,
    said('{"error":{"code":400,"err_code":10054,"description":"too large"},"stream":"PLANT","seq":0}'),
  )
  assert.deepEqual([...messages.rejected], [[1, 'too large (10054)']])
  inFlight.answer(10, said('{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"PLANT","seq":0}')) // prettier-ignore
  inFlight.answer(12, said(ACK))
  await turn()
  assert.equal(ends.length, 1)
  assert.match(String(ends[0]), /maximum messages exceeded \(10077\)/)
})
