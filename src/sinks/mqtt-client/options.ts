/** The options of a connection to an MQTT broker, the same words for every sink that has one; types, checks and pages derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration, size } from '../../core/duration.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { tlsOptions } from '../../core/tls-options.ts'

const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:']

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
export const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

/** The address of a broker; each sink describes it in its own words. */
export const brokerUrl = z.string().superRefine(parses(checkUrl))

/** Version, credentials, TLS and times of a connection. */
export const connectionOptions = {
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
  connectTimeout: duration({ minMs: 100, maxMs: 300_000 }).prefault('10s').describe('How long a connection may take.'),
  keepalive: duration({ minMs: 1000, maxMs: 65_535_000 })
    .prefault('30s')
    .describe('A silent connection is checked about this often; after 1.5 times this without an answer it is lost.'),
  ackTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
    .prefault('30s')
    .describe('A broker that confirms nothing for this long is taken as lost.'),
}

export const maxPacket = size({ minBytes: 128, maxBytes: 268_435_455 })
  .optional()
  .describe(
    'The largest packet the broker takes, where it does not say so itself (MQTT 3.1.1); larger samples go to the dead letters.',
  )

const connectionSchema = z.object(connectionOptions)

/** What a connection has to know: the options above, and how its sink publishes. */
export interface ConnectionOptions extends Omit<output<typeof connectionSchema>, 'clientId'> {
  readonly url: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** Messages of our own are retained, whatever `retain` says of samples. */
  readonly retainsOwn?: boolean
  /** Commands are answered: a place in the broker's receive maximum is kept for that. */
  readonly answers?: boolean
  /** How many messages may wait for their confirmation. */
  readonly window: number
  /** ms after which the broker drops what it could not hand on. */
  readonly expiry?: number | undefined
  readonly maxPacket?: number | undefined
}

/** What options of a connection have to do with each other. `urlOption` is the name of the option that holds the urls. */
export function checkConnection(
  options: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'username' | 'password'>,
  urlOption: string,
  urls: readonly string[],
  issue: (path: string, message: string) => void,
): void {
  const { ca, cert, key, username, password } = options
  const secure = urls.some((url) => /^(mqtts|wss):/.test(url))
  if ((cert === undefined) !== (key === undefined)) issue('cert', 'cert and key are given together')
  if (!secure && (ca ?? cert) !== undefined) issue(urlOption, 'certificates need mqtts:// or wss://')
  if (password !== undefined && username === undefined) issue('password', 'needs a username')
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
