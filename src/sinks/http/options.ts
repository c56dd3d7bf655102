/** The options of the http sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { checkHttpOptions, headerName, httpOptions, httpUrl } from '../../core/http-options.ts'
import { parsePayload } from '../encode/payload.ts'
import { fillTemplate, parseTemplate } from '../encode/template.ts'

const URL_PLACEHOLDERS = ['log', 'sink'] as const

/** Runs a parser whose error is a sentence, and shows the sentence at this option. */
const parses = (parse: (text: string) => unknown) => (text: string, context: z.RefinementCtx) => {
  try {
    parse(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
}

export const httpSinkOptions = z
  .strictObject({
    url: httpUrl()
      .superRefine(parses((text) => parseTemplate(text, URL_PLACEHOLDERS)))
      .describe(
        'Where samples are sent: https://host/path; {log} and {sink} in it stand for the log id and this sink.',
      ),
    method: z.enum(['POST', 'PUT']).default('POST').describe('The method of every request.'),
    format: z
      .enum(['json', 'ndjson'])
      .default('json')
      .describe('A body is one JSON array of samples, or NDJSON: one sample a line.'),
    payload: z
      .string()
      .superRefine(parses(checkPayload))
      .default('samples')
      .describe(
        'A sample: `samples` for {"device","tag","unit","v","t","q","log","seq"}, or a JSON template with {v}, {t}, {time}, {q}, {status}, {log}, {seq}, {h}, {device}, {tag}, {unit}, {type}, each a JSON value.',
      ),
    gzip: z.boolean().default(false).describe('Compress request bodies.'),
    gaps: z
      .boolean()
      .default(true)
      .describe('Tell samples that were lost before they could be sent, in requests of their own.'),
    ...httpOptions,
    token: z.string().min(1).optional().describe('A token that is sent with every request.').meta({ secret: true }),
    tokenHeader: headerName()
      .optional()
      .describe('Header that carries the token as it is, such as X-Api-Key; absent: Authorization: Bearer TOKEN.'),
    signatureSecret: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Signs every body with HMAC-SHA256 and this secret, so that the receiver can tell that it comes from us.',
      )
      .meta({ secret: true }),
    signatureHeader: headerName()
      .default('X-Bifrost-Signature')
      .describe('Header of the signature; the time that is signed with it is in X-Bifrost-Timestamp.'),
    tokenUrl: httpUrl()
      .optional()
      .describe(
        'OAuth 2.0 token endpoint: a token is fetched with the client credentials, and anew before it expires.',
      ),
    clientId: z.string().min(1).optional().describe('OAuth 2.0 client id.'),
    clientSecret: z.string().min(1).optional().describe('OAuth 2.0 client secret.').meta({ secret: true }),
    clientAuth: z
      .enum(['basic', 'body'])
      .default('basic')
      .describe(
        'How the token endpoint is told who we are: basic authentication, or client_id and client_secret in the body.',
      ),
    scope: z.string().min(1).optional().describe('OAuth 2.0 scope, as the token endpoint wants it.'),
    audience: z.string().min(1).optional().describe('The audience that some token endpoints want.'),
  })
  .superRefine((options, context) => {
    checkHttpOptions(options, context)
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const ways = [options.username, options.token, options.tokenUrl].filter((one) => one !== undefined).length
    if (ways > 1) issue('url', 'username, token and tokenUrl exclude each other: say who we are in one way')
    if (options.tokenHeader !== undefined && options.token === undefined) issue('tokenHeader', 'needs a token')
    for (const name of ['clientId', 'clientSecret'] as const) {
      if ((options[name] === undefined) !== (options.tokenUrl === undefined))
        issue(name, 'tokenUrl, clientId and clientSecret are given together')
    }
  })

export type HttpSinkOptions = output<typeof httpSinkOptions>

/** The URL with its placeholders filled in. */
export const filledUrl = (url: string, names: { log: string; sink: string }): string =>
  fillTemplate(parseTemplate(url, URL_PLACEHOLDERS), (name) => encodeURIComponent(names[name as 'log' | 'sink']))

/** A template has to make JSON whatever the values are. */
function checkPayload(text: string): void {
  if (text === 'samples') return
  const example = fillTemplate(parsePayload(text), () => 'null')
  try {
    JSON.parse(example)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `payload "${text}" makes no JSON: ${messageOf(cause)}`, { cause })
  }
}
