/** What counts as confirmed: the broker's word, and nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MqttClient } from 'mqtt'
import { InFlight, type Outgoing, type Refusals } from './in-flight.ts'

type Confirm = (error?: Error | null, packet?: { messageId?: number }) => void

/** A client that keeps the callbacks of what it is given to publish, with packet ids from 1. */
function startThree(window: number) {
  const confirm: Confirm[] = []
  const client = {
    publish: (_topic: string, _payload: string, _settings: object, done: Confirm) => void confirm.push(done),
    getLastMessageId: () => confirm.length,
    stream: { writableNeedDrain: false },
  }
  const messages: Outgoing = { topics: ['a', 'b', 'c'], payloads: ['1', '2', '3'] }
  const results: Refusals[] = []
  const settings = { qos: 1, retain: false } as const
  const inFlight = new InFlight(client as unknown as MqttClient, window, settings, messages, new Map(), (refusals) => results.push(refusals)) // prettier-ignore
  inFlight.start()
  return { confirm, results, inFlight }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a message that the client gave up with its connection is not confirmed', async () => {
  const { confirm, results, inFlight } = startThree(10)
  confirm[0]!(null, { messageId: 1 })
  confirm[1]!(new Error('Connection closed'))
  confirm[2]!(Object.assign(new Error('socket'), { code: 'ECONNRESET' }), { messageId: 3 })
  await turn()
  assert.equal(inFlight.confirmed, 1)
  assert.deepEqual(results, [])
})

test('a refusal names its message, and all others are confirmed', async () => {
  const { confirm, results } = startThree(2)
  assert.equal(confirm.length, 2)
  confirm[0]!(null, { messageId: 1 })
  confirm[1]!(Object.assign(new Error('refused'), { code: 0x97 }), { messageId: 2 })
  await turn()
  confirm[2]!(undefined, { messageId: 3 })
  await turn()
  assert.deepEqual(results, [new Map([[1, 0x97]])])
})
