/** Sparkplug 3.0, chapter 6 (and what chapters 4 and 5 say of the same): metrics of births and data, aliases, types, properties. */
import assert from 'node:assert/strict'
import { Status } from '../../core/status.ts'
import { assertOverSessions, type Assertion } from '../../testing/sparkplug-assertions.ts'
import { metricOf, type SentMessage, type SparkplugRecording } from '../../testing/sparkplug-recording.ts'
import type { DecodedMetric } from '../../testing/sparkplug-decoder.ts'
import { sparkplug } from './sink.ts'

/** Of Sparkplug 3.0, 6.4.16. */
const DATA_TYPES = 34
const UNALIASED = ['bdSeq', 'Node Control/Rebirth']
const isBirth = ({ type }: SentMessage) => type === 'NBIRTH' || type === 'DBIRTH'
const isData = ({ type }: SentMessage) => type === 'NDATA' || type === 'DDATA'

const metricsOf = (recording: SparkplugRecording, which: (message: SentMessage) => boolean): DecodedMetric[] => {
  const metrics = recording.messages.filter(which).flatMap(({ payload }) => payload.metrics)
  assert.ok(metrics.length > 0)
  return metrics
}

/** All metrics that data ever names were in the births before, of the same device. */
const knowsAll =
  (birth: string, data: string) =>
  ({ messages }: SparkplugRecording): void => {
    const born = new Map<string, Set<string>>()
    for (const { type, device = '', payload } of messages) {
      if (type === birth) born.set(device, new Set(payload.metrics.map(({ name }) => name)))
      if (type !== data) continue
      for (const { name } of payload.metrics) assert.ok(born.get(device)?.has(name), `${device}/${name} was never born`)
    }
  }

/** Each has a name, a type, and a value or is null. */
const complete =
  (birth: string) =>
  ({ of }: SparkplugRecording): void => {
    for (const { payload } of of(birth)) {
      for (const { sentName, sentType, isNull, hasValue } of payload.metrics) {
        assert.ok(sentName !== undefined && sentName !== '')
        assert.ok(sentType !== undefined)
        assert.equal(hasValue, !isNull, `${sentName} has neither value nor null, or both`)
      }
    }
  }

/** Where is_historical is not set, times never go back within a message. */
const chronological =
  (...types: string[]) =>
  ({ messages }: SparkplugRecording): void => {
    for (const { type, payload } of messages) {
      if (!types.includes(type)) continue
      const times = payload.metrics.filter(({ isHistorical }) => !isHistorical).map(({ timestamp }) => timestamp!)
      assert.deepEqual(
        times,
        times.toSorted((one, other) => one - other),
      )
    }
  }

/** No value is sent again that has not changed, within a session. */
const byException =
  (data: string) =>
  ({ messages }: SparkplugRecording): void => {
    const last = new Map<string, string>()
    for (const { type, device, payload } of messages) {
      if (type !== data) continue
      for (const { name, value, timestamp, properties } of payload.metrics) {
        const now = JSON.stringify([value, timestamp, properties])
        assert.notEqual(last.get(`${device}/${name}`), now, `${device}/${name} was sent twice`)
        last.set(`${device}/${name}`, now)
      }
    }
  }

function aliased(recording: SparkplugRecording): void {
  for (const { name, alias } of metricsOf(recording, isBirth))
    assert.equal(alias === undefined, UNALIASED.includes(name), name)
}

function births({ of }: SparkplugRecording): void {
  const [press] = of('DBIRTH', 'press-1')
  const told = Object.fromEntries(press!.payload.metrics.map(({ name, type, value }) => [name, [type, value]]))
  assert.deepEqual(told, {
    level: ['Double', 1],
    count: ['Int32', 4],
    state: ['String', 'steht'],
    running: ['Boolean', true],
    never: ['UInt32', null],
  })
  const int64 = metricOf(of('DBIRTH', 'press-2')[0]!, 'Zähler/Σ')
  assert.deepEqual([int64.type, int64.value], ['Int64', '1099511627776'])
}

function rebirthIsFalse({ of }: SparkplugRecording): void {
  for (const birth of of('NBIRTH')) {
    const { sentName, type, value } = metricOf(birth, 'Node Control/Rebirth')
    assert.deepEqual([sentName, type, value], ['Node Control/Rebirth', 'Boolean', false])
  }
}

/** The properties of the metrics that have such a one. */
const properties = (recording: SparkplugRecording) => {
  const found = metricsOf(recording, () => true).flatMap((metric) => Object.entries(metric.properties))
  assert.ok(found.length > 0)
  return found
}

const pairs = (recording: SparkplugRecording): void => {
  // The decoder pairs keys with values: one without the other would be undefined or missing.
  for (const [key, { value }] of properties(recording)) assert.ok(key !== '' && value !== undefined)
  const { properties: level } = metricOf(recording.of('DBIRTH', 'press-1')[0]!, 'level')
  assert.deepEqual(level, {
    engUnit: { type: 'String', value: 'm' },
    engLow: { type: 'Double', value: 0 },
    engHigh: { type: 'Double', value: 10 },
  })
}

/** The qualities that the data told, with the status behind each. */
function qualities(recording: SparkplugRecording): void {
  const told = recording
    .of('DDATA')
    .flatMap(({ payload }) =>
      payload.metrics.flatMap(({ name, properties: { Quality, StatusCode } }) =>
        Quality === undefined ? [] : [[name, Quality.type, Quality.value, Number(StatusCode!.value)]],
      ),
    )
  assert.deepEqual(told, [
    ['count', 'Int32', 0, Status.BadDeviceFailure],
    ['level', 'Int32', 192, Status.UncertainEngineeringUnitsExceeded],
    ['never', 'Int32', 0, Status.BadNotReadable],
    ['level', 'Int32', 500, Status.UncertainLastUsableValue],
    ['temp', 'Int32', 0, Status.BadNoCommunication],
    ['Zähler/Σ', 'Int32', 0, Status.BadNoCommunication],
  ])
}

const timestamps = (recording: SparkplugRecording): void => {
  for (const { name, timestamp } of metricsOf(recording, (message) => isBirth(message) || isData(message)))
    assert.ok(timestamp !== undefined && timestamp > 1.7e12 && timestamp <= recording.ended, name)
}

const ASSERTIONS: readonly Assertion[] = [
  ['tck-id-topics-nbirth-metric-reqs', 'NBIRTH: every metric of the node', knowsAll('NBIRTH', 'NDATA')],
  ['tck-id-topics-nbirth-metrics', 'NBIRTH: name, type and value of each', complete('NBIRTH')],
  ['tck-id-topics-dbirth-metric-reqs', 'DBIRTH: every metric of the device', knowsAll('DBIRTH', 'DDATA')],
  ['tck-id-topics-dbirth-metrics', 'DBIRTH: name, type and value of each', complete('DBIRTH')],
  [
    'tck-id-topics-ndata-payload',
    'NDATA: what changed at the node: a gap',
    ({ of }) => {
      const [gap] = of('NDATA')
      const { value } = metricOf(gap!, 'Bifrost/Gap')
      assert.deepEqual(JSON.parse(value as string), { log: 'k3f9', fromSeq: 90, toSeq: 99, samples: 10, reason: 'age', fromTime: 1, toTime: 2 }) // prettier-ignore
    },
  ],
  [
    'tck-id-topics-ddata-payload',
    'DDATA: what changed at the device, in the order of time',
    ({ of }) => {
      const told = of('DDATA', 'press-1').slice(0, 3).map(({ payload }) => payload.metrics.map(({ name, value }) => [name, value])) // prettier-ignore
      assert.deepEqual(told, [
        [['count', -7], ['state', 'läuft'], ['level', 1.5], ['running', false]],
        // The time of level goes back: its samples keep their order, in two messages.
        [['level', 2.5]],
        [['level', 2.25], ['count', 8]],
      ]) // prettier-ignore
    },
  ],
  ['tck-id-operational-behavior-data-publish-nbirth', 'NBIRTH: every metric of the node', knowsAll('NBIRTH', 'NDATA')],
  ['tck-id-operational-behavior-data-publish-nbirth-values', 'NBIRTH: values, or null', complete('NBIRTH')],
  ['tck-id-operational-behavior-data-publish-nbirth-change', 'NDATA: only changes', byException('NDATA')],
  ['tck-id-operational-behavior-data-publish-nbirth-order', 'NBIRTH, NDATA: by time', chronological('NBIRTH', 'NDATA')],
  [
    'tck-id-operational-behavior-data-publish-dbirth',
    'DBIRTH: every metric of the device',
    knowsAll('DBIRTH', 'DDATA'),
  ],
  [
    'tck-id-operational-behavior-data-publish-dbirth-values',
    'DBIRTH: the current values, or null',
    (recording) => {
      complete('DBIRTH')(recording)
      births(recording)
    },
  ],
  ['tck-id-operational-behavior-data-publish-dbirth-change', 'DDATA: only changes', byException('DDATA')],
  ['tck-id-operational-behavior-data-publish-dbirth-order', 'DBIRTH, DDATA: by time', chronological('DBIRTH', 'DDATA')],
  ['tck-id-principles-rbe-recommended', 'nothing is sent again that has not changed', byException('DDATA')],
  ['tck-id-operational-behavior-data-commands-rebirth-name', 'NBIRTH: Node Control/Rebirth', rebirthIsFalse],
  [
    'tck-id-operational-behavior-data-commands-rebirth-name-aliases',
    'Node Control/Rebirth has no alias',
    ({ of }) => {
      for (const birth of of('NBIRTH')) assert.equal(metricOf(birth, 'Node Control/Rebirth').alias, undefined)
    },
  ],
  ['tck-id-operational-behavior-data-commands-rebirth-datatype', 'it is a Boolean', rebirthIsFalse],
  ['tck-id-operational-behavior-data-commands-rebirth-value', 'it is false', rebirthIsFalse],
  [
    'tck-id-payloads-alias-uniqueness',
    'an alias is that of one metric of the whole node, in all births',
    (recording) => {
      const owners = new Map<number, string>()
      for (const { device = '', payload } of recording.messages.filter(isBirth)) {
        for (const { name, alias } of payload.metrics) {
          if (alias === undefined) continue
          assert.equal(owners.get(alias) ?? `${device}/${name}`, `${device}/${name}`)
          owners.set(alias, `${device}/${name}`)
        }
      }
      assert.equal(owners.size, 8)
      assert.ok(!owners.has(0))
    },
  ],
  ['tck-id-payloads-alias-birth-requirement', 'births have name and alias', aliased],
  [
    'tck-id-payloads-alias-data-cmd-requirement',
    'data has the alias alone',
    (recording) => {
      for (const { sentName, alias } of metricsOf(recording, isData))
        assert.deepEqual([sentName, alias === undefined], [undefined, false])
    },
  ],
  [
    'tck-id-payloads-name-requirement',
    'a metric without an alias has a name',
    (recording) => {
      for (const { sentName, alias } of metricsOf(recording, () => true))
        assert.ok(sentName !== undefined || alias !== undefined)
    },
  ],
  ['tck-id-payloads-name-birth-data-requirement', 'births and data: each metric has its time', timestamps],
  ['tck-id-payloads-metric-timestamp-in-UTC', 'times of metrics are ms since 1970, UTC', timestamps],
  [
    'tck-id-payloads-timestamp-in-UTC',
    'times of payloads are ms since 1970, UTC',
    ({ messages, began, ended }) => {
      for (const { payload } of messages) assert.ok(payload.timestamp! >= began && payload.timestamp! <= ended)
    },
  ],
  [
    'tck-id-payloads-metric-datatype-value-type',
    'the type is a number',
    (recording) => {
      for (const { sentType } of metricsOf(recording, isBirth)) assert.ok(Number.isInteger(sentType))
    },
  ],
  [
    'tck-id-payloads-metric-datatype-value',
    'the type is one of the list',
    (recording) => {
      for (const { sentType } of metricsOf(recording, isBirth)) assert.ok(sentType! >= 1 && sentType! <= DATA_TYPES)
    },
  ],
  [
    'tck-id-payloads-metric-datatype-req',
    'births have the type',
    (recording) => {
      for (const { sentType } of metricsOf(recording, isBirth)) assert.notEqual(sentType, undefined)
    },
  ],
  [
    'tck-id-payloads-metric-datatype-not-req',
    'data has no type',
    (recording) => {
      for (const { sentType } of metricsOf(recording, isData)) assert.equal(sentType, undefined)
    },
  ],
  ['tck-id-payloads-propertyset-keys-array-size', 'as many values as keys', pairs],
  ['tck-id-payloads-propertyset-values-array-size', 'as many keys as values', pairs],
  [
    'tck-id-payloads-metric-propertyvalue-type-type',
    'the type of a property is known',
    (recording) => {
      for (const [key, { type }] of properties(recording)) assert.notEqual(type, 'undefined', key)
    },
  ],
  [
    'tck-id-payloads-metric-propertyvalue-type-value',
    'the type of a property is one of the list',
    (recording) => {
      for (const [, { type }] of properties(recording)) assert.ok(['Int32', 'Int64', 'String', 'Double'].includes(type))
    },
  ],
  ['tck-id-payloads-metric-propertyvalue-type-req', 'births have the types of properties', pairs],
  ['tck-id-payloads-propertyset-quality-value-type', 'Quality is an Int32', qualities],
  ['tck-id-payloads-propertyset-quality-value-value', 'Quality is 0, 192 or 500', qualities],
]

assertOverSessions(sparkplug, ASSERTIONS)
