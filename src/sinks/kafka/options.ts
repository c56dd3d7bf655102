/** The options of the kafka sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration, size } from '../../core/duration.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { fileOption, tlsOptions } from '../../core/tls-options.ts'
import { parsePayload } from '../encode/payload.ts'
import { parseTopicTemplate } from './topic-name.ts'

const SASL = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

export const kafkaOptions = z
  .strictObject({
    brokers: z
      .array(z.string().superRefine(parses(parseAddress)))
      .min(1)
      .describe('Brokers to begin with, such as kafka-1:9092; the cluster names the others. Without a port: 9092.'),
    clientId: z
      .string()
      .regex(/^\S+$/, 'no spaces')
      .optional()
      .describe('Name of this client in the logs and quotas of the cluster; by default bifrost-SINK-LOG.'),
    tls: z.boolean().default(false).describe('Encrypt the connections; needed for ca, cert, key and insecure.'),
    ...tlsOptions,
    sasl: z.enum(SASL).optional().describe('How to log in; absent: not at all, or by the client certificate.'),
    username: z.string().optional().describe('User name for PLAIN and SCRAM.'),
    password: z.string().optional().describe('Password for PLAIN and SCRAM.').meta({ secret: true }),
    tokenFile: fileOption()
      .optional()
      .describe('File with the token for OAUTHBEARER; read again for each login, so that it may be renewed.'),
    topic: z
      .string()
      .min(1)
      .superRefine(parses(parseTopicTemplate))
      .default('bifrost-samples')
      .describe('Topic, or a template with {device}, {tag}, {type}, {log}; what a topic name cannot hold becomes _.'),
    keyBy: z
      .enum(['tag', 'device'])
      .default('tag')
      .describe(
        'The key of a record, and with it the partition and what stays in order: device/tag, or the device alone.',
      ),
    payload: z
      .string()
      .superRefine(parses(checkPayload))
      .default('uns-json')
      .describe(
        'What a record says: uns-json, protobuf, or a template such as {"value":{v},"time":{time}} with {v}, {t}, {time}, {q}, {status}, {log}, {seq}, {h}, {device}, {tag}, {unit}, {type}, each a JSON value.',
      ),
    gapTopic: z
      .string()
      .superRefine(parses((text) => (text === '' ? undefined : parseTopicTemplate(text))))
      .default('bifrost-gaps')
      .describe('Topic of the records that say which samples were lost and why; empty: none.'),
    compression: z.enum(COMPRESSIONS).default('none').describe('How record batches are compressed.'),
    createTopics: z
      .boolean()
      .default(false)
      .describe('Ask the cluster to create topics that do not exist, with its own defaults, where it allows that.'),
    idempotent: z
      .boolean()
      .default(true)
      .describe('Number the batches so that the cluster drops what arrives twice after a lost connection.'),
    maxMessage: size({ minBytes: 1000, maxBytes: 2 ** 30 })
      .prefault('1000kB')
      .describe(
        'The largest record batch the topics take (max.message.bytes), before compression. Writes are cut to it; a sample larger than it goes to the dead letters.',
      ),
    connectTimeout: duration({ minMs: 100, maxMs: 300_000 })
      .prefault('10s')
      .describe('How long a connection with its login may take.'),
    ackTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
      .prefault('30s')
      .describe('A broker that does not answer for this long is taken as lost.'),
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const { sasl, username, password, tokenFile, tls } = options
    const byPassword = sasl !== undefined && sasl !== 'OAUTHBEARER'
    if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
    if (!tls && (options.ca ?? options.cert) !== undefined) issue('tls', 'certificates need tls: true')
    if (!tls && options.insecure) issue('tls', 'insecure means nothing without tls: true')
    if (byPassword && (username === undefined || password === undefined))
      issue('sasl', `${sasl} needs username and password`)
    if (!byPassword && (username ?? password) !== undefined)
      issue('sasl', 'username and password need sasl: PLAIN or SCRAM-SHA-256 or SCRAM-SHA-512')
    if ((sasl === 'OAUTHBEARER') !== (tokenFile !== undefined))
      issue('sasl', 'OAUTHBEARER and tokenFile are given together')
  })

export type KafkaOptions = output<typeof kafkaOptions>

export interface Address {
  readonly host: string
  readonly port: number
}

const DEFAULT_PORT = 9092

/** `kafka-1:9092`, `[::1]:9092`, or a host alone. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:\s[\]/]+))(?::(\d{1,5}))?$/.exec(text)
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
  if (match === null || port < 1 || port > 65_535)
    throw new GatewayError('CONFIG_INVALID', `"${text}" is no broker such as kafka-1:9092`)
  return { host: match[1] ?? match[2]!, port }
}

function checkPayload(text: string): void {
  if (text === 'uns-json' || text === 'protobuf') return
  if (!text.includes('{'))
    throw new GatewayError(
      'CONFIG_INVALID',
      `payload "${text}" is neither uns-json, protobuf nor a template such as {"value":{v}}`,
    )
  parsePayload(text)
}
