/** The options of the mqtt sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { tlsOptions } from '../../core/tls-options.ts'
import { duration, size } from '../../core/duration.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { PAYLOAD_PRESETS, parsePayload } from '../encode/payload.ts'
import { parseTopic } from '../encode/topic.ts'

const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:']

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

/** A topic template; the empty text switches the message off. */
const optionalTopic = (text: string) => (text === '' ? undefined : parseTopic(text))

export const mqttOptions = z
  .strictObject({
    url: z
      .string()
      .superRefine(parses(checkUrl))
      .describe('Where the broker is: mqtt://host:1883, mqtts://host:8883, ws://host/path or wss://host/path.'),
    protocolVersion: z
      .union([z.literal(5), z.literal(4)])
      .default(5)
      .describe('5 for MQTT 5.0; 4 for MQTT 3.1.1, which cannot say why a message was refused.'),
    clientId: z
      .string()
      .min(1)
      .optional()
      .describe('Name of this client at the broker; by default bifrost-SINK-LOG, which is unique and stays the same.'),
    username: z.string().optional().describe('User name at the broker.'),
    password: z.string().optional().describe('Password at the broker.').meta({ secret: true }),
    ...tlsOptions,
    connectTimeout: duration({ minMs: 100, maxMs: 300_000 })
      .prefault('10s')
      .describe('How long a connection may take.'),
    keepalive: duration({ minMs: 1000, maxMs: 65_535_000 })
      .prefault('30s')
      .describe('A silent connection is checked about this often; after 1.5 times this without an answer it is lost.'),
    ackTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
      .prefault('30s')
      .describe('A broker that confirms nothing for this long is taken as lost.'),
    qos: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .default(1)
      .describe(
        'Quality of service: 0 at most once (checked by one ping a batch), 1 at least once, 2 exactly once on this hop.',
      ),
    retain: z.boolean().default(true).describe('The broker keeps the last message of each topic for new subscribers.'),
    topic: z
      .string()
      .min(1)
      .superRefine(parses(parseTopic))
      .optional()
      .describe(
        'Topic template with {device}, {tag}, {unit}, {type}, {client}, {log}; by default {device}/{tag}, and {device} for neuron-tags.',
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
      .default(500)
      .describe("How many messages may wait for their confirmation; an MQTT 5 broker's receive maximum lowers it."),
    expiry: duration({ minMs: 1000 })
      .optional()
      .describe('The broker drops messages that it could not hand on for this long (MQTT 5).'),
    maxPacket: size({ minBytes: 128, maxBytes: 268_435_455 })
      .optional()
      .describe(
        'The largest packet the broker takes, where it does not say so itself (MQTT 3.1.1); larger samples go to the dead letters.',
      ),
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const secure = /^(mqtts|wss):/.test(options.url)
    if (options.expiry !== undefined && options.protocolVersion === 4) issue('expiry', 'needs protocolVersion: 5')
    if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
    if (!secure && (options.ca ?? options.cert) !== undefined) issue('url', 'certificates need mqtts:// or wss://')
    if (options.password !== undefined && options.username === undefined) issue('password', 'needs a username')
    if (options.payload === 'neuron-tags' && /\{(tag|unit|type)\}/.test(options.topic ?? '')) {
      issue('topic', 'neuron-tags sends all tags of a device in one message: its topic cannot name a tag')
    }
  })

export type MqttOptions = output<typeof mqttOptions>

/** The topic template in force. */
export const topicTemplate = (options: MqttOptions): string =>
  options.topic ?? (options.payload === 'neuron-tags' ? '{device}' : '{device}/{tag}')

function checkPayload(text: string): void {
  if (!(PAYLOAD_PRESETS as readonly string[]).includes(text)) parsePayload(text)
}

function checkUrl(text: string): void {
  if (!URL.canParse(text)) throw invalid(`"${text}" is not a URL such as mqtt://127.0.0.1:1883`)
  const url = new URL(text)
  if (!SCHEMES.includes(url.protocol)) throw invalid(`${url.protocol}// is none of mqtt://, mqtts://, ws://, wss://`)
  if (url.hostname === '') throw invalid(`"${text}" names no host`)
  if (url.username !== '' || url.password !== '')
    throw invalid('give user and password as username and password, not in the url')
}

const invalid = (sentence: string) => new GatewayError('CONFIG_INVALID', sentence)
