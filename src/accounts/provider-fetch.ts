/**
 * How the provider of single sign-on is asked: its certificate is always verified, by our own authorities where there are some; answers
 * are bounded, no redirect is followed, and every wait ends.
 */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import * as https from 'node:https'
import { GatewayError, messageOf } from '../core/errors.ts'
import * as http from '../core/node-http.ts'

const MOST_BYTES = 1024 * 1024
const LIMIT_MS = 10_000

interface Asked {
  readonly method?: string | undefined
  readonly headers?: unknown
  readonly body?: unknown
  readonly signal?: AbortSignal | null | undefined
}

/** A `fetch` for the libraries; `stop` ends all of it. Where the issuer speaks HTTPS nothing that it names is asked in the open, its keys least of all. */
export async function providerFetch(issuer: string, caFile: string | undefined, stop: AbortSignal) {
  const isPlain = new URL(issuer).protocol === 'http:'
  const ca = caFile === undefined ? undefined : await readAuthorities(caFile)
  return async (url: string, { method = 'GET', headers, body, signal }: Asked): Promise<Response> => {
    if (!isPlain && new URL(url).protocol !== 'https:')
      throw new Error(`${new URL(url).origin} is not asked: ${issuer} has to name addresses of HTTPS alone`)
    const signals = [stop, AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])]
    const plain = Object.fromEntries(new Headers(headers as Record<string, string>))
    return ask(new URL(url), { method, headers: plain, ca, signal: AbortSignal.any(signals) }, toText(body))
  }
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `The file of access.oidc.caFile cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function toText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('the provider is sent forms and texts only')
}

function ask(
  url: URL,
  options: { method: string; headers: Record<string, string>; ca: string | undefined; signal: AbortSignal },
  body: string | undefined,
): Promise<Response> {
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { ...options, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as https.RequestOptions,
      (answer) => {
        const chunks: Buffer[] = []
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > MOST_BYTES) asked.destroy(new Error(`the answer of ${url.host} is larger than 1 MiB`))
          else chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on('end', () => resolve(toResponse(answer, Buffer.concat(chunks))))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

function toResponse({ statusCode = 0, headers }: IncomingMessage, body: Buffer): Response {
  const bodyless = statusCode === 204 || statusCode === 205 || statusCode === 304
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as [string, string]],
  )
  return new Response(bodyless ? null : new Uint8Array(body), { status: statusCode, headers: given })
}
