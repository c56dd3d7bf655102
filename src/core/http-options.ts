/** The options that every sink over HTTP has, the same words for each: where, with whose certificates, how long, and who we are. */
import { z } from 'zod'
import { duration } from './duration.ts'
import { tlsOptions } from './tls-options.ts'

/** Names of header fields, and of what may stand in them (RFC 9110, 5.1 and 5.5). */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Headers that the sink sets by itself, or that frame the message. */
const OWN_HEADERS = /^(host|content-length|content-encoding|transfer-encoding|connection|expect|authorization)$/i

/** A URL of http:// or https:// without user and password. */
export const httpUrl = () =>
  z.string().superRefine((text, context) => {
    const message = urlFault(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

/** What may stand in a header as it is. */
const headerText = () => z.string().regex(HEADER_VALUE, 'holds characters that no header may hold (a line break?)')

export const headerName = () =>
  z
    .string()
    .regex(HEADER_NAME, 'is no name of a header')
    .refine((name) => !OWN_HEADERS.test(name), 'is set by the sink itself')

export const httpOptions = {
  ...tlsOptions,
  username: z.string().optional().describe('User name (basic authentication).'),
  password: z.string().optional().describe('Password of the user.').meta({ secret: true }),
  headers: z
    .record(headerName(), headerText())
    .default({})
    .describe(
      'Further headers of every request, name to value. A secret belongs into an option for secrets, not here.',
    ),
  connectTimeout: duration({ minMs: 100, maxMs: 300_000 }).prefault('5s').describe('How long a connection may take.'),
  responseTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
    .prefault('30s')
    .describe('How long the far side may take to read a request and to answer it.'),
}

interface Common {
  readonly url: string
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** What the options of a sink over HTTP must not say together. */
export function checkHttpOptions(options: Common, context: z.RefinementCtx): void {
  const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
  if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
  if (!options.url.startsWith('https:') && (options.ca ?? options.cert) !== undefined)
    issue('url', 'certificates need https://')
  if ((options.password === undefined) !== (options.username === undefined))
    issue('password', 'username and password are given together')
}

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return `"${text}" is not a URL such as https://host/path`
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol}// is neither http:// nor https://`
  if (url.username !== '' || url.password !== '')
    return 'give user and password as username and password, not in the url'
  return url.hash === '' ? undefined : 'a url with # is for browsers'
}
