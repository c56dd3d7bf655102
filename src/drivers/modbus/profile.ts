/**
 * What was learned about one device: for each unit and table how much a request may ask for, which addresses break a block, and
 * which registers are left out. Planning asks it; what the device says now always counts more. Kept over restarts by
 * `profile-json.ts`.
 */
import type { Clock } from '../../core/clock.ts'
import type { LearnedStore } from '../../core/driver.ts'
import type { Log } from '../../core/log.ts'
import type { StatusCode } from '../../core/status.ts'
import type { TagId } from '../../core/value.ts'
import type { Area } from './address.ts'
import { TableLimits } from './limits.ts'
import { noLosses, type Losses } from './loss.ts'
import type { Failure } from './outcome.ts'
import type { PlanRules, Span } from './plan.ts'
import { readProfile, writeProfile, type LineLimits } from './profile-json.ts'
import { profileView, type ProfileView } from './profile-words.ts'
import { describe, keyOf, Quarantine, timeOfDay, type Quarantined } from './quarantine.ts'

/** What one unit is known to do. */
export interface UnitState {
  readonly unit: number
  /** Rises whenever its blocks have to be planned anew. */
  version: number
  /** The last request that it answered with values, and when: monotonic ms. */
  answered: Span | undefined
  answeredAt: number
  /** The longest interval at which it is asked. */
  everyMs: number
  /** While nothing of it can be read: when one value was tried last, monotonic ms, and how many were. */
  triedAt: number
  tries: number
  /** Registers that came back since something was refused. */
  comebacks: number
  readonly losses: Losses
}

/** What is known of one table of one unit. */
interface Table {
  readonly unit: number
  readonly area: Area
  readonly limits: TableLimits
}

/** What the device said in place of values, and the status that its tags got for it. */
interface Refused {
  readonly status: StatusCode
  readonly words: string
}

/** How often a value of a unit is tried of which nothing can be read. */
const BARREN_TRY_MS = 10_000

/** Registers of one unit that come back after which another device is supposed there. */
const OTHER_DEVICE = 2

export interface ProfileSettings {
  readonly clock: Clock
  readonly log: Log
  /** The first pause before a register that is left out is tried again. */
  readonly quarantineMs: number
  /** Absent: nothing is kept over restarts. */
  readonly store: LearnedStore | undefined
}

export class DeviceProfile implements PlanRules {
  readonly quarantine: Quarantine
  /** What a tag reads, where that was left out once: few tags ever. */
  #places: Map<TagId, Span> | undefined
  /** Tags whose block is refused and searched: for the time of the search. */
  #searched: Map<TagId, string> | undefined
  /** Tags whose last request was answered with something else than values, as the sentence says. */
  #refused: Map<TagId, Refused> | undefined
  readonly #settings: ProfileSettings
  // Lists, as most devices have one unit, and there are many devices.
  #units: readonly UnitState[] = []
  readonly #tables: Table[] = []
  #line: LineLimits | undefined
  #saved = ''
  /** What was left out in an earlier run and is read by no tag of this one so far. */
  #unclaimed: Map<string, Span> | undefined

  constructor(settings: ProfileSettings) {
    this.#settings = settings
    this.quarantine = new Quarantine(settings.clock, settings.quarantineMs, (unit) => this.#changed(unit))
    const { store, log } = settings
    if (store === undefined) return
    const given = store.load()
    if (given === undefined) return
    const problem = readProfile(given, this)
    if (problem !== undefined)
      log.warn({ problem }, 'What was learned about the device cannot be used; it is learned anew.')
    if (this.quarantine.size > 0)
      this.#unclaimed = new Map([...this.quarantine.values()].map((entry) => [keyOf(entry), entry]))
    this.#saved = JSON.stringify(writeProfile(this) ?? null)
  }

  /** A tag reads this. */
  claim(span: Span): void {
    this.#unclaimed?.delete(keyOf(span))
  }

  /** All tags are known: what none of them reads would never be tried again. */
  dropUnclaimed(): void {
    const unclaimed = this.#unclaimed
    this.#unclaimed = undefined
    if (unclaimed === undefined || unclaimed.size === 0) return
    for (const span of unclaimed.values()) this.quarantine.drop(span)
    this.save()
  }

  unit(unit: number): UnitState {
    let state = this.#units.find((known) => known.unit === unit)
    if (state === undefined) {
      state = {
        unit,
        version: 0,
        answered: undefined,
        answeredAt: -Infinity,
        everyMs: 0,
        triedAt: -Infinity,
        tries: 0,
        comebacks: 0,
        losses: noLosses(),
      }
      this.#units = this.#units.concat(state)
    }
    return state
  }

  /** The limits of one table, made when first asked for. */
  table(unit: number, area: Area): TableLimits {
    const known = this.#limits(unit, area)
    if (known !== undefined) return known
    const limits = new TableLimits(() => this.#changed(unit))
    this.#tables.push({ unit, area, limits })
    return limits
  }

  /** The tables about which something was asked or learned. */
  tables(): readonly Table[] {
    return this.#tables
  }

  longest(unit: number, area: Area): number {
    return this.#limits(unit, area)?.allowed ?? Infinity
  }

  mayJoin(block: Span, next: Span): boolean {
    const end = block.offset + block.length
    if (next.offset > end && this.quarantine.size > 0 && this.quarantine.covers(block, end, next.offset)) return false
    return this.#limits(block.unit, block.area)?.mayJoin(block, next) ?? true
  }

  /** True when this block cannot be read as it stands, by what is known. */
  forbids(block: Span): boolean {
    return block.length > this.longest(block.unit, block.area) || this.divides(block)
  }

  /** True when a gap, a seam, or a register that is left out lies in this block. */
  divides(block: Span): boolean {
    const { unit, area, offset, length } = block
    if (this.#limits(unit, area)?.divides(block) ?? false) return true
    return this.quarantine.size > 0 && this.quarantine.covers(block, offset, offset + length)
  }

  /** It cannot be read. */
  leaveOut(span: Span, failure: Failure): void {
    if (this.quarantine.find(span) === undefined) this.unit(span.unit).comebacks = 0
    this.quarantine.add(span, failure)
  }

  /** A register that was left out can be read. Several: it is another device now, or a repaired one, with limits of its own. */
  release(span: Span): void {
    if (!this.quarantine.release(span)) return
    const state = this.unit(span.unit)
    if (++state.comebacks < OTHER_DEVICE) return
    state.comebacks = 0
    for (const { unit, limits } of this.#tables) if (unit === span.unit) limits.forget()
  }

  /** True when nothing of the unit was read for longer than its polls explain: it may be the unit, and not its registers. */
  isBarren({ answeredAt, everyMs }: UnitState): boolean {
    return this.#settings.clock.monotonic() - answeredAt > Math.max(BARREN_TRY_MS, 2 * everyMs)
  }

  /** The value in quarantine to try now in a barren unit, another one each time; undefined: not yet, or none. */
  takeTry(state: UnitState): Span | undefined {
    const now = this.#settings.clock.monotonic()
    if (now - state.triedAt < BARREN_TRY_MS) return undefined
    const entries = [...this.quarantine.values()].filter(({ unit }) => unit === state.unit)
    state.triedAt = now
    return entries[state.tries++ % entries.length]
  }

  /** How much the line bears; undefined: nothing known. */
  get line(): LineLimits | undefined {
    return this.#line
  }

  set line(limits: LineLimits | undefined) {
    this.#line = limits
    this.save()
  }

  /** The tag reads something that is left out. */
  place(tag: TagId, span: Span): void {
    this.#places ??= new Map()
    this.#places.set(tag, span)
  }

  /** The tag is searched among others, as the sentence says; undefined: not any more. */
  searched(tag: TagId, words: string | undefined): void {
    if (words === undefined) this.#searched?.delete(tag)
    else (this.#searched ??= new Map()).set(tag, words)
  }

  get hasRefused(): boolean {
    return (this.#refused?.size ?? 0) > 0
  }

  /** The last request that would have read the tag was refused; undefined: it was not. */
  refused(tag: TagId, said: Refused | undefined): void {
    if (said === undefined) this.#refused?.delete(tag)
    else (this.#refused ??= new Map()).set(tag, said)
  }

  /** The tag has this status: what was said of another one is no reason any more. */
  failed(tag: TagId, status: StatusCode): void {
    if (this.#refused?.get(tag)?.status !== status) this.#refused?.delete(tag)
  }

  /** Why a tag cannot be read: it is left out, or searched, or what the device said last. */
  reasonOf(tag: TagId): string | undefined {
    const place = this.#places?.get(tag)
    const entry = place === undefined ? undefined : this.quarantine.find(place)
    if (entry !== undefined) return this.reason(entry)
    return this.#searched?.get(tag) ?? this.#refused?.get(tag)?.words
  }

  /** Why this value is left out, and when it is tried again. */
  reason(entry: Quarantined): string {
    const state = this.unit(entry.unit)
    if (!this.isBarren(state)) return this.quarantine.reason(entry)
    const { clock } = this.#settings
    const since =
      state.answeredAt === -Infinity
        ? 'could be read so far'
        : `was read since ${timeOfDay(clock.now() - (clock.monotonic() - state.answeredAt))}`
    return `${describe(entry)}; nothing of unit ${entry.unit} ${since}, so that one value after the other is tried, every ${BARREN_TRY_MS / 1000} s.`
  }

  /** For people; undefined: nothing was learned. */
  view(): ProfileView | undefined {
    return profileView(this, this.#settings.clock)
  }

  forget(): void {
    this.quarantine.clear()
    for (const { limits } of this.#tables) limits.forget()
    for (const { unit } of this.#units) this.#changed(unit)
    this.#line = undefined
    this.save()
  }

  /** Hands what is known to the store, when it is another than what the store has. */
  save(): void {
    const { store } = this.#settings
    if (store === undefined) return
    const profile = writeProfile(this)
    const text = JSON.stringify(profile ?? null)
    if (text === this.#saved) return
    this.#saved = text
    store.save(profile)
  }

  #limits(unit: number, area: Area): TableLimits | undefined {
    return this.#tables.find((table) => table.unit === unit && table.area === area)?.limits
  }

  #changed(unit: number): void {
    this.unit(unit).version++
  }
}
