/** The options of the mqtt sink: defaults, and a sentence for each mistake. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { sinkByName, sinks } from '../index.ts'
import { mqttOptions } from './options.ts'
import { settingsOf } from './settings.ts'
import { mqtt } from './sink.ts'

const url = 'mqtt://127.0.0.1'

test('a url is enough', () => {
  const options = settingsOf(mqttOptions.parse({ url }))
  assert.deepEqual(
    [options.protocolVersion, options.qos, options.retain, options.payload, options.insecure, options.keepalive],
    [5, 1, true, 'uns-json', false, 30_000],
  )
})

const MISTAKES: readonly (readonly [options: object, path: string, sentence: RegExp])[] = [
  [{ url: 'localhost:1883' }, 'url', /none of mqtt:\/\//],
  [{ url: '127.0.0.1' }, 'url', /is not a URL such as/],
  [{ url: 'http://x' }, 'url', /none of mqtt:\/\//],
  [{ url: 'mqtt://u:p@x' }, 'url', /as username and password/],
  [{ url, topic: '{device}/{tga}' }, 'topic', /no placeholder \{tga\}/],
  [{ url, topic: 'a/#' }, 'topic', /may not contain "#"/],
  [{ url, payload: 'uns' }, 'payload', /neither a preset \(uns-json, .*\) nor a template/],
  [{ url, payload: '{"a":{val}}' }, 'payload', /no placeholder \{val\}/],
  [{ url, payload: 'neuron-tags', topic: '{device}/{tag}' }, 'topic', /cannot name a tag/],
  [{ url, payload: 'umh', samplesPerMessage: 10 }, 'samplesPerMessage', /one value of one tag/],
  [
    { url, payload: 'neuron-tags', samplesPerMessage: 10 },
    'samplesPerMessage',
    /groups the tags of a device by itself/,
  ],
  [{ url, samplesPerMessage: 0 }, 'samplesPerMessage', /./],
  [{ url, expiry: '1h', protocolVersion: 4 }, 'expiry', /needs protocolVersion: 5/],
  [{ url, cert: 'a.pem' }, 'cert', /given together/],
  [{ url, ca: 'a.pem' }, 'url', /certificates need mqtts/],
  [{ url, password: 'x' }, 'password', /needs a username/],
  [{ url, qos: 3 }, 'qos', /./],
  [{ url, retian: true }, '', /retian/],
]

for (const [options, path, sentence] of MISTAKES) {
  test(`${JSON.stringify(options)} is refused at "${path}"`, () => {
    const { error } = mqttOptions.safeParse(options)
    const issue = error?.issues.find((each) => each.path.join('.') === path)
    assert.match(issue?.message ?? JSON.stringify(error?.issues), sentence)
  })
}

test('tags that would share a topic are named', () => {
  const tags = [{ device: 'p', name: 'a/b' }, { device: 'p', name: 'a_b' }, { device: 'q', name: 'a_b' }] // prettier-ignore
  const conflicts = (options: object) => mqtt.conflicts!(mqttOptions.parse({ url, ...options }), tags)
  assert.deepEqual(conflicts({}), ['"p/a/b" and "p/a_b" would share the topic "p/a_b"'])
  assert.deepEqual(conflicts({ slashes: 'levels' }), [])
  assert.equal(conflicts({ topic: 'plant' }).length, 2)
  assert.deepEqual(conflicts({ payload: 'neuron-tags' }), [])
  assert.deepEqual(conflicts({ payload: 'neuron-tags', topic: 'all' }), ['device "p" and device "q" would share the topic "all"']) // prettier-ignore
})

test('with many samples a message tags may share a topic, and what is better avoided is said', () => {
  const tags = [{ device: 'p', name: 'a' }, { device: 'p', name: 'b' }, { device: 'q', name: 'a' }] // prettier-ignore
  const many = { url, samplesPerMessage: 50 }
  const says = (options: object) => {
    const parsed = mqttOptions.parse({ ...many, ...options })
    return [...mqtt.conflicts!(parsed, tags), ...mqtt.cautions!(parsed, tags)]
  }
  assert.deepEqual(says({ topic: 'all' }), [])
  assert.deepEqual(says({ topic: 'all', payload: 'telegraf-influx' }), [])
  assert.match(says({ retain: true }).join(), /^retain: true with samplesPerMessage keeps the last message/)
  assert.match(says({ topic: 'x'.repeat(65_536) }).join(), /longer than 65,535 bytes/)
  assert.deepEqual(says({ topic: 'all', payload: '[{device},{tag},{v}]' }), [])
  assert.match(says({ topic: 'all', payload: '{"v":{v}}' }).join(), /^"p\/a" and "p\/b" share the topic "all"/)
  assert.match(says({ topic: 'all', payload: '[{tag},{v}]' }).join(), /^"p\/a" and "q\/a" share the topic "all"/)
  assert.deepEqual(says({ topic: '{device}', payload: '[{tag},{v}]' }), [])
  const settings = settingsOf(mqttOptions.parse(many))
  assert.deepEqual([settings.retain, settings.retainsOwn, settings.topic], [false, true, '{device}'])
})

test('every option has a description and fits a JSON Schema', () => {
  for (const sink of sinks) {
    const schema = z.toJSONSchema(sink.options, { io: 'input', unrepresentable: 'any' })
    for (const [name, option] of Object.entries(schema.properties ?? {})) {
      assert.ok((option as { description?: string }).description, `${sink.name}.${name} has no description`)
    }
  }
  assert.equal(sinkByName('mqtt')?.name, 'mqtt')
  assert.equal(sinkByName('nosuch'), undefined)
})
