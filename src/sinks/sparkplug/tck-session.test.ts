/** Sparkplug 3.0, chapters 2 and 5: CONNECT, will, subscriptions, the order of births, and how a session ends. */
import assert from 'node:assert/strict'
import { assertOverSessions, type Assertion } from '../../testing/sparkplug-assertions.ts'
import { GROUP, metricOf, NODE, type SparkplugRecording } from '../../testing/sparkplug-recording.ts'
import { sparkplug } from './sink.ts'

const is5 = ({ connect }: SparkplugRecording) => connect.protocolVersion === 5
const bdSeqOf = (message: SparkplugRecording['messages'][number]) => Number(metricOf(message, 'bdSeq').value)
const firstOf = ({ messages }: SparkplugRecording, type: RegExp) => messages.findIndex((each) => type.test(each.type))
const packetAt = ({ packets }: SparkplugRecording, cmd: string) => packets.findIndex((packet) => packet.cmd === cmd)

function willIsDeath({ connect }: SparkplugRecording): void {
  assert.equal(connect.will?.topic, `spBv1.0/${GROUP}/NDEATH/${NODE}`)
}

/** Every NBIRTH is followed by all DBIRTHs before anything else of the edge node. */
function birthsFollow({ messages }: SparkplugRecording): void {
  messages.forEach(({ type }, at) => {
    if (type !== 'NBIRTH') return
    assert.deepEqual(messages.slice(at + 1, at + 3).map((next) => `${next.type} ${next.device}`), ['DBIRTH press-1', 'DBIRTH press-2']) // prettier-ignore
  })
}

/** No data of a kind before the first births are complete. */
const dataWaits = (type: string) => (recording: SparkplugRecording) => {
  const first = firstOf(recording, new RegExp(`^${type}$`))
  assert.ok(first > 2, `the first ${type} is message ${first}`)
  birthsFollow(recording)
}

/** Data between the request and the births of the rebirth there is none; after them it goes on. */
function rebirthIsWhole(recording: SparkplugRecording): void {
  const { messages } = recording
  const second = messages.findLastIndex(({ type }) => type === 'NBIRTH')
  assert.ok(second > 5)
  birthsFollow(recording)
  assert.equal(messages[second + 3]?.type, 'DDATA')
}

function deathsPublished(recording: SparkplugRecording): void {
  const death = recording.messages.at(-1)!
  assert.equal(death.type, 'NDEATH')
  assert.equal(bdSeqOf(death), bdSeqOf(recording.of('NBIRTH')[0]!))
  assert.equal(recording.packets.slice(death.at + 1).filter((packet) => packet.cmd !== 'disconnect').length, 0)
}

function lostDeviceDies({ messages }: SparkplugRecording): void {
  const death = messages.findIndex(({ type, device }) => type === 'DDEATH' && device === 'press-2')
  assert.ok(death > 0)
  assert.deepEqual([messages[death - 1]!.type, messages[death - 1]!.device], ['DDATA', 'press-2'])
  const next = messages.slice(death + 1).filter(({ device }) => device === 'press-2')
  assert.deepEqual(next.slice(0, 2).map(({ type }) => type), ['DBIRTH', 'DDATA']) // prettier-ignore
}

const ASSERTIONS: readonly Assertion[] = [
  [
    'tck-id-principles-persistence-clean-session-311',
    'with MQTT 3.1.1 the session is a clean one',
    (recording) => {
      assert.equal(recording.connect.clean, true)
    },
  ],
  [
    'tck-id-principles-persistence-clean-session-50',
    'with MQTT 5.0 it starts clean and expires at once',
    (recording) => {
      assert.equal(recording.connect.clean, true)
      if (is5(recording)) assert.equal(recording.connect.properties?.sessionExpiryInterval, 0)
    },
  ],
  [
    'tck-id-principles-birth-certificates-order',
    'the first message published is a birth',
    ({ messages }) => {
      assert.equal(messages[0]!.type, 'NBIRTH')
    },
  ],
  [
    'tck-id-message-flow-edge-node-birth-publish-connect',
    'births come after CONNECT',
    (recording) => {
      assert.equal(packetAt(recording, 'connect'), 0)
      assert.ok(recording.messages[0]!.at > 0)
    },
  ],
  [
    'tck-id-message-flow-edge-node-ncmd-subscribe',
    'commands to the node are subscribed to with QoS 1, before the births',
    (recording) => {
      const { subscriptions } = recording.subscribe
      const wanted = subscriptions.find(({ topic }) => topic === `spBv1.0/${GROUP}/NCMD/${NODE}`)
      assert.equal(wanted?.qos, 1)
      assert.ok(packetAt(recording, 'subscribe') < recording.messages[0]!.at)
    },
  ],
  [
    'tck-id-message-flow-device-dcmd-subscribe',
    'commands to writable devices are subscribed to with QoS 1, before the births',
    (recording) => {
      const wanted = recording.subscribe.subscriptions.find(({ topic }) => topic.startsWith(`spBv1.0/${GROUP}/DCMD/${NODE}/`)) // prettier-ignore
      assert.equal(wanted?.qos, 1)
      assert.ok(packetAt(recording, 'subscribe') < recording.messages[0]!.at)
    },
  ],
  ['tck-id-message-flow-edge-node-birth-publish-will-message', 'CONNECT has a will', willIsDeath],
  ['tck-id-payloads-ndeath-will-message', 'the will is the NDEATH', willIsDeath],
  ['tck-id-message-flow-edge-node-birth-publish-will-message-topic', 'its topic is that of the NDEATH', willIsDeath],
  [
    'tck-id-message-flow-edge-node-birth-publish-will-message-payload',
    'its payload is a Sparkplug payload',
    ({ will }) => {
      assert.equal(will.metrics.length, 1)
    },
  ],
  [
    'tck-id-message-flow-edge-node-birth-publish-will-message-payload-bdSeq',
    'it holds bdSeq as an Int64; how it counts is tested over 257 connections',
    ({ will }) => {
      assert.deepEqual([will.metrics[0]!.name, will.metrics[0]!.type, will.metrics[0]!.value], ['bdSeq', 'Int64', '0'])
    },
  ],
  ['tck-id-message-flow-edge-node-birth-publish-will-message-qos', 'its QoS is 1', qos1],
  ['tck-id-payloads-ndeath-will-message-qos', 'its QoS is 1', qos1],
  ['tck-id-message-flow-edge-node-birth-publish-will-message-will-retained', 'it is not retained', notRetained],
  ['tck-id-payloads-ndeath-will-message-retain', 'it is not retained', notRetained],
  [
    'tck-id-message-flow-device-birth-publish-nbirth-wait',
    'no DBIRTH without an NBIRTH before it in the session',
    (recording) => {
      assert.ok(firstOf(recording, /^NBIRTH$/) < firstOf(recording, /^DBIRTH$/))
    },
  ],
  ['tck-id-payloads-dbirth-order', 'all DBIRTHs follow the NBIRTH, before any data', birthsFollow],
  ['tck-id-payloads-ndata-order', 'no NDATA before all births', dataWaits('NDATA')],
  ['tck-id-payloads-ddata-order', 'no DDATA before all births', dataWaits('DDATA')],
  [
    'tck-id-operational-behavior-data-commands-rebirth-action-1',
    'a rebirth request stops the data at once',
    rebirthIsWhole,
  ],
  ['tck-id-operational-behavior-data-commands-rebirth-action-2', 'then all births are sent', rebirthIsWhole],
  [
    'tck-id-operational-behavior-data-commands-rebirth-action-3',
    'with the bdSeq of the will, and no death',
    (recording) => {
      const [first, second] = recording.of('NBIRTH')
      assert.deepEqual([bdSeqOf(first!), bdSeqOf(second!)], [0, 0])
      assert.equal(recording.of('NDEATH').length, 1)
    },
  ],
  ['tck-id-operational-behavior-device-ddeath', 'a lost device has its death published', lostDeviceDies],
  [
    'tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath',
    'before it goes it publishes its death',
    deathsPublished,
  ],
  ['tck-id-payloads-ndeath-will-message-publisher', 'before it goes it publishes its death', deathsPublished],
  [
    'tck-id-operational-behavior-edge-node-intentional-disconnect-packet',
    'DISCONNECT follows the death at once',
    ({ packets, messages }) => {
      assert.equal(packets[messages.at(-1)!.at + 1]?.cmd, 'disconnect')
    },
  ],
  [
    'tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt311',
    'with MQTT 3.1.1 the death comes before DISCONNECT',
    deathsPublished,
  ],
  [
    'tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50',
    'with MQTT 5.0 DISCONNECT asks for the will',
    (recording) => {
      if (is5(recording)) assert.equal(recording.disconnect.reasonCode, 0x04)
    },
  ],
  [
    'tck-id-operational-behavior-primary-application-state-with-multiple-servers-single-server',
    'one connection at a time; over several brokers tested with the primary host',
    ({ packets }) => {
      assert.equal(packets.filter(({ cmd }) => cmd === 'connect').length, 1)
    },
  ],
]

function qos1({ connect }: SparkplugRecording): void {
  assert.equal(connect.will?.qos, 1)
}

function notRetained({ connect }: SparkplugRecording): void {
  assert.equal(connect.will?.retain, false)
}

assertOverSessions(sparkplug, ASSERTIONS)
