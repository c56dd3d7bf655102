/** Sends a request exactly as it is written: `fetch` would tidy `..` and `%2e` up. */
import { Agent, request } from 'node:http'
import type { FuzzRequest } from './requests.ts'

export interface FuzzAnswer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const LIMIT_MS = 20_000

export class Wire {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: URL
  readonly #who: Readonly<Record<string, string>>

  constructor(url: string, who: Readonly<Record<string, string>>) {
    this.#url = new URL(url)
    this.#who = who
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Rejects where there is no whole answer. */
  send({ method, target, body, headers: more }: FuzzRequest): Promise<FuzzAnswer> {
    const bytes = body === undefined ? undefined : Buffer.from(body.text)
    const headers: Record<string, string | number> = { accept: 'application/json', ...more, ...this.#who }
    if (body?.type !== undefined) headers['content-type'] = body.type
    if (bytes !== undefined) headers['content-length'] = bytes.length
    const { hostname, port } = this.#url
    const options = { agent: this.#agent, hostname, port, method, path: target, headers, timeout: LIMIT_MS }
    return new Promise((resolve, reject) => {
      const sent = request(options, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const type = (answer.headers['content-type'] ?? '').split(';', 1)[0]!
          resolve({ status: answer.statusCode!, type, text: Buffer.concat(parts).toString() })
        })
      })
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${LIMIT_MS} ms`)))
      sent.on('error', reject)
      sent.end(bytes)
    })
  }
}
