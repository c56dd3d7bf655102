/** The options of the redis sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration, size } from '../../core/duration.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { tlsOptions } from '../../core/tls-options.ts'
import { parseKey } from './keys.ts'

const SCHEMES = ['redis:', 'rediss:']

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

const keyTemplate = () => z.string().superRefine(parses(parseKey))

export const redisOptions = z
  .strictObject({
    url: z
      .string()
      .superRefine(parses(parseServer))
      .describe('Redis or Valkey server: redis://host:6379, rediss://host:6379 with TLS. A number behind it is the database: redis://host/2.'), // prettier-ignore
    username: z.string().min(1).optional().describe('User of an access control list (Redis 6 or newer).'),
    password: z.string().optional().describe('Password of this user, or of the server.').meta({ secret: true }),
    ...tlsOptions,
    connectTimeout: duration({ minMs: 100, maxMs: 300_000 })
      .prefault('10s')
      .describe('How long a connection may take, the login included.'),
    replyTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
      .prefault('30s')
      .describe('A server that replies nothing for this long is taken as lost.'),
    stream: keyTemplate()
      .default('bifrost:samples:{device}')
      .describe(
        'Key of the stream that a sample is added to, with {device}, {tag}, {type}, {unit}, {log}; empty: no streams.',
      ),
    maxLength: z
      .int()
      .min(0)
      .default(100_000)
      .describe('The server keeps about this many of the newest entries of each stream; 0: all of them.'),
    ids: z
      .enum(['seq', 'time'])
      .default('seq')
      .describe(
        "Ids of entries. seq: our sequence number, so that a repeat leaves no second entry; one gateway a stream. time: the server's clock, for streams that others write to as well.",
      ),
    latest: keyTemplate()
      .default('bifrost:latest:{device}')
      .describe('Key of the hash that holds the last sample of each tag; empty: none.'),
    channel: keyTemplate()
      .default('')
      .describe('Channel on which each sample is published as well (PUBLISH), for those who listen at the moment; empty: none.'), // prettier-ignore
    gapStream: z
      .string()
      .default('bifrost:gaps')
      .describe('Key of the stream of lost stretches; empty: they are not told.'),
    waitReplicas: z
      .int()
      .min(0)
      .max(100)
      .default(0)
      .describe('So many replicas must have a batch before it counts as delivered (WAIT).'),
    waitTimeout: duration({ minMs: 1, maxMs: 600_000 })
      .prefault('1s')
      .describe('How long the replicas may take; then the batch is sent again.'),
    maxValue: size({ minBytes: 128, maxBytes: 512 * 2 ** 20 })
      .prefault('1MiB')
      .describe('The largest sample; larger ones go to the dead letters.'),
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const secure = options.url.startsWith('rediss:')
    if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
    if (!secure && (options.ca ?? options.cert) !== undefined) issue('url', 'certificates need rediss://')
    if (options.username !== undefined && options.password === undefined) issue('username', 'needs a password')
    if (options.waitTimeout >= options.replyTimeout) issue('waitTimeout', 'must be shorter than replyTimeout')
    const { stream, latest, channel, gapStream } = options
    if (stream === '' && latest === '' && channel === '') issue('stream', 'stream, latest and channel are all empty: nothing would be sent') // prettier-ignore
    if (stream !== '' && (stream === latest || stream === gapStream)) issue('stream', 'latest and gapStream need keys of their own') // prettier-ignore
  })

export type RedisOptions = output<typeof redisOptions>

export interface Server {
  readonly host: string
  readonly port: number
  readonly database: number
  readonly secure: boolean
}

/** Host, port and database of a URL; CONFIG_INVALID with a sentence. */
export function parseServer(text: string): Server {
  if (!URL.canParse(text)) throw invalid(`"${text}" is not a URL such as redis://127.0.0.1:6379`)
  const url = new URL(text)
  if (!SCHEMES.includes(url.protocol)) throw invalid(`${url.protocol}// is none of redis://, rediss://`)
  if (url.hostname === '') throw invalid(`"${text}" names no host`)
  if (url.username !== '' || url.password !== '')
    throw invalid('give user and password as username and password, not in the url')
  const database = url.pathname.slice(1)
  if (!/^\d*$/.test(database) || url.search !== '') throw invalid(`"${text}": a database is a number: redis://host/2`)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    database: Number(database),
    secure: url.protocol === 'rediss:',
  }
}

const invalid = (sentence: string) => new GatewayError('CONFIG_INVALID', sentence)
