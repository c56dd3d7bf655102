/** The options of the nats sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration, size } from '../../core/duration.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { fileOption, tlsOptions } from '../../core/tls-options.ts'
import { PAYLOAD_PRESETS, parsePayload } from '../encode/payload.ts'
import { parseSubject } from './subject.ts'

/** Presets that make one message a sample. */
const ROW_PRESETS = PAYLOAD_PRESETS.filter((name) => name !== 'neuron-tags')

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

/** Names of streams: they are tokens of subjects and names of folders. */
const streamName = () => z.string().regex(/^[^\s.*>/\\]+$/, 'a name without spaces, dots, wildcards and slashes')

const createStream = z.strictObject({
  name: streamName().describe('Name of the stream.'),
  subjects: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('What it keeps; absent: everything below the literal beginning of subject.'),
  storage: z.enum(['file', 'memory']).default('file').describe('Where it is kept.'),
  replicas: z.int().min(1).max(5).default(1).describe('How many servers of a cluster keep it.'),
  maxAge: duration({ minMs: 1000 }).optional().describe('Messages older than this go; absent: none goes for its age.'),
  maxBytes: size({ minBytes: 1000 })
    .optional()
    .describe('How large it may grow; absent: as large as the server lets it.'),
  discard: z
    .enum(['old', 'new'])
    .default('old')
    .describe('What gives way when it is full: the oldest messages, or what comes new; then this sink waits.'),
  duplicateWindow: duration({ minMs: 100 })
    .prefault('2m')
    .describe('How long the server remembers message ids and drops what comes again.'),
})

export const natsOptions = z
  .strictObject({
    servers: z
      .array(z.string().superRefine(parses(parseServer)))
      .min(1)
      .describe('Servers to try in turn, such as nats://127.0.0.1:4222. Without a port: 4222.'),
    name: z.string().optional().describe('Name of this connection at the server; by default bifrost-SINK-LOG.'),
    tls: z.boolean().default(false).describe('Refuse servers without TLS; needed for ca, cert, key and insecure.'),
    ...tlsOptions,
    username: z.string().optional().describe('User name.'),
    password: z.string().optional().describe('Password of the user.').meta({ secret: true }),
    token: z
      .string()
      .optional()
      .describe('Token, where the server wants one in place of a user.')
      .meta({ secret: true }),
    nkeyFile: fileOption().optional().describe('File with the seed of our NKey (SU…).'),
    credentialsFile: fileOption()
      .optional()
      .describe('Credentials file (.creds): a JWT and the seed that belongs to it.'),
    inboxPrefix: z
      .string()
      .regex(/^[^\s.*>]+(\.[^\s.*>]+)*$/, 'tokens with dots between, no wildcards')
      .default('_INBOX')
      .describe('Below which subject confirmations come, where our account may not use _INBOX.'),
    delivery: z
      .enum(['jetstream', 'core'])
      .default('jetstream')
      .describe(
        'jetstream: confirmed by a stream, at least once. core: handed to the server for whoever listens, at most once.',
      ),
    subject: z
      .string()
      .min(1)
      .superRefine(parses(parseSubject))
      .default('bifrost.{device}.{tag}')
      .describe('Subject template with {device}, {tag}, {unit}, {type}, {log}; what a token cannot hold becomes _.'),
    dots: z
      .enum(['replace', 'levels'])
      .default('replace')
      .describe('A dot in a name: replace it by _, or let it make further tokens.'),
    payload: z
      .string()
      .superRefine(parses(checkPayload))
      .default('uns-json')
      .describe(
        `What a message says: ${ROW_PRESETS.join(', ')}, or a template such as {"value":{v},"time":{time}} with {v}, {t}, {time}, {q}, {status}, {log}, {seq}, {h}, {device}, {tag}, {unit}, {type}, each a JSON value.`,
      ),
    gapSubject: z
      .string()
      .superRefine(parses((text) => (text === '' ? undefined : parseSubject(text))))
      .optional()
      .describe(
        'Subject of the messages that say which samples were lost and why; absent: _gateway.gap below the literal beginning of subject; empty: none.',
      ),
    stream: streamName()
      .optional()
      .describe('The stream that must take the samples; absent: whichever has the subject.'),
    createStream: createStream
      .optional()
      .describe('Make this stream where it does not exist; one that exists is left as it is. Absent: nothing is made.'),
    window: z.int().min(1).max(100_000).default(2000).describe('How many messages may wait for their confirmation.'),
    keepalive: duration({ minMs: 1000, maxMs: 3_600_000 })
      .prefault('20s')
      .describe('A silent connection is checked this often; after two checks without an answer it is lost.'),
    connectTimeout: duration({ minMs: 100, maxMs: 300_000 })
      .prefault('10s')
      .describe('How long a connection with its login may take.'),
    ackTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
      .prefault('30s')
      .describe('A server that confirms nothing for this long is taken as lost.'),
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const { username, password, token, nkeyFile, credentialsFile, delivery } = options
    const logins = [username, token, nkeyFile, credentialsFile].filter((login) => login !== undefined)
    const secure = isSecure(options)
    if (logins.length > 1) issue('username', 'give one of username, token, nkeyFile and credentialsFile')
    if (password !== undefined && username === undefined) issue('password', 'needs a username')
    if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
    if (!secure && (options.ca ?? options.cert) !== undefined) issue('tls', 'certificates need tls: true')
    if (!secure && options.insecure) issue('tls', 'insecure means nothing without tls: true')
    if (delivery === 'core' && options.createStream !== undefined) issue('createStream', 'needs delivery: jetstream')
    if (delivery === 'core' && options.stream !== undefined) issue('stream', 'needs delivery: jetstream')
    const { createStream: made } = options
    if (made !== undefined && options.stream !== undefined && options.stream !== made.name)
      issue('stream', 'is another one than createStream makes')
    if (made !== undefined && made.subjects === undefined && /^[^.]*\{/.test(options.subject))
      issue('createStream', 'needs subjects, as subject has no literal beginning')
  })

export type NatsOptions = output<typeof natsOptions>

export interface Server {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

const DEFAULT_PORT = 4222

/** `nats://host:4222`, `tls://host`, `host:4222`. */
export function parseServer(text: string): Server {
  const url = text.includes('://') ? text : `nats://${text}`
  if (!URL.canParse(url)) throw invalid(`"${text}" is no server such as nats://127.0.0.1:4222`)
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  if (protocol !== 'nats:' && protocol !== 'tls:') throw invalid(`${protocol}// is neither nats:// nor tls://`)
  if (hostname === '' || (pathname !== '' && pathname !== '/'))
    throw invalid(`"${text}" is no server such as nats://127.0.0.1:4222`)
  if (username !== '' || password !== '')
    throw invalid('give user and password as username and password, not in servers')
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORT : Number(port),
    tls: protocol === 'tls:',
  }
}

/** TLS is asked for, by the option or by the scheme of a server. */
export const isSecure = ({ tls, servers }: Pick<NatsOptions, 'tls' | 'servers'>): boolean =>
  tls || servers.some((server) => server.startsWith('tls://'))

function checkPayload(text: string): void {
  if ((ROW_PRESETS as readonly string[]).includes(text)) return
  if (text.includes('{')) return void parsePayload(text)
  throw invalid(
    `payload "${text}" is neither a preset (${ROW_PRESETS.join(', ')}) nor a template such as {"value":{v}}`,
  )
}

const invalid = (sentence: string) => new GatewayError('CONFIG_INVALID', sentence)
