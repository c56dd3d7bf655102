/**
 * How much the log says: as configured, and for a while more or less of it, for the whole or for one component, device or sink. What was
 * changed for a while ends by itself, and nothing of it outlives a restart.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import { LOG_LEVELS, type LogLevel } from '../log.ts'

export type SpokenLevel = Exclude<LogLevel, 'silent'>

/** What a level holds for; without any name: the whole log. At most one is named. */
export interface LogScope {
  readonly component?: string | undefined
  readonly device?: string | undefined
  readonly sink?: string | undefined
}

/** Levels of components, as configured. */
export type ComponentLevels = Readonly<Record<string, SpokenLevel>>

/** A level for a while. */
export interface LevelForAWhile extends LogScope {
  readonly level: SpokenLevel
  readonly by: string
  readonly reason: string | null
  /** ms since 1970. */
  readonly since: number
  readonly until: number
}

export interface LevelOrder extends LogScope {
  readonly level: SpokenLevel
  readonly durationMs: number
  readonly by: string
  readonly reason?: string | undefined
}

/** How many may hold at the same time. */
const MOST = 50

const RANKS = Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank])) as Record<LogLevel, number>

const rankOf = (level: LogLevel): number => LOG_LEVELS.indexOf(level)

export class LogLevels {
  #configured: LogLevel
  #components: ReadonlyMap<string, SpokenLevel> = new Map()
  /** Rank of the least that anything says now. */
  #least = 0
  readonly #clock: Clock
  readonly #held = new Map<string, { readonly order: LevelForAWhile; readonly timer: Timer }>()
  readonly #onChange: () => void
  readonly #onEnd: (order: LevelForAWhile) => void

  /** `onChange` hears of every change; `onEnd` of a level whose time is over. */
  constructor(
    configured: LogLevel,
    clock: Clock,
    { onChange, onEnd }: { onChange(): void; onEnd(order: LevelForAWhile): void },
  ) {
    this.#configured = configured
    this.#clock = clock
    this.#least = rankOf(configured)
    this.#onChange = () => {
      const before = this.#least
      this.#least = rankOf(this.least)
      if (this.#least !== before) onChange()
    }
    this.#onEnd = onEnd
  }

  get configured(): LogLevel {
    return this.#configured
  }

  /** The one that holds where nothing else is said of a record's component, device or sink. */
  get whole(): LogLevel {
    return this.#held.get('')?.order.level ?? this.#configured
  }

  /** Those for a while, the first that ends first. */
  get forAWhile(): readonly LevelForAWhile[] {
    return [...this.#held.values()].map(({ order }) => order).sort((a, b) => a.until - b.until)
  }

  /** The least that anything says now. */
  get least(): LogLevel {
    let least = this.whole
    const narrower = [...this.#components.values(), ...[...this.#held.values()].map(({ order }) => order.level)]
    for (const level of narrower) if (rankOf(level) < rankOf(least)) least = level
    return least
  }

  /** Those of components, as configured. */
  get components(): ComponentLevels {
    return Object.fromEntries(this.#components)
  }

  /** `components` stay as they are where absent. */
  configure(level: LogLevel, components?: ComponentLevels): void {
    this.#configured = level
    if (components !== undefined) this.#components = new Map(Object.entries(components))
    this.#onChange()
  }

  /** True: nothing at all says this now. Costs next to nothing. */
  isSilent(level: SpokenLevel): boolean {
    return RANKS[level] < this.#least
  }

  /** Whether a record is said. The narrowest holds: device, sink, component, then the whole; what was asked for before what is configured. */
  says(level: SpokenLevel, scope: LogScope): boolean {
    const { device, sink, component } = scope
    const configured = component === undefined ? undefined : this.#components.get(component)
    if (this.#held.size === 0) return rankOf(level) >= rankOf(configured ?? this.#configured)
    const held =
      (device === undefined ? undefined : this.#held.get(keyOf({ device }))) ??
      (sink === undefined ? undefined : this.#held.get(keyOf({ sink }))) ??
      (component === undefined ? undefined : this.#held.get(keyOf({ component })))
    return rankOf(level) >= rankOf(held?.order.level ?? configured ?? this.whole)
  }

  /** From now on and for so long; one for the same takes its place. Throws CONFLICT where there are too many. */
  set({ level, durationMs, by, reason, ...scope }: LevelOrder): LevelForAWhile {
    const key = keyOf(scope)
    this.assertRoom(scope)
    this.#held.get(key)?.timer.cancel()
    const since = this.#clock.now()
    const order = { ...scope, level, by, reason: reason ?? null, since, until: since + durationMs }
    const timer = this.#clock.after(durationMs, () => {
      this.#held.delete(key)
      this.#onChange()
      this.#onEnd(order)
    })
    this.#held.set(key, { order, timer })
    this.#onChange()
    return order
  }

  assertRoom(scope: LogScope): void {
    if (this.#held.has(keyOf(scope)) || this.#held.size < MOST) return
    throw new GatewayError('CONFLICT', `${MOST} levels hold for a while already: end one of them first`)
  }

  of(scope: LogScope): LevelForAWhile | undefined {
    return this.#held.get(keyOf(scope))?.order
  }

  /** Back to what is configured, before its time; every one of them without a scope. Returns those that ended. */
  revert(scope?: LogScope): readonly LevelForAWhile[] {
    const keys = scope === undefined ? [...this.#held.keys()] : [keyOf(scope)]
    const ended = keys.flatMap((key) => this.#held.get(key) ?? [])
    for (const { timer } of ended) timer.cancel()
    for (const key of keys) this.#held.delete(key)
    if (ended.length > 0) this.#onChange()
    return ended.map(({ order }) => order)
  }

  close(): void {
    for (const { timer } of this.#held.values()) timer.cancel()
    this.#held.clear()
  }
}

function keyOf({ device, sink, component }: LogScope): string {
  if (device !== undefined) return `device ${device}`
  if (sink !== undefined) return `sink ${sink}`
  return component === undefined ? '' : `component ${component}`
}

/** For people: `device press-1`; `the log` without a name. */
export const scopeWords = (scope: LogScope): string => keyOf(scope) || 'the log'
