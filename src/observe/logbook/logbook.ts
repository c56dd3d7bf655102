/**
 * The gateway's log with a memory: what is said goes on to where the log always goes, and the newest records stay here for the page, the
 * API and a support bundle. It also decides how much is said, so that one device can be asked for more for a while; counts it; and says
 * once a minute what would be said again and again.
 */
import type { Clock } from '../../core/clock.ts'
import type { LogFields } from '../../core/log-fields.ts'
import { DROP_REASONS, type Log } from '../../core/log.ts'
import { noneDropped } from '../log-drain.ts'
import type { LogLevel } from '../log.ts'
import { LogLevels, scopeWords, type ComponentLevels, type LogScope, type SpokenLevel } from './log-levels.ts'
import { LogRing, type RingBounds } from './log-ring.ts'
import { MessageCounts } from './message-counts.ts'
import { Patterns, type PatternRule } from './patterns.ts'
import { Repeats } from './repeats.ts'

/** What of the configuration is the log's, and may change while it runs. */
export interface LogSettings {
  readonly level: LogLevel
  readonly levels?: ComponentLevels
  readonly patterns?: readonly PatternRule[]
}

export interface Logbook {
  /** What the gateway speaks to. */
  readonly log: Log
  readonly records: LogRing
  readonly levels: LogLevels
  readonly counts: Pick<MessageCounts, 'all'>
  readonly patterns: Pick<Patterns, 'counts'>
  /** Lines that did not leave, by reason. */
  readonly dropped: NonNullable<Log['dropped']>
  /** What this stream drops counts too. */
  attach(stream: Pick<Log, 'dropped'>): void
  configure(settings: LogSettings): Promise<void>
  /** Blanks what is secret in all that is said from now on. */
  hide(erase: (text: string) => string): void
  /** Says what is owed, and ends the timers. */
  close(): void
}

/** `level` is the one of the configuration. */
export function keepLog(inner: Log, level: LogLevel, clock: Clock, bounds?: RingBounds): Logbook {
  const records = new LogRing(bounds)
  const counts = new MessageCounts()
  const patterns = new Patterns()
  const streams: Pick<Log, 'dropped'>[] = []
  let erase: ((text: string) => string) | undefined
  const put = (to: SpokenLevel, fields: Fields, sentence: string): void => {
    inner[to]<LogFields>(fields, sentence)
    records.add(clock.now(), to, fields, sentence, erase)
  }
  const repeats = new Repeats(clock, put)
  const levels: LogLevels = new LogLevels(level, clock, {
    onChange: () => passOn(inner, levels.least),
    onEnd: (order) =>
      log.info(
        { ...scopeOf(order), level: order.level },
        `The level ${order.level} of ${scopeWords(order)}, which ${order.by} asked for, has ended: ${levels.components[order.component ?? ''] ?? levels.configured} again.`,
      ),
  })
  const log = createKept({}, { levels, counts, patterns, repeats, put })
  return {
    log,
    records,
    levels,
    counts,
    patterns,
    get dropped() {
      const sum = noneDropped()
      for (const one of [inner.dropped, ...streams.map(({ dropped }) => dropped)])
        for (const reason of DROP_REASONS) sum[reason] += one?.[reason] ?? 0
      return sum
    },
    attach: (stream) => void streams.push(stream),
    async configure(settings) {
      levels.configure(settings.level, settings.levels ?? {})
      await patterns.configure(settings.patterns ?? [])
    },
    hide(next) {
      erase = next
      inner.hide?.(next)
    },
    close() {
      repeats.close()
      levels.close()
    },
  }
}

type Fields = Readonly<Record<string, unknown>>

interface Keeping {
  readonly levels: LogLevels
  readonly counts: MessageCounts
  readonly patterns: Patterns
  readonly repeats: Repeats
  put(level: SpokenLevel, fields: Fields, sentence: string): void
}

function createKept(bound: Fields, keeping: Keeping): Log {
  const { levels, counts, patterns, repeats, put } = keeping
  const say =
    (level: SpokenLevel) =>
    (fields: LogFields, sentence: string): void => {
      // Most of what is not wanted ends here: no object is made for it.
      if (levels.isSilent(level)) return
      const all: Record<string, unknown> = { ...bound, ...fields }
      const scope = scopeOf(all)
      if (!levels.says(level, scope)) return
      counts.count(level, scope.component ?? 'gateway')
      const pattern = patterns.look(level, all, sentence)
      if (repeats.holds(level, all, sentence)) return
      put(level, pattern === undefined ? all : { ...all, pattern }, sentence)
    }
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (fields) => createKept({ ...bound, ...fields }, keeping),
    setLevel: (level) => levels.configure(level),
  }
}

/** Whatever filters after us must let through what we let through. */
function passOn(inner: Log, least: LogLevel): void {
  if (least !== 'silent') inner.setLevel?.(least)
}

function scopeOf(fields: Fields | LogScope): LogScope {
  const { component, logger, device, sink } = fields as Record<string, unknown>
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return { component: text(component ?? logger), device: text(device), sink: text(sink) }
}
