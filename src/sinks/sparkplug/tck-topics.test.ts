/** Sparkplug 3.0, chapter 4 (and what chapters 5 and 6 say of the same messages): topics, QoS, retain, sequence numbers, timestamps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertOverSessions, type Assertion } from '../../testing/sparkplug-assertions.ts'
import { GROUP, metricOf, NODE, type SparkplugRecording } from '../../testing/sparkplug-recording.ts'
import { sparkplugOptions } from './options.ts'
import { sparkplug } from './sink.ts'

type Check = (recording: SparkplugRecording) => void

const all =
  (...checks: Check[]): Check =>
  (recording) =>
    checks.forEach((check) => check(recording))

const some = ({ of }: SparkplugRecording, type: string) => {
  const messages = of(type)
  assert.ok(messages.length > 0, `the recording has no ${type}`)
  return messages
}

const topic =
  (type: string): Check =>
  (recording) => {
    for (const message of some(recording, type)) {
      const device = type.startsWith('D') ? `/${message.device}` : ''
      assert.equal(message.topic, `spBv1.0/${GROUP}/${type}/${NODE}${device}`)
      if (type.startsWith('D')) assert.ok(['press-1', 'press-2'].includes(message.device!))
    }
  }

const qos0 =
  (type: string): Check =>
  (recording) => {
    for (const { qos } of some(recording, type)) assert.equal(qos, 0)
  }

const unretained =
  (type: string): Check =>
  (recording) => {
    for (const { retain } of some(recording, type)) assert.equal(retain, false)
  }

/** It has a seq, one more than the message before; after 255 comes 0. */
const counts =
  (type: string): Check =>
  (recording) => {
    some(recording, type)
    recording.messages.forEach(({ type: its, payload }, at) => {
      if (its !== type) return
      assert.equal(payload.seq, (recording.messages[at - 1]!.payload.seq! + 1) % 256)
    })
  }

const zero: Check = (recording) => {
  for (const { payload } of some(recording, 'NBIRTH')) assert.equal(payload.seq, 0)
}

/** The payload has the time at which it was sent. */
const timed =
  (type: string): Check =>
  (recording) => {
    for (const { payload } of some(recording, type)) {
      assert.ok(payload.timestamp! >= recording.began && payload.timestamp! <= recording.ended)
    }
  }

const payload =
  (type: string): Check =>
  (recording) => {
    for (const { payload: decoded, bytes } of some(recording, type)) assert.ok(bytes.length > 0 && decoded.metrics.length > 0) // prettier-ignore
  }

const noSeqInDeaths: Check = (recording) => {
  for (const message of some(recording, 'NDEATH')) assert.equal(message.payload.seq, undefined)
  assert.equal(recording.will.seq, undefined)
}

const bdSeqMatches: Check = (recording) => {
  for (const birth of some(recording, 'NBIRTH'))
    assert.deepEqual(metricOf(birth, 'bdSeq').value, recording.will.metrics[0]!.value)
}

const rebirthMetric: Check = (recording) => {
  for (const birth of some(recording, 'NBIRTH')) {
    const { type, value, alias } = metricOf(birth, 'Node Control/Rebirth')
    assert.deepEqual([type, value, alias], ['Boolean', false, undefined])
  }
}

const sequenceRuns: Check = all(zero, counts('DBIRTH'), counts('DDATA'), counts('NDATA'), counts('DDEATH'))

const wraps: Check = (recording) => {
  sequenceRuns(recording)
  assert.ok(
    recording.of('DDATA').some((message) => message.payload.seq === 0),
    'it never came to 0 again',
  )
  assert.ok(recording.messages.every((message) => (message.payload.seq ?? 0) <= 255))
}

const ASSERTIONS: readonly Assertion[] = [
  [
    'tck-id-topic-structure',
    'namespace, group, type, edge node, device',
    ({ messages }) => {
      for (const each of messages) assert.match(each.topic, /^[^/]+\/[^/]+\/[ND](BIRTH|DEATH|DATA)\/[^/]+(\/[^/]+)?$/)
    },
  ],
  [
    'tck-id-topic-structure-namespace-a',
    'the namespace is spBv1.0',
    ({ messages }) => {
      for (const each of messages) assert.ok(each.topic.startsWith('spBv1.0/'))
    },
  ],
  [
    'tck-id-topic-structure-namespace-device-id-associated-message-types',
    'messages of devices name the device',
    ({ messages }) => {
      for (const each of messages) if (each.type.startsWith('D')) assert.ok(each.device)
    },
  ],
  [
    'tck-id-topic-structure-namespace-device-id-non-associated-message-types',
    'messages of the node name none',
    ({ messages }) => {
      for (const each of messages) if (each.type.startsWith('N')) assert.equal(each.device, undefined)
    },
  ],
  [
    'tck-id-topic-structure-namespace-unique-device-id',
    'each device has an id of its own',
    (recording) => {
      assert.deepEqual(recording.of('DBIRTH').slice(0, 2).map(({ device }) => device), ['press-1', 'press-2']) // prettier-ignore
    },
  ],
  [
    'tck-id-topic-structure-namespace-duplicate-device-id-across-edge-node',
    'a device id may be that of another edge node: the group and node stand before it',
    topic('DBIRTH'),
  ],
  ['tck-id-topics-nbirth-topic', 'NBIRTH: topic', topic('NBIRTH')],
  ['tck-id-topics-nbirth-mqtt', 'NBIRTH: QoS 0, not retained', all(qos0('NBIRTH'), unretained('NBIRTH'))],
  ['tck-id-topics-nbirth-seq-num', 'NBIRTH: seq 0', zero],
  ['tck-id-topics-nbirth-timestamp', 'NBIRTH: time of sending', timed('NBIRTH')],
  ['tck-id-topics-nbirth-bdseq-included', 'NBIRTH: bdSeq', bdSeqMatches],
  ['tck-id-topics-nbirth-bdseq-matching', 'NBIRTH: the bdSeq of the will', bdSeqMatches],
  ['tck-id-topics-nbirth-rebirth-metric', 'NBIRTH: Node Control/Rebirth, Boolean, false', rebirthMetric],
  ['tck-id-topics-dbirth-topic', 'DBIRTH: topic', topic('DBIRTH')],
  ['tck-id-topics-dbirth-mqtt', 'DBIRTH: QoS 0, not retained', all(qos0('DBIRTH'), unretained('DBIRTH'))],
  ['tck-id-topics-dbirth-seq', 'DBIRTH: seq counts on', counts('DBIRTH')],
  ['tck-id-topics-dbirth-timestamp', 'DBIRTH: time of sending', timed('DBIRTH')],
  ['tck-id-topics-ndata-topic', 'NDATA: topic', topic('NDATA')],
  ['tck-id-topics-ndata-mqtt', 'NDATA: QoS 0, not retained', all(qos0('NDATA'), unretained('NDATA'))],
  ['tck-id-topics-ndata-seq-num', 'NDATA: seq counts on', counts('NDATA')],
  ['tck-id-topics-ndata-timestamp', 'NDATA: time of sending', timed('NDATA')],
  ['tck-id-topics-ddata-topic', 'DDATA: topic', topic('DDATA')],
  ['tck-id-topics-ddata-mqtt', 'DDATA: QoS 0, not retained', all(qos0('DDATA'), unretained('DDATA'))],
  ['tck-id-topics-ddata-seq-num', 'DDATA: seq counts on', counts('DDATA')],
  ['tck-id-topics-ddata-timestamp', 'DDATA: time of sending', timed('DDATA')],
  ['tck-id-topics-ddeath-topic', 'DDEATH: topic', topic('DDEATH')],
  ['tck-id-topics-ddeath-mqtt', 'DDEATH: QoS 0, not retained', all(qos0('DDEATH'), unretained('DDEATH'))],
  ['tck-id-topics-ddeath-seq-num', 'DDEATH: seq counts on', counts('DDEATH')],
  ['tck-id-topics-ndeath-topic', 'NDEATH: topic', topic('NDEATH')],
  [
    'tck-id-topics-ndeath-payload',
    'NDEATH: bdSeq and nothing else',
    (recording) => {
      for (const each of [recording.will, ...some(recording, 'NDEATH').map((message) => message.payload)])
        assert.deepEqual(each.metrics.map(({ name }) => name), ['bdSeq']) // prettier-ignore
    },
  ],
  ['tck-id-topics-ndeath-seq', 'NDEATH: no seq', noSeqInDeaths],

  ['tck-id-message-flow-edge-node-birth-publish-nbirth-topic', 'NBIRTH: topic', topic('NBIRTH')],
  ['tck-id-message-flow-edge-node-birth-publish-nbirth-payload', 'NBIRTH: a Sparkplug payload', payload('NBIRTH')],
  [
    'tck-id-message-flow-edge-node-birth-publish-nbirth-payload-bdSeq',
    'NBIRTH: bdSeq as Int64, as in CONNECT',
    all(bdSeqMatches, (recording) => {
      for (const birth of recording.of('NBIRTH')) assert.equal(metricOf(birth, 'bdSeq').type, 'Int64')
    }),
  ],
  ['tck-id-message-flow-edge-node-birth-publish-nbirth-payload-seq', 'NBIRTH: seq from 0 to 255', zero],
  ['tck-id-message-flow-edge-node-birth-publish-nbirth-qos', 'NBIRTH: QoS 0', qos0('NBIRTH')],
  ['tck-id-message-flow-edge-node-birth-publish-nbirth-retained', 'NBIRTH: not retained', unretained('NBIRTH')],
  ['tck-id-message-flow-device-birth-publish-dbirth-topic', 'DBIRTH: topic', topic('DBIRTH')],
  ['tck-id-message-flow-device-birth-publish-dbirth-match-edge-node-topic', 'DBIRTH: as its NBIRTH', topic('DBIRTH')],
  ['tck-id-message-flow-device-birth-publish-dbirth-payload', 'DBIRTH: a Sparkplug payload', payload('DBIRTH')],
  ['tck-id-message-flow-device-birth-publish-dbirth-payload-seq', 'DBIRTH: seq counts on', counts('DBIRTH')],
  ['tck-id-message-flow-device-birth-publish-dbirth-qos', 'DBIRTH: QoS 0', qos0('DBIRTH')],
  ['tck-id-message-flow-device-birth-publish-dbirth-retained', 'DBIRTH: not retained', unretained('DBIRTH')],

  ['tck-id-payloads-nbirth-timestamp', 'NBIRTH: time of sending', timed('NBIRTH')],
  ['tck-id-payloads-nbirth-seq', 'NBIRTH: seq from 0 to 255', zero],
  ['tck-id-payloads-nbirth-bdseq', 'NBIRTH: bdSeq', bdSeqMatches],
  ['tck-id-payloads-nbirth-bdseq-repeat', 'NBIRTH: the bdSeq of the will, in a rebirth too', bdSeqMatches],
  ['tck-id-payloads-nbirth-rebirth-req', 'NBIRTH: Node Control/Rebirth', rebirthMetric],
  ['tck-id-payloads-nbirth-qos', 'NBIRTH: QoS 0', qos0('NBIRTH')],
  ['tck-id-payloads-nbirth-retain', 'NBIRTH: not retained', unretained('NBIRTH')],
  ['tck-id-payloads-dbirth-timestamp', 'DBIRTH: time of sending', timed('DBIRTH')],
  ['tck-id-payloads-dbirth-seq', 'DBIRTH: a seq', counts('DBIRTH')],
  ['tck-id-payloads-dbirth-seq-inc', 'DBIRTH: seq counts on', counts('DBIRTH')],
  ['tck-id-payloads-dbirth-qos', 'DBIRTH: QoS 0', qos0('DBIRTH')],
  ['tck-id-payloads-dbirth-retain', 'DBIRTH: not retained', unretained('DBIRTH')],
  ['tck-id-payloads-ndata-timestamp', 'NDATA: time of sending', timed('NDATA')],
  ['tck-id-payloads-ndata-seq', 'NDATA: a seq', counts('NDATA')],
  ['tck-id-payloads-ndata-seq-inc', 'NDATA: seq counts on', counts('NDATA')],
  ['tck-id-payloads-ndata-qos', 'NDATA: QoS 0', qos0('NDATA')],
  ['tck-id-payloads-ndata-retain', 'NDATA: not retained', unretained('NDATA')],
  ['tck-id-payloads-ddata-timestamp', 'DDATA: time of sending', timed('DDATA')],
  ['tck-id-payloads-ddata-seq', 'DDATA: a seq', counts('DDATA')],
  ['tck-id-payloads-ddata-seq-inc', 'DDATA: seq counts on, from 255 to 0', all(counts('DDATA'), wraps)],
  ['tck-id-payloads-ddata-qos', 'DDATA: QoS 0', qos0('DDATA')],
  ['tck-id-payloads-ddata-retain', 'DDATA: not retained', unretained('DDATA')],
  ['tck-id-payloads-ddeath-timestamp', 'DDEATH: time of sending', timed('DDEATH')],
  ['tck-id-payloads-ddeath-seq', 'DDEATH: a seq', counts('DDEATH')],
  ['tck-id-payloads-ddeath-seq-inc', 'DDEATH: seq counts on', counts('DDEATH')],
  ['tck-id-payloads-ddeath-seq-number', 'DDEATH: a seq', counts('DDEATH')],
  ['tck-id-payloads-ndeath-seq', 'NDEATH: no seq', noSeqInDeaths],
  [
    'tck-id-payloads-ndeath-bdseq',
    'NDEATH: the bdSeq of its NBIRTH',
    all(bdSeqMatches, (recording) => {
      for (const death of recording.of('NDEATH')) assert.equal(metricOf(death, 'bdSeq').value, '0')
    }),
  ],
  [
    'tck-id-payloads-sequence-num-always-included',
    'every message but NDEATH has a seq',
    ({ messages }) => {
      for (const each of messages) assert.equal(each.payload.seq === undefined, each.type === 'NDEATH')
    },
  ],
  ['tck-id-payloads-sequence-num-req-nbirth', 'NBIRTH: seq from 0 to 255', zero],
  ['tck-id-payloads-sequence-num-zero-nbirth', 'NBIRTH: seq from 0 to 255', zero],
  ['tck-id-payloads-sequence-num-incrementing', 'seq counts on over all messages, and from 255 to 0', wraps],
]

assertOverSessions(sparkplug, ASSERTIONS)

for (const [id, option] of [
  ['tck-id-topic-structure-namespace-valid-group-id', 'groupId'],
  ['tck-id-topic-structure-namespace-valid-edge-node-id', 'edgeNodeId'],
] as const) {
  test(`${id}: an id with +, / or # is refused`, () => {
    const options = { urls: 'mqtt://127.0.0.1', groupId: 'plant', edgeNodeId: 'gateway' }
    assert.ok(sparkplugOptions.safeParse({ ...options, [option]: 'Grüße 温度 1' }).success)
    for (const reserved of ['a+b', 'a/b', 'a#b', '', 'a\u0000']) {
      const { error } = sparkplugOptions.safeParse({ ...options, [option]: reserved })
      assert.deepEqual(error?.issues.map(({ path }) => path.join()), [option]) // prettier-ignore
    }
  })
}

test('tck-id-topic-structure-namespace-valid-device-id: a device with +, / or # in its name is refused', () => {
  const options = sparkplugOptions.parse({ urls: 'mqtt://127.0.0.1', groupId: 'plant', edgeNodeId: 'gateway' })
  const tags = ['press-1', 'hall/press', 'a+b', 'a#b'].map((device) => ({ device, name: 'level' }))
  assert.deepEqual(
    sparkplug.conflicts!(options, tags).map((sentence) => /device "(.*?)".*may not contain/.exec(sentence)?.[1]),
    ['hall/press', 'a+b', 'a#b'],
  )
})

test('tck-id-case-sensitivity-sparkplug-ids: devices that differ in case only are warned of', () => {
  const tags = ['Press', 'press', 'other'].map((device) => ({ device, name: 'level' }))
  assert.match(
    sparkplug.cautions!({} as never, tags).join(),
    /^"Press" and "press" differ in upper and lower case only/,
  )
})

test('tck-id-case-sensitivity-metric-names: tags of a device that differ in case only are warned of', () => {
  const tags = [['a', 'Level'], ['a', 'level'], ['b', 'LEVEL']].map(([device, name]) => ({ device: device!, name: name! })) // prettier-ignore
  assert.deepEqual(sparkplug.cautions!({} as never, tags).length, 1)
  assert.match(sparkplug.cautions!({} as never, tags).join(), /"a\/Level" and "a\/level"/)
})
