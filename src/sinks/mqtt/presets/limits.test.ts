/** Options and topics that a cloud would not take, each with its sentence; and what is given goes before what a preset says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from '../settings.ts'
import { mqtt } from '../sink.ts'

const CLIENT = 'projects/acme/locations/europe-west1/registries/plant/devices/press-1'

const MISTAKES: readonly (readonly [options: object, path: string, sentence: RegExp])[] = [
  [{ preset: 'aws' }, 'preset', /./],
  [{ url: 'mqtt://x' }, 'url', /AWS IoT Core is reached by mqtts/],
  [{ clientId: undefined }, 'clientId', /is needed for AWS IoT Core: the name of the thing/],
  [{ clientId: 'x'.repeat(129) }, 'clientId', /at most 128 bytes/],
  [{ cert: undefined, key: undefined }, 'cert', /wants a client certificate/],
  [{ qos: 2 }, 'qos', /at most 1/],
  [{ keepalive: '10s' }, 'keepalive', /30 s to 1200 s/],
  [{ window: 200 }, 'window', /at most 100 unconfirmed/],
  [{ maxPacket: '256KiB' }, 'maxPacket', /at most 131072 bytes/],
  [{ topic: '$aws/rules/r/x', retain: true }, 'topic', /Basic Ingest keeps no retained/],
  [{ topic: '$SYS/x' }, 'topic', /may not begin with \$/],
  [{ sasKey: 'YQ==' }, 'sasKey', /belongs to preset: azure-iot-hub/],
  [{ jwtKey: 'a.pem' }, 'jwtKey', /belongs to preset: clearblade/],
  [{ preset: undefined, topic: '$aws/rules/r/x' }, 'topic', /may not begin with \$/],
  [{ preset: 'azure-event-grid' }, 'username', /authentication name/],
  [{ preset: 'azure-event-grid', username: 'u', keepalive: '20m' }, 'keepalive', /1 s to 1160 s/],
  [{ preset: 'azure-iot-hub', sasKey: 'YQ==' }, 'sasKey', /either sasKey, .* or cert and key/],
  [{ preset: 'azure-iot-hub', cert: undefined, key: undefined }, 'sasKey', /either sasKey/],
  [{ preset: 'azure-iot-hub', cert: undefined, key: undefined, sasKey: 'a b' }, 'sasKey', /is base64/],
  [{ preset: 'azure-iot-hub', protocolVersion: 5 }, 'protocolVersion', /speaks protocolVersion: 4 only/],
  [{ preset: 'azure-iot-hub', retain: true }, 'retain', /keeps no retained messages/],
  [{ preset: 'azure-iot-hub', topic: 'acme/x' }, 'topic', /takes messages in "devices\/c\/messages\/events\/" only/],
  [{ preset: 'azure-iot-hub', topic: 'devices/c/messages/events/d={device}' }, 'topic', /same for all tags/],
  [{ preset: 'azure-iot-hub', username: 'u', password: 'p' }, 'password', /is made from sasKey/],
  [{ preset: 'azure-iot-hub', expiry: '1h' }, 'expiry', /needs protocolVersion: 5/],
  [{ preset: 'azure-iot-hub', commands: { topic: 'a/{tag}' } }, 'commands', /no topics of one's own/],
  [{ preset: 'clearblade', jwtKey: 'a.pem' }, 'clientId', /projects\/PROJECT/],
  [{ preset: 'clearblade', clientId: CLIENT }, 'jwtKey', /is needed/],
  [
    { preset: 'clearblade', clientId: CLIENT, jwtKey: 'a', topic: 'x' },
    'topic',
    /"\/devices\/press-1\/events" and subfolders/,
  ],
  [{ preset: 'clearblade', clientId: CLIENT, jwtKey: 'a', statusTopic: 'x' }, 'statusTopic', /takes the state in/],
  [{ preset: 'clearblade', clientId: CLIENT, jwtKey: 'a', tokenLifetime: '25h' }, 'tokenLifetime', /./],
]
for (const [options, path, sentence] of MISTAKES) {
  test(`${JSON.stringify(options)} is refused at "${path}"`, () => {
    const given = { preset: 'aws-iot-core', url: 'mqtts://x', clientId: 'c', cert: 'c.pem', key: 'k.pem', ...options }
    const { error } = mqtt.options.safeParse(given)
    const issue = error?.issues.find((each) => each.path.join('.') === path && sentence.test(each.message))
    assert.ok(issue, JSON.stringify(error?.issues))
  })
}

test('what is given goes before what a preset says; topics that a cloud would not take are named', () => {
  const given = { preset: 'aws-iot-core', url: 'mqtts://x', clientId: 'c', cert: 'c.pem', key: 'k.pem' }
  const defaults = settingsOf(mqtt.options.parse(given))
  assert.deepEqual(
    [defaults.protocolVersion, defaults.samplesPerMessage, defaults.retain, defaults.window, defaults.maxPacket, defaults.topic, defaults.statusTopic],
    [5, 500, false, 100, 131_072, '{device}', '_gateway/state'],
  ) // prettier-ignore
  const own = settingsOf(mqtt.options.parse({ ...given, protocolVersion: 4, samplesPerMessage: 7, window: 9, retain: true })) // prettier-ignore
  assert.deepEqual([own.protocolVersion, own.samplesPerMessage, own.window, own.retain], [4, 7, 9, true])
  assert.equal(settingsOf(mqtt.options.parse({ ...given, payload: 'umh' })).samplesPerMessage, 1)
  const conflicts = (more: object, name = 't') => mqtt.conflicts!(mqtt.options.parse({ ...given, ...more }), [{ device: 'p', name }]).join() // prettier-ignore
  assert.equal(conflicts({ topic: 'a/b/c/d/e/f/{device}/{tag}' }), '')
  assert.match(conflicts({ topic: 'a/b/c/d/e/f/g/{device}/{tag}' }), /AWS IoT Core takes topics of at most 8 levels: "a\/b.*\/p\/t" of "p\/t"/) // prettier-ignore
  assert.equal(conflicts({ topic: '$aws/rules/r/a/b/c/d/e/f/{device}/{tag}' }), '')
  assert.match(conflicts({ commands: { topic: 'a/b/c/d/e/f/{device}/{tag}' } }), /at most 8 levels: ".*\/reply" of commands of "p\/t"/) // prettier-ignore
  assert.match(conflicts({ topic: '{tag}' }, 'ä'.repeat(129)), /at most 256 bytes/)
})
