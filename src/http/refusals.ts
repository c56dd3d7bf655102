/** Counts what the server refuses, by reason, and says in the log that it began: once a minute at most for each reason. */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { HttpStats, RefusalReason } from '../observe/http-stats.ts'

const QUIET_MS = 60_000

const SENTENCES: Record<RefusalReason, string> = {
  connections: 'The server has all the connections that it takes; further ones are refused',
  'address-connections': 'One address has all the connections that it may have; further ones are refused',
  unfinished: 'Requests that do not come to their end are cut off to make room for others',
  idle: 'Connections at rest are ended to make room for others',
  rate: 'Requests come faster than one address may send them; they are answered with 429',
  headers: 'Requests with too many or too long headers are answered with 431',
  body: 'Requests with too large bodies are answered with 413',
  bodies: 'More bodies are on their way than there is room for; the slowest are cut off',
  timeout: 'Requests that do not arrive in time are answered with 408',
  malformed: 'What is no HTTP is answered with 400',
  origin: 'Requests for another host name, or from a page of another site, are answered with 403',
  live: 'There are all the live sockets that there may be; further ones are answered with 429',
  stalled: 'Answers that nobody takes are given up',
}

export interface Refusals {
  count(reason: RefusalReason, address?: string): void
}

export function createRefusals(stats: HttpStats, { log, clock }: { log: Log; clock: Clock }): Refusals {
  const quietUntil = new Map<RefusalReason, number>()
  return {
    count(reason, address) {
      stats.refuse(reason)
      const now = clock.monotonic()
      if (now < (quietUntil.get(reason) ?? 0)) return
      quietUntil.set(reason, now + QUIET_MS)
      log.warn({ logger: 'http', reason, ...(address === undefined ? {} : { address }) }, `${SENTENCES[reason]}.`)
    },
  }
}
