/** Many samples a message: the forms, the bounds of a message, and rows that a broker refuses among rows that it takes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { batchOf, startDelivery, tagTable, typedTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts'
import { startJudgingBroker } from '../../testing/judging-broker.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { subscribeMqtt } from '../../testing/mqtt-subscriber.ts'
import { eventually, needs } from '../../testing/peers.ts'
import { mqtt } from './sink.ts'

const type = mqtt as unknown as SinkType
const skip = needs('mosquitto')
const PAYLOAD_INVALID = 0x99
const TOPIC_INVALID = 0x90

const settled = (rig: DeliveryRig) => eventually('all is settled', () => rig.cursor.ledger().pending === 0)
const lettersOf = (rig: DeliveryRig) =>
  readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { seq: number; reason: string }) // prettier-ignore
const seqsOf = (texts: readonly string[]) =>
  texts.flatMap((text) => (JSON.parse(text) as { samples: { seq: number }[] }).samples.map(({ seq }) => seq))

test('each payload has its form for many samples', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const watcher = await subscribeMqtt(t, broker.url, 'all/#')
  const rows: Row[] = [[1, 1.5], [2, 'x', 0, 1_732_356_000_124, true]] // prettier-ignore
  const forms = {
    'uns-json':
      '{"log":"k3f9","samples":[{"device":"press-1","tag":"level","v":1.5,"t":1732356000123,"q":0,"seq":1},{"device":"press-1","tag":"name","v":"x","t":1732356000124,"q":0,"seq":2,"h":true}]}',
    'telegraf-influx':
      'bifrost,device=press-1,tag=level,log=k3f9 value=1.5,q=0i,seq=1i 1732356000123000000\nbifrost,device=press-1,tag=name,log=k3f9 text="x",q=0i,seq=2i 1732356000124000000',
    '{"of":{tag},"value":{v}}': '[{"of":"level","value":1.5},{"of":"name","value":"x"}]',
  }
  for (const [at, [payload, text]] of Object.entries(forms).entries()) {
    const options = { url: broker.url, payload, samplesPerMessage: 10, topic: `all/${at}`, statusTopic: '' }
    const tags = typedTable(['press-1/level', 'float64'], ['press-1/name', 'string'])
    startDelivery(t, type, options, { tags }).cursor.append(batchOf(rows))
    assert.equal((await watcher.find(payload, ({ topic }) => topic === `all/${at}`)).text, text)
  }
})

test('by default a topic a device, nothing retained but the status', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const tags = tagTable('a/x', 'a/y', 'b/x')
  const rig = startDelivery(t, type, { url: broker.url, samplesPerMessage: 2 }, { tags })
  const watcher = await subscribeMqtt(t, broker.url)
  rig.cursor.append(batchOf([[1, 1], [3, 2], [2, 3], [1, 4], [3, 5]])) // prettier-ignore
  await settled(rig)
  await eventually('all came', () => watcher.messages.filter(({ text }) => text.includes('samples')).length === 3)
  const of = (name: string) => watcher.messages.filter(({ topic }) => topic === name).map(({ text }) => seqsOf([text]))
  assert.deepEqual([of('a'), of('b')], [[[1, 3], [4]], [[2, 5]]]) // prettier-ignore
  const late = await subscribeMqtt(t, broker.url)
  await late.find('the status', ({ topic }) => topic === '_gateway/state')
  assert.deepEqual(late.messages.map(({ topic }) => topic), ['_gateway/state']) // prettier-ignore
})

test('a message is never larger than the broker takes; a sample that is too large by itself is refused alone', async (t) => {
  const sizes: number[] = []
  const judge = (topic: string, payload: string) => {
    if (topic === 'all') sizes.push(Buffer.byteLength(payload))
    return 0
  }
  const broker = await startJudgingBroker(t, judge, { maximumPacketSize: 1000 })
  const tags = typedTable(['press/grüße', 'string'])
  const rig = startDelivery(t, type, { url: broker.url, topic: 'all', samplesPerMessage: 1000 }, { tags })
  const texts = Array.from({ length: 300 }, (_, at) => (at === 150 ? 'ä'.repeat(600) : 'ö'.repeat(at % 60)))
  rig.cursor.append(batchOf(texts.map((text): Row => [1, text])))
  await settled(rig)
  assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [151]) // prettier-ignore
  assert.ok(Math.max(...sizes) <= 1000, `${Math.max(...sizes)} bytes`)
  assert.ok(sizes.length < 100, `${sizes.length} messages`)
  const came = seqsOf(broker.taken.filter(([topic]) => topic === 'all').map(([, payload]) => payload))
  assert.deepEqual(came, Array.from({ length: 300 }, (_, at) => at + 1).filter((seq) => seq !== 151)) // prettier-ignore
})

test('rows that are refused for good are found among the others, which arrive once and in order', async (t) => {
  const broker = await startJudgingBroker(t, (_, payload) => (payload.includes('poison') ? PAYLOAD_INVALID : 0))
  const tags = typedTable(['press/a', 'string'], ['press/b', 'string'], ['oven/c', 'string'])
  const rig = startDelivery(t, type, { url: broker.url, samplesPerMessage: 50, statusTopic: '' }, { tags })
  const bad = new Set([3, 4, 77, 200])
  const rows = Array.from({ length: 300 }, (_, at): Row => [1 + (at % 3), bad.has(at + 1) ? 'poison' : 'fine'])
  rig.cursor.append(batchOf(rows))
  await settled(rig)
  const letters = lettersOf(rig)
  assert.deepEqual(letters.map(({ seq }) => seq).sort((a, b) => a - b), [...bad]) // prettier-ignore
  assert.match(letters[0]!.reason, /payload format is invalid/)
  for (const device of ['press', 'oven']) {
    const came = seqsOf(broker.taken.filter(([topic]) => topic === device).map(([, payload]) => payload))
    const expected = rows.flatMap(([tag], at) => ((tag === 3) === (device === 'oven') && !bad.has(at + 1) ? [at + 1] : [])) // prettier-ignore
    assert.deepEqual(came, expected, device)
  }
  assert.ok(broker.asked < 60, `${broker.asked} messages`)
})

test(
  'a broker that cuts the connection for a size it never told gets smaller messages, and nothing is lost',
  { skip },
  async (t) => {
    const broker = await startMosquitto(t, { extra: ['message_size_limit 2000'] })
    const watcher = await subscribeMqtt(t, broker.url, 'press')
    const tags = tagTable('press/a')
    const rig = startDelivery(t, type, { url: broker.url, samplesPerMessage: 100 }, { tags })
    rig.cursor.append(batchOf(Array.from({ length: 100 }, (_, at): Row => [1, at])))
    await settled(rig)
    await eventually('all came', () => new Set(seqsOf(watcher.messages.map(({ text }) => text))).size === 100)
    assert.deepEqual(rig.cursor.ledger().dropped, {})
  },
)

test('a topic that is refused takes its rows along and no others', async (t) => {
  const broker = await startJudgingBroker(t, (topic) => (topic === 'press' ? TOPIC_INVALID : 0))
  const tags = tagTable('press/a', 'oven/b')
  const rig = startDelivery(t, type, { url: broker.url, samplesPerMessage: 100, statusTopic: '' }, { tags })
  rig.cursor.append(batchOf(Array.from({ length: 40 }, (_, at): Row => [1 + (at % 2), at])))
  await settled(rig)
  assert.deepEqual([rig.cursor.ledger().dropped, broker.asked], [{ rejected: 20 }, 2])
})
