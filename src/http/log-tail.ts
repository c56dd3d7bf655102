/**
 * The log as it is said, for whoever listens: NDJSON, filtered, bounded. A reader that is too slow misses records and is told how many; whose
 * rights end hears no more.
 */
import type { PassThrough } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { Permission } from '../core/permissions.ts'
import type { Gateway } from '../gateway.ts'
import { matcherOf, type LogFilter, type LogRecord } from '../observe/logbook/log-ring.ts'
import { refusal } from './auth/check.ts'
import type { Door } from './auth/door.ts'
import { NOBODY } from './auth/principals.ts'
import { sightOf } from './auth/sight.ts'
import { recordText } from './log-schemas.ts'

interface Tail {
  readonly gateway: Gateway
  readonly door: Door
  readonly request: { readonly raw: IncomingMessage }
  readonly lines: PassThrough
  readonly permission: Permission
}

/** Rights are looked at anew this often. */
const LOOK_EVERY_MS = 2000
/** An empty line after so long without a record: whoever went away unseen is noticed. */
const SIGN_OF_LIFE_MS = 5000

/** Writes what is held after `filter.after`, then what comes, until `signal`. */
export function followLog({ gateway, door, request, lines, permission }: Tail, asked: LogFilter, signal: AbortSignal) {
  const { clock, logbook } = gateway
  let matches = matcherOf(asked)
  let dropped = 0
  let wroteAt = clock.monotonic()
  const write = (text: string): void => {
    wroteAt = clock.monotonic()
    lines.write(text)
  }
  const take = (record: LogRecord): void => {
    if (!matches(record)) return
    if (lines.writableNeedDrain) return void dropped++
    if (dropped > 0) write(`{"dropped":${dropped}}\n`)
    dropped = 0
    write(`${recordText(record)}\n`)
  }
  const end = (): void => {
    stopListening()
    timer.cancel()
    lines.end()
  }
  const look = async (): Promise<void> => {
    const principal = await Promise.resolve()
      .then(() => door.find(request.raw))
      .catch(() => NOBODY)
    if (signal.aborted) return
    if (refusal(principal, permission, undefined, door) !== undefined) return end()
    matches = matcherOf({ ...asked, sight: sightOf(principal, permission) })
    if (clock.monotonic() - wroteAt >= SIGN_OF_LIFE_MS && !lines.writableNeedDrain) write('\n')
  }
  const timer = clock.every(LOOK_EVERY_MS, () => void look())
  const stopListening = logbook.records.listen(take)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) return end()
  // The headers go at once, whether or not there is something to say.
  write('\n')
  for (const record of logbook.records.oldestFirst(asked)) take(record)
}
