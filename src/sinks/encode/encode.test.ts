/** Topics and payloads, to the byte: these are what subscribers script against. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepLastValues } from '../../core/kept-values.ts'
import { Status } from '../../core/status.ts'
import { TagTable, type TagInfo } from '../../core/tags.ts'
import { batchOf, tagSettings, tagTable, type Row } from '../../testing/delivery-rig.ts'
import { MessageEncoder, type Messages } from './message-encoder.ts'
import { parseTopic, topicConflicts, topicName, type Slashes } from './topic.ts'

function encoder(payload: string, tags: TagTable, topic = '{device}/{tag}') {
  const slashes: Slashes = 'replace'
  return new MessageEncoder({ topic: parseTopic(topic), slashes, payload, logId: 'k3f9', clientId: 'c', tags })
}

const encode = (
  payload: string,
  rows: readonly Row[],
  tags = tagTable('press-1/level', 'press-1/b', 'oven/t'),
): Messages => {
  const batch = batchOf(rows, 4711)
  keepLastValues(batch, () => undefined)
  return encoder(payload, tags).encode(batch)
}

test('uns-json: exactly the documented keys, in their order', () => {
  const { topics, payloads } = encode('uns-json', [[1, 1.5], [2, true, Status.BadTimeout], [3, -7n, 0, 5, true]]) // prettier-ignore
  assert.deepEqual(topics, ['press-1/level', 'press-1/b', 'oven/t'])
  assert.deepEqual(payloads, [
    '{"v":1.5,"t":1732356000123,"q":0,"log":"k3f9","seq":4711}',
    '{"v":true,"t":1732356000123,"q":2148139008,"log":"k3f9","seq":4712}',
    '{"v":"-7","t":5,"q":0,"log":"k3f9","seq":4713,"h":true}',
  ])
})

test('uns-json: NaN and infinities are never sent as numbers', () => {
  const { payloads } = encode('uns-json', [[1, NaN], [1, Infinity], [1, -Infinity], [1, -0], [1, 1e21]]) // prettier-ignore
  assert.deepEqual(payloads.map((text) => (JSON.parse(text) as { v: unknown }).v), [null, null, null, 0, 1e21]) // prettier-ignore
})

test('umh: exactly two keys; a bad value is not sent as if it were good', () => {
  const { payloads } = encode('umh', [[1, 1.5, 0, 10.7], [1, 1.5, Status.BadDeviceFailure], [1, 2, Status.UncertainSensorNotAccurate]]) // prettier-ignore
  assert.deepEqual(payloads, [
    '{"timestamp_ms":10,"value":1.5}',
    '{"timestamp_ms":1732356000123,"value":null}',
    '{"timestamp_ms":1732356000123,"value":2}',
  ])
})

test('neuron-tags: one message a device and source time, bad tags as errors', () => {
  const rows: Row[] = [[1, 1.5], [3, 20], [2, 'x', Status.BadTimeout], [1, 2, Status.UncertainSensorNotAccurate, 1_732_356_000_124]] // prettier-ignore
  const tags = tagTable('press-1/level', 'press-1/b', 'oven/t')
  const { topics, payloads, messageOf } = encoder('neuron-tags', tags, 'neuron/{device}').encode(batchOf(rows)) // prettier-ignore
  assert.deepEqual(topics, ['neuron/press-1', 'neuron/oven', 'neuron/press-1'])
  assert.deepEqual([...messageOf], [0, 1, 0, 2])
  assert.deepEqual(payloads, [
    '{"timestamp":1732356000123,"node":"press-1","group":"default","log":"k3f9","tags":[{"name":"level","value":1.5,"seq":1},{"name":"b","error":2148139008,"seq":3}]}',
    '{"timestamp":1732356000123,"node":"oven","group":"default","log":"k3f9","tags":[{"name":"t","value":20,"seq":2}]}',
    '{"timestamp":1732356000124,"node":"press-1","group":"default","log":"k3f9","tags":[{"name":"level","value":2,"q":1083375616,"seq":4}]}',
  ])
})

test('telegraf-influx: line protocol, escaped, one field a type', () => {
  const tags = tagTable('a b,c=d/x')
  const rows: Row[] = [[1, 1.5], [1, true], [1, 18_446_744_073_709_551_615n], [1, -5n], [1, 'say "hi" \\'], [1, undefined, Status.BadTimeout]] // prettier-ignore
  const { payloads } = encode('telegraf-influx', rows, tags)
  const head = 'bifrost,device=a\\ b\\,c\\=d,tag=x,log=k3f9 '
  const end = (seq: number, q = 0) => `q=${q}i,seq=${seq}i 1732356000123000000`
  assert.deepEqual(payloads, [
    `${head}value=1.5,${end(4711)}`,
    `${head}bool=true,${end(4712)}`,
    `${head}int=18446744073709551615u,${end(4713)}`,
    `${head}int=-5i,${end(4714)}`,
    `${head}text="say \\"hi\\" \\\\",${end(4715)}`,
    `${head}text="say \\"hi\\" \\\\",${end(4716, Status.BadTimeout)}`,
  ])
})

test('a template: each placeholder is a JSON value', () => {
  const tags = new TagTable()
  tags.add({ id: 1, device: 'oven "1"', settings: tagSettings('t', 'float32', { unit: '°C' }) })
  const text = '{"value":{v},"ts":{time},"ms":{t},"of":{device},"tag":{tag},"unit":{unit},"type":{type},"q":{q},"st":{status},"k":[{log},{seq}],"h":{h}}' // prettier-ignore
  const { payloads } = encode(text, [[1, 20.5, Status.BadTimeout]], tags)
  assert.deepEqual(JSON.parse(payloads[0]!), {
    value: 20.5,
    ts: new Date(1_732_356_000_123).toISOString(),
    ms: 1_732_356_000_123,
    of: 'oven "1"',
    tag: 't',
    unit: '°C',
    type: 'float32',
    q: Status.BadTimeout,
    st: 'BadTimeout',
    k: ['k3f9', 4711],
    h: false,
  })
})

test('a row without value sends the value that the store kept with it, every time the same; null where there was none', () => {
  for (const [value, text] of [
    [5, '5'],
    [true, 'true'],
    ['run', '"run"'],
    [-7n, '"-7"'],
    [2n ** 64n - 1n, '"18446744073709551615"'],
  ] as const) {
    // prettier-ignore
    const batch = batchOf([[1, undefined, Status.BadTimeout], [1, 8], [1, undefined, Status.BadTimeout]], 10) // prettier-ignore
    batch.keep(0, value)
    const once = encoder('uns-json', tagTable('a/x'))
    const { payloads } = once.encode(batch)
    assert.deepEqual(
      payloads.map((payload) => /"v":([^,]+),/.exec(payload)![1]),
      [text, '8', 'null'],
    )
    assert.deepEqual(once.encode(batch).payloads, payloads)
  }
})

test('messages of many samples are as full as their bounds allow, and no fuller', () => {
  const { samples, bytes } = { samples: 7, bytes: 400 }
  const rows = Array.from({ length: 60 }, (_, at): Row => [1, at % 5 === 0 ? 'ä'.repeat(at) : 'x', 0, 1])
  const options = { topic: parseTopic('all'), slashes: 'replace', payload: 'uns-json', logId: 'k3f9', clientId: 'c', tags: tagTable('a/x') } as const // prettier-ignore
  const { payloads, topics, messageOf } = new MessageEncoder({ ...options, samplesPerMessage: samples }).encode(batchOf(rows), { maxBytes: bytes }) // prettier-ignore
  const counts = payloads.map((payload) => (JSON.parse(payload) as { samples: object[] }).samples.length)
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    60,
  )
  assert.ok(Math.max(...counts) <= samples)
  for (const [at, payload] of payloads.entries()) {
    const size = Buffer.byteLength(topics[at]! + payload)
    assert.ok(size <= bytes, `${size} bytes`)
    const next = payloads[at + 1]
    if (next === undefined) continue
    const first = JSON.stringify((JSON.parse(next) as { samples: object[] }).samples[0])
    assert.ok(counts[at] === samples || size + Buffer.byteLength(first) + 1 > bytes, `message ${at} had room`)
  }
  assert.deepEqual(
    [...messageOf],
    [...messageOf].toSorted((a, b) => a - b),
  )
})

test('a tag that is no longer configured is refused alone', () => {
  const { payloads, rejected } = encode('uns-json', [[1, 1], [77, 2], [1, 3]]) // prettier-ignore
  assert.equal(payloads.length, 2)
  assert.deepEqual([...rejected], [[1, 'tag 77 is no longer configured']])
})

test('a topic longer than MQTT allows is refused for its tag alone', () => {
  const { payloads, rejected } = encode('uns-json', [[1, 1], [2, 2]], tagTable(`a/${'ä'.repeat(40_000)}`, 'a/x')) // prettier-ignore
  assert.equal(payloads.length, 1)
  assert.match(rejected.get(0) ?? '', /65,535 bytes/)
})

test('a changed tag with the same id gets its new topic', () => {
  const tags = tagTable('a/x')
  const once = encoder('uns-json', tags, '{device}/{tag}/{unit}')
  assert.equal(once.encode(batchOf([[1, 1]])).topics[0], 'a/x/_')
  const info: TagInfo = { id: 1, device: 'a', settings: tagSettings('x', 'float64', { unit: 'm' }) }
  tags.add(info)
  assert.equal(once.encode(batchOf([[1, 1]])).topics[0], 'a/x/m')
})

const TOPICS: readonly (readonly [template: string, device: string, tag: string, slashes: Slashes, topic: string])[] = [
  ['acme/{device}/{tag}', 'press-1', 'level', 'replace', 'acme/press-1/level'],
  ['{device}/{tag}', 'p', 'a/b/c', 'replace', 'p/a_b_c'],
  ['{device}/{tag}', 'p', 'a/b/c', 'levels', 'p/a/b/c'],
  ['{device}/{tag}', 'p', 'a+b#c', 'levels', 'p/a_b_c'],
  ['{device}/{tag}', '$SYS', 'x', 'levels', '_SYS/x'],
  ['{device}/{tag}', 'p', '', 'levels', 'p/_'],
  ['{device}/{tag}', 'p', 'a\u0000b\u0007\uFFFEc\uD800', 'levels', 'p/a_b__c\uFFFD'],
  ['{device}/{tag}', 'Öfen', '温度 🌡', 'levels', 'Öfen/温度 🌡'],
]
for (const [template, device, tag, slashes, topic] of TOPICS) {
  test(`topic ${template} of ${JSON.stringify(device)} ${JSON.stringify(tag)} with ${slashes}: ${topic}`, () => {
    assert.equal(topicName(parseTopic(template), { device, tag }, slashes), topic)
  })
}

for (const [template, sentence] of [
  ['a/+/{tag}', /may not contain "\+"/],
  ['a/#', /may not contain "#"/],
  ['$SYS/{tag}', /may not begin with \$/],
  ['{device}/{tga}', /no placeholder \{tga\}; there are .*\{tag\}/],
  ['{device/{tag}', /may not contain "\{"/],
] as const) {
  test(`topic template ${template} is refused`, () => assert.throws(() => parseTopic(template), sentence))
}

test('two tags in one topic are named', () => {
  const sentences = topicConflicts([
    { what: '"p/a/b"', topic: 'p/a_b' },
    { what: '"p/a_b"', topic: 'p/a_b' },
    { what: '"p/c"', topic: 'p/c' },
  ])
  assert.deepEqual(sentences, ['"p/a/b" and "p/a_b" would share the topic "p/a_b"'])
})
