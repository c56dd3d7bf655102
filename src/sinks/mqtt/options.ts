/** The options of the mqtt sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { fileOption } from '../../core/tls-options.ts'
import { PAYLOAD_PRESETS, parsePayload } from '../encode/payload.ts'
import { SINGLE_PAYLOADS } from '../encode/shared-messages.ts'
import { parseTopic } from '../encode/topic.ts'
import { brokerUrl, checkConnection, connectionOptions, maxPacket, parses } from '../mqtt-client/options.ts'
import { checkPreset, withPreset } from './presets/presets.ts'
import type { Issue } from './presets/preset.ts'

/** A write has no more. */
const MOST_SAMPLES = 1000

/** A topic template; the empty text switches the message off. */
const optionalTopic = (text: string) => (text === '' ? undefined : parseTopic(text))

const commands = z.strictObject({
  topic: z
    .string()
    .min(1)
    .superRefine(parses(parseTopic))
    .describe('Topic template of the commands of a tag, such as acme/{device}/{tag}/set.'),
  maxAge: duration({ minMs: 100, maxMs: 3_600_000 })
    .prefault('10s')
    .describe('A command is carried out within this time of its `t`, or of its arrival, or not at all.'),
  replyTopic: z
    .string()
    .superRefine(parses(optionalTopic))
    .optional()
    .describe(
      'Topic template of answers to commands that name no response topic; absent: /reply behind the topic of the command; empty: none.',
    ),
})

const shape = z.strictObject({
  url: brokerUrl.describe(
    'Where the broker is: mqtt://host:1883, mqtts://host:8883, ws://host/path or wss://host/path.',
  ),
  preset: z
    .enum(['aws-iot-core', 'azure-iot-hub', 'azure-event-grid', 'clearblade'])
    .optional()
    .describe(
      'A cloud: its defaults where other options say nothing, and a check of its limits. See presets/README.md of the sink.',
    ),
  ...connectionOptions,
  protocolVersion: connectionOptions.protocolVersion
    .unwrap()
    .optional()
    .describe('5 for MQTT 5.0; 4 for MQTT 3.1.1, which cannot say why a message was refused.')
    .meta({ default: 5 }),
  keepalive: connectionOptions.keepalive
    .unwrap()
    .optional()

    .describe(
      'A silent connection is checked about this often, by default every 30s; after 1.5 times this without an answer it is lost.',
    ),
  sasKey: z
    .string()
    .optional()
    .describe('Key of the device at Azure IoT Hub, from which the password of each connection is made.')
    .meta({ secret: true }),
  jwtKey: fileOption()
    .optional()
    .describe(
      'File with the private key of the device at ClearBlade IoT Core (PEM, RSA or P-256), which signs the password of each connection.',
    ),
  tokenLifetime: duration({ minMs: 60_000, maxMs: 86_400_000 })
    .prefault('1h')
    .describe('How long a password made from sasKey or jwtKey is good; the connection is renewed before that.'),
  qos: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .optional()
    .meta({ default: 1 })
    .describe(
      'Quality of service: 0 at most once (checked by one ping a batch), 1 at least once, 2 exactly once on this hop.',
    ),
  retain: z
    .boolean()
    .optional()
    .describe(
      'The broker keeps the last message of each topic for new subscribers; absent: where a message is one sample, and for the status.',
    ),
  topic: z
    .string()
    .min(1)
    .superRefine(parses(parseTopic))
    .optional()
    .describe(
      'Topic template with {device}, {tag}, {unit}, {type}, {client}, {log}; by default {device}/{tag}, and {device} where a message holds several tags.',
    ),
  slashes: z
    .enum(['replace', 'levels'])
    .default('replace')
    .describe('A slash in a tag name: replace it by _, or let it make deeper topic levels.'),
  payload: z
    .string()
    .superRefine(parses(checkPayload))
    .default('uns-json')
    .describe(
      `What a message says: ${PAYLOAD_PRESETS.join(', ')}, or a template such as {"value":{v},"time":{time}} with {v}, {t}, {time}, {q}, {status}, {log}, {seq}, {h}, {device}, {tag}, {unit}, {type}, each a JSON value.`,
    ),
  samplesPerMessage: z
    .int()
    .min(1)
    .max(MOST_SAMPLES)
    .optional()
    .describe(
      'With more than one, samples that share a topic travel together, this many at most: tags may then share a topic, such as acme/{device}.',
    )
    .meta({ default: 1 }),
  statusTopic: z
    .string()
    .superRefine(parses(optionalTopic))
    .optional()
    .describe(
      'Topic of the retained message that says whether the gateway is online, with a last will; absent: _gateway/state below the literal beginning of topic; empty: none.',
    ),
  gapTopic: z
    .string()
    .superRefine(parses(optionalTopic))
    .optional()
    .describe(
      'Topic of messages that say which samples were lost and why; absent: _gateway/gap below the literal beginning of topic; empty: none.',
    ),
  window: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .meta({ default: 500 })
    .describe("How many messages may wait for their confirmation; an MQTT 5 broker's receive maximum lowers it."),
  expiry: duration({ minMs: 1000 })
    .optional()
    .describe('The broker drops messages that it could not hand on for this long (MQTT 5).'),
  commands: commands
    .optional()
    .describe(
      'Tags that are writable may be written by MQTT, by whoever may publish at the broker; absent: nothing is subscribed to.',
    ),
  maxPacket,
})

export type MqttOptions = output<typeof shape>

export const mqttOptions = shape.superRefine((options, context) => {
  const issue: Issue = (path, message) => context.addIssue({ code: 'custom', path: [path], message })
  const whole = withPreset(options)
  if (options.expiry !== undefined && whole.protocolVersion === 4) issue('expiry', 'needs protocolVersion: 5')
  checkConnection({ ...options, username: whole.username }, 'url', [options.url], issue)
  if (options.payload === 'neuron-tags' && /\{(tag|unit|type)\}/.test(options.topic ?? '')) {
    issue('topic', 'neuron-tags sends all tags of a device in one message: its topic cannot name a tag')
  }
  const single = SINGLE_PAYLOADS[options.payload]
  if ((options.samplesPerMessage ?? 1) > 1 && single !== undefined) issue('samplesPerMessage', single)
  checkPreset(whole, issue)
})

function checkPayload(text: string): void {
  if (!(PAYLOAD_PRESETS as readonly string[]).includes(text)) parsePayload(text)
}
