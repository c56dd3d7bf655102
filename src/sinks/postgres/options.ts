/** The options of the postgres sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { tlsOptions } from '../../core/tls-options.ts'
import { parseTable } from './names.ts'

const SCHEMES = ['postgres:', 'postgresql:']
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

export const postgresOptions = z
  .strictObject({
    url: z
      .string()
      .superRefine(parses(parseServer))
      .describe('Server and database: postgres://host:5432/database. The database exists already.'),
    username: z.string().min(1).describe('User name (role) at the server.'),
    password: z.string().optional().describe('Password of this user.').meta({ secret: true }),
    tls: z
      .boolean()
      .optional()
      .describe(
        "Encrypt the connection and check the server's certificate (sslmode verify-full); absent: true, but for a server on this machine. With insecure: true the certificate is not checked (sslmode require).",
      ),
    ...tlsOptions,
    schema: z
      .string()
      .min(1)
      .max(63)
      .default('public')
      .describe('Schema (namespace) of the tables. The search_path of the user does not matter.'),
    createSchema: z
      .boolean()
      .default(true)
      .describe(
        'Create and migrate the tables, and add columns for new tags where the layout is wide. False: only check, and say which statement is missing.',
      ),
    layout: z
      .enum(['narrow', 'wide'])
      .default('narrow')
      .describe('narrow: one row a sample. wide: one table a device, one column a tag, one row a source time.'),
    table: z
      .string()
      .superRefine(parses(parseTable))
      .optional()
      .describe(
        'Wide only: the table of a device, with {device}; absent: {device}. Without {device} all devices share one table.',
      ),
    tagIndex: z
      .boolean()
      .default(true)
      .describe(
        'Narrow only: an index on tag and time, so that the curve of one tag is read quickly. It costs about a third of the rate of insertion.',
      ),
    timescale: z
      .enum(['auto', 'off'])
      .default('auto')
      .describe('auto: tables become hypertables of TimescaleDB where the database has this extension.'),
    chunkInterval: duration({ minMs: 60_000 })
      .prefault('1d')
      .describe('TimescaleDB only: the time that one chunk covers.'),
    connectTimeout: duration({ minMs: 100, maxMs: 300_000 })
      .prefault('10s')
      .describe('How long a connection may take, the login included.'),
    writeTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
      .prefault('60s')
      .describe('A server that has not answered to a statement for this long is taken as lost.'),
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
    if (!usesTls(options) && (options.ca ?? options.cert) !== undefined) issue('tls', 'certificates need tls: true')
    if (options.layout !== 'wide' && options.table !== undefined) issue('table', 'needs layout: wide')
  })

export type PostgresOptions = output<typeof postgresOptions>

/** Whether the connection is encrypted: always, unless the server is on this machine or somebody said so. */
export function usesTls({ tls, url }: { tls?: boolean | undefined; url: string }): boolean {
  return tls ?? !(URL.canParse(url) && LOOPBACK.includes(new URL(url).hostname))
}

export interface Server {
  readonly host: string
  readonly port: number
  readonly database: string
}

/** Host, port and database of a URL; CONFIG_INVALID with a sentence. */
export function parseServer(text: string): Server {
  if (!URL.canParse(text)) throw invalid(`"${text}" is not a URL such as postgres://127.0.0.1:5432/plant`)
  const url = new URL(text)
  if (!SCHEMES.includes(url.protocol)) throw invalid(`${url.protocol}// is none of postgres://, postgresql://`)
  if (url.hostname === '') throw invalid(`"${text}" names no host`)
  if (url.username !== '' || url.password !== '')
    throw invalid('give user and password as username and password, not in the url')
  if (url.search !== '') throw invalid('parameters of the url are options of the sink: tls, ca, schema …')
  const database = decodeURIComponent(url.pathname.slice(1))
  if (database === '' || database.includes('/')) throw invalid(`"${text}" names no database: postgres://host/database`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { host, port: url.port === '' ? 5432 : Number(url.port), database }
}

const invalid = (sentence: string) => new GatewayError('CONFIG_INVALID', sentence)
