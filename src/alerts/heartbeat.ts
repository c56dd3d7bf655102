/**
 * A dead man's switch: a POST every so often to a service that raises the alarm when it stays away. A gateway cannot tell of its own death; this
 * service can. Failures are said once and tried again at the next beat.
 */
import type { HeartbeatConfig } from '../core/alerts.ts'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/driver.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { HttpClient } from '../wire/http/http-client.ts'

export interface HeartbeatContext {
  readonly clock: Clock
  readonly log: Log
  readonly dial: Context['dial']
  /** What the body says. */
  readonly status: () => object
}

export interface Heartbeat {
  /** When the service took one last, ms since 1970. */
  readonly lastAt: number | undefined
  readonly lastError: string | undefined
  close(): void
}

const LIMIT_MS = 10_000

export function startHeartbeat({ url, everyMs, ca, insecure }: HeartbeatConfig, context: HeartbeatContext): Heartbeat {
  const { clock, log, dial } = context
  const { origin, pathname, search } = new URL(url)
  const limits = { connectTimeoutMs: LIMIT_MS, responseTimeoutMs: LIMIT_MS }
  const client = new HttpClient({ url: origin, tls: { ca, insecure }, ...limits, maxAnswerBytes: 65_536, dial, clock })
  const stopped = new AbortController()
  let lastAt: number | undefined
  let lastError: string | undefined
  let isUnderWay = false

  const beat = async (): Promise<void> => {
    isUnderWay = true
    try {
      const body = Buffer.from(JSON.stringify(context.status()))
      const headers = { 'Content-Type': 'application/json' }
      const answer = await client.send({ method: 'POST', path: pathname + search, headers, body }, stopped.signal)
      if (answer.status < 200 || answer.status > 299) throw new Error(`${origin} answered ${answer.status}`)
      if (lastError !== undefined) log.info({ url: origin }, 'The heartbeat is taken again.')
      lastAt = clock.now()
      lastError = undefined
    } catch (error) {
      if (stopped.signal.aborted) return
      if (lastError === undefined) log.warn({ url: origin, error: messageOf(error) }, 'The heartbeat is not taken: the service behind it will raise the alarm.') // prettier-ignore
      lastError = messageOf(error)
    } finally {
      isUnderWay = false
    }
  }
  void beat()
  const timer = clock.every(everyMs, () => (isUnderWay ? undefined : void beat()))
  return {
    get lastAt() {
      return lastAt
    },
    get lastError() {
      return lastError
    },
    close() {
      timer.cancel()
      stopped.abort()
      client.close()
    },
  }
}
