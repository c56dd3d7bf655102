/**
 * `bifrost health` for probes: asks with Node's own HTTP client, and loads nothing of the command line, since a container runtime starts it
 * every few seconds. What it does not understand is left to the command line, which says so better.
 */
import { request as httpsRequest } from 'node:https'
import { readVariable } from '../config/environment.ts'
import { request as httpRequest } from '../core/node-http.ts'
import { authorization } from './gateway-token.ts'

export const PATHS = { live: '/livez', ready: '/readyz', startup: '/startupz' } as const
export type HealthKind = keyof typeof PATHS

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly attention?: true
  readonly since?: string
}

export interface HealthAnswer {
  readonly ok: boolean
  readonly checks: readonly Check[]
}

/** A gateway that hangs is no more alive than one that is gone. */
const ANSWER_LIMIT_MS = 5000
const MOST_BYTES = 1_000_000

interface Asked {
  readonly kind: HealthKind
  readonly url: string | undefined
  readonly json: boolean
}

/** Resolves with the exit code; undefined: the words are not understood here. */
export async function probe(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | undefined> {
  const asked = parse(args)
  if (asked === undefined || env.NODE_TLS_REJECT_UNAUTHORIZED === '0') return undefined
  const base = asked.url ?? readVariable('BIFROST_URL', env) ?? 'http://127.0.0.1:8080'
  if (!URL.canParse(base) || !/^https?:/.test(base)) return undefined
  const answer = await askHealth(base.replace(/\/+$/, ''), asked.kind, env).catch(() => undefined)
  if (answer === undefined) return undefined
  process.stdout.write(asked.json ? `${JSON.stringify(answer)}\n` : healthLines(answer))
  return answer.ok ? 0 : 1
}

/** What the gateway says; rejects where none answers, or something else does. */
export function askHealth(base: string, kind: HealthKind, env: NodeJS.ProcessEnv): Promise<HealthAnswer> {
  const url = `${base}${PATHS[kind]}?verbose`
  const headers = { accept: 'application/json', connection: 'close', ...authorization(url, env) }
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > MOST_BYTES) sent.destroy(new Error('the answer is too long'))
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          const answer: unknown = JSON.parse(text)
          // Any server may answer 200: only a report of ours is one.
          if (!isHealth(answer)) throw new Error('what answers is no Bifrost gateway')
          resolve({ ...answer, ok: answer.ok && response.statusCode === 200 })
        } catch (error) {
          reject(error)
        }
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** A line a check, then the verdict. */
export function healthLines({ ok, checks }: HealthAnswer): string {
  const lines = checks.map(({ name, ok: isOk, detail, attention, since }) => {
    const mark = isOk ? (attention === true ? '!' : '+') : '-'
    return `[${mark}] ${name}: ${detail}${since === undefined ? '' : ` (since ${since})`}\n`
  })
  return `${lines.join('')}${ok ? 'ok' : 'not ok'}\n`
}

function parse(args: readonly string[]): Asked | undefined {
  const kinds: HealthKind[] = []
  let url: string | undefined
  let json = false
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!
    if (word === '--json') json = true
    else if (word === '--live' || word === '--ready' || word === '--startup') kinds.push(word.slice(2) as HealthKind)
    else if (word === '--url' && args[at + 1] !== undefined) url = args[++at]
    else if (word !== '-q' && word !== '--quiet' && word !== '--no-color') return undefined
  }
  return kinds.length > 1 ? undefined : { kind: kinds[0] ?? 'ready', url, json }
}

const isHealth = (given: unknown): given is HealthAnswer =>
  typeof given === 'object' && given !== null && 'ok' in given && 'checks' in given && Array.isArray(given.checks)
