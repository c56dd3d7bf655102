/** The options of the kafka sink, its topic names and varints: defaults, and a sentence for each mistake. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Reader } from '@platformatic/kafka'
import { kafkaOptions, parseAddress } from './options.ts'
import { kafka } from './sink.ts'
import { varint, varintBytes } from './varint.ts'

const brokers = ['kafka-1:9092']

test('brokers are enough', () => {
  const options = kafkaOptions.parse({ brokers })
  assert.deepEqual(
    [options.topic, options.keyBy, options.payload, options.gapTopic, options.idempotent, options.createTopics, options.tls, options.maxMessage],
    ['bifrost-samples', 'tag', 'uns-json', 'bifrost-gaps', true, false, false, 1_000_000],
  ) // prettier-ignore
})

const MISTAKES: readonly (readonly [options: object, path: string, sentence: RegExp])[] = [
  [{ brokers: [] }, 'brokers', /./],
  [{ brokers: ['a:b'] }, 'brokers.0', /no broker such as kafka-1:9092/],
  [{ brokers: ['kafka://a'] }, 'brokers.0', /no broker such as/],
  [{ brokers: ['a:70000'] }, 'brokers.0', /no broker such as/],
  [{ brokers, topic: 'a/{tag}' }, 'topic', /may not contain "\/"/],
  [{ brokers, topic: '{unit}' }, 'topic', /no placeholder \{unit\}/],
  [{ brokers, topic: '..' }, 'topic', /cannot be a topic/],
  [{ brokers, topic: 'x'.repeat(250) }, 'topic', /longer than 249/],
  [{ brokers, payload: 'umh' }, 'payload', /neither uns-json, protobuf nor a template/],
  [{ brokers, payload: '{"a":{val}}' }, 'payload', /no placeholder \{val\}/],
  [{ brokers, ca: 'a.pem' }, 'tls', /certificates need tls: true/],
  [{ brokers, insecure: true }, 'tls', /without tls: true/],
  [{ brokers, tls: true, cert: 'a.pem' }, 'cert', /given together/],
  [{ brokers, sasl: 'PLAIN' }, 'sasl', /needs username and password/],
  [{ brokers, sasl: 'OAUTHBEARER' }, 'sasl', /tokenFile are given together/],
  [{ brokers, username: 'a' }, 'sasl', /need sasl/],
  [{ brokers, clientId: 'a b' }, 'clientId', /no spaces/],
  [{ brokers, acks: 1 }, '', /acks/],
]
for (const [options, path, sentence] of MISTAKES) {
  test(`${JSON.stringify(options).slice(0, 80)} is refused at "${path}"`, () => {
    const { error } = kafkaOptions.safeParse(options)
    const issue = error?.issues.find((each) => each.path.join('.') === path)
    assert.match(issue?.message ?? JSON.stringify(error?.issues), sentence)
  })
}

test('brokers by name, by address of either kind, with and without a port', () => {
  assert.deepEqual(['kafka-1', 'kafka-1:19092', '10.0.0.1:9093', '[::1]:9094', '[fe80::1]'].map(parseAddress), [
    { host: 'kafka-1', port: 9092 },
    { host: 'kafka-1', port: 19_092 },
    { host: '10.0.0.1', port: 9093 },
    { host: '::1', port: 9094 },
    { host: 'fe80::1', port: 9092 },
  ])
})

test('tags that would share a key, and topics that cannot be, are named', () => {
  const tags = [{ device: 'a', name: 'b/c' }, { device: 'a/b', name: 'c' }, { device: 'a', name: 'd' }] // prettier-ignore
  const conflicts = (options: object, of = tags) => kafka.conflicts!(kafkaOptions.parse({ brokers, ...options }), of)
  assert.deepEqual(conflicts({}), ['tag "b/c" of device "a" and tag "c" of device "a/b" would share the key "a/b/c"'])
  assert.deepEqual(conflicts({ topic: 'plant.{device}' }), [])
  assert.deepEqual(conflicts({ keyBy: 'device' }), [])
  const long = [{ device: 'x'.repeat(250), name: 'a' }, { device: '..', name: 'a' }] // prettier-ignore
  assert.equal(conflicts({ topic: '{device}' }, long).length, 2)
})

test('varints are read back by the client library', () => {
  const whole = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, -1, 2 ** 30, -(2 ** 30) - 1, 2 ** 31))
  fc.assert(
    fc.property(whole, (value) => {
      const bytes = Buffer.alloc(12)
      const end = varint(bytes, 0, value)
      assert.equal(end, varintBytes(value))
      assert.equal(Reader.from(bytes.subarray(0, end)).readVarInt64(), BigInt(value))
    }),
  )
})
