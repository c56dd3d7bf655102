/**
 * How a block is read that the device does not read as a whole: in parts that it does, with searches for what is wrong in those
 * that it refuses, and without the registers in quarantine, which are tried again now and then. One cycle is a generator:
 * it gives one request after the other and is told what came of each, so that writes and neighbours come between them.
 */
import type { Clock } from '../../core/clock.ts'
import type { StatusCode } from '../../core/status.ts'
import { takeDoubt } from './doubt.ts'
import { countRequest } from './loss.ts'
import { CUT, type Failure } from './outcome.ts'
import { planBlocks, type PlanLimits, type Span } from './plan.ts'
import { hasSame, isSame, probeOf, spanOf, type Probe } from './probe.ts'
import type { DeviceProfile } from './profile.ts'
import { Pursuit, SearchBudget, type PursuitListener, type Steps, type Suspicion } from './pursuit.ts'

interface Part<Item extends Span> extends Probe<Item> {
  /** Failures in a row that say nothing of one register, the last of them, and when they began. */
  strikes: number
  failure?: Failure
  failingSince: number
}

/** What healing needs of its device. */
export interface HealingSettings extends PlanLimits {
  readonly clock: Clock
  readonly profile: DeviceProfile
  /** Somebody waits for the values: those in quarantine are tried whatever their pauses. */
  readonly onDemand?: boolean
}

/** After so many failures in a row that may pass, a block is suspected to hold a register that is at fault. */
const STRIKES = 3
/** Of silence one is enough: to ask for a single value then costs no more time than the whole, whether the unit is there or not. */
const SILENT_STRIKES = 1
/** One lost connection may be anything. */
const CUT_STRIKES = 2
const STRIKES_OF: Partial<Record<Failure['kind'], number>> = { silent: SILENT_STRIKES, cut: CUT_STRIKES }

/** The values of one block, which are all of one unit and table, in ascending order of their offsets. */
export class Healing<Item extends Span> {
  readonly #items: readonly Item[]
  readonly #settings: HealingSettings
  readonly #heard: PursuitListener<Item>
  readonly #status = new Map<Item, StatusCode>()
  #untold = new Set<Item>()
  #parts: readonly Part<Item>[] = []
  /** Of the plan; and whether a search has changed it since. */
  #version = -1
  #isStale = false
  #pursuits: Pursuit<Item>[] = []
  #budget = new SearchBudget()
  #outcome: 'ok' | 'timeout' | 'failed' | undefined
  #refusal: StatusCode | undefined
  /** The unit answered with values in this cycle. */
  #hasAnswer = false

  constructor(items: readonly Item[], settings: HealingSettings, heard: PursuitListener<Item>) {
    this.#items = items
    this.#settings = settings
    this.#heard = heard
  }

  /** True when one request reads everything: there is nothing to heal. */
  get isWhole(): boolean {
    const [part, ...others] = this.#parts
    if (part === undefined || others.length > 0 || this.#pursuits.length > 0) return false
    return part.strikes === 0 && part.items.length === this.#items.length && !this.#needsPlan
  }

  /** One cycle: yields a request, is told how it failed, if it did. */
  *cycle(): Steps<Item> {
    const { profile } = this.#settings
    this.#untold = new Set(this.#items)
    this.#status.clear()
    this.#budget = new SearchBudget()
    this.#hasAnswer = false
    if (this.#needsPlan) this.#plan()
    for (const part of this.#parts) yield* this.#read(part)
    for (const pursuit of this.#pursuits) yield* this.#pursue(pursuit)
    yield* this.#retry()
    yield* this.#doubt()
    if (this.#needsPlan) profile.save()
  }

  /** Those of the values that have no row in this cycle yet. */
  untold(items: readonly Item[]): readonly Item[] {
    return items.filter((item) => this.#untold.has(item))
  }

  /** A request took so long, the wait for the line left out, and this came of it. */
  took(ms: number, failure: Failure | undefined): void {
    this.#budget.spentMs += ms
    if (failure === undefined) this.#hasAnswer = true
    this.#refusal = failure?.status
    this.#outcome = failure === undefined ? 'ok' : failure.kind === 'silent' ? 'timeout' : 'failed'
  }

  /** The connection was lost over the request that is under way; the cycle is not continued. */
  cut(): void {
    this.#budget.onCut?.()
    this.#budget.onCut = undefined
  }

  /** The connection was lost over the whole block again and again: it is looked at in parts. */
  suspectWhole(): void {
    this.#plan()
    for (const part of this.#parts) for (let strike = 0; strike < CUT_STRIKES; strike++) this.#strike(part, CUT)
  }

  /** What became of the last request. */
  get outcome(): 'ok' | 'timeout' | 'failed' | undefined {
    return this.#outcome
  }

  /** The status that it came to, where it failed. */
  get refusal(): StatusCode | undefined {
    return this.#refusal
  }

  /** These values have their row in this cycle. */
  tell(items: readonly Item[]): void {
    for (const item of items) this.#untold.delete(item)
  }

  /** At the end of a cycle: the values that could not be read, with the status that says why; `unknown` where nothing does. */
  *rest(unknown: StatusCode): Generator<readonly [Item, StatusCode]> {
    const { quarantine } = this.#settings.profile
    for (const item of this.#untold) yield [item, quarantine.find(item)?.status ?? this.#status.get(item) ?? unknown]
    this.#untold.clear()
  }

  get #needsPlan(): boolean {
    return this.#isStale || this.#version !== this.#state.version
  }

  get #state() {
    return this.#settings.profile.unit(this.#items[0]!.unit)
  }

  *#read(part: Part<Item>): Steps<Item> {
    const enough = STRIKES_OF[part.failure?.kind ?? 'refused'] ?? STRIKES
    if (part.failure !== undefined && part.strikes >= enough) return this.#suspectStriking(part, part.failure)
    this.#budget.onCut = () => this.#strike(part, CUT)
    const failure = yield part
    this.#budget.onCut = undefined
    if (failure === undefined) {
      part.strikes = 0
    } else if (failure.kind === 'address') {
      this.#suspect(part.items, this.#refusedBy(failure))
    } else {
      this.#fail(part.items, failure.status)
      if (failure.kind === 'busy') return
      if (failure.kind === 'silent') countRequest(this.#state.losses, false)
      this.#strike(part, failure)
    }
  }

  #strike(part: Part<Item>, failure: Failure): void {
    part.failure = failure
    if (part.strikes++ === 0) part.failingSince = this.#settings.clock.monotonic()
  }

  /** The part failed again and again. As it may have passed by now, it is halved like one that was refused: the whole is asked once more. */
  #suspectStriking(part: Part<Item>, failure: Failure): void {
    part.strikes = 0
    const refusal: Failure | undefined = part.items.length > 1 ? { ...failure, kind: 'refused' } : undefined
    // After a cut the unit has shown by other answers that it is there; to ask for a single value may cut again.
    const isDoubted = failure.kind !== 'cut' || this.#state.answeredAt < part.failingSince
    this.#suspect(part.items, { refusal, words: failure.words, isDoubted, since: part.failingSince })
  }

  #refusedBy(refusal: Failure): Suspicion {
    return { refusal, words: refusal.words, isDoubted: false, since: this.#settings.clock.monotonic() }
  }

  /** Something in these values is at fault. */
  #suspect(items: readonly Item[], why: Suspicion): Pursuit<Item> | undefined {
    const { profile, clock } = this.#settings
    const pursuit = new Pursuit(items, why, profile, clock, this.#heard)
    this.#isStale = true
    if (pursuit.isOver) return undefined
    this.#pursuits.push(pursuit)
    return pursuit
  }

  *#pursue(pursuit: Pursuit<Item>): Steps<Item> {
    if (yield* pursuit.cycle(this.#budget)) this.#isStale = true
    if (pursuit.isOver) this.#pursuits = this.#pursuits.filter((other) => other !== pursuit)
    else this.#fail(pursuit.open, pursuit.status)
  }

  /** Tries one block of the values in quarantine whose time has come; all of them for somebody who waits. */
  *#retry(): Steps<Item> {
    const { profile, clock, onDemand = false } = this.#settings
    const { quarantine } = profile
    if (quarantine.size === 0) return
    if (onDemand) {
      const left = this.#items.filter((item) => quarantine.find(item) !== undefined)
      for (const block of planBlocks(left, this.#settings, profile))
        yield* this.#tryAgain(block.members.map((index) => left[index]!))
      return
    }
    // What is not answered, or failed as a whole, in this cycle says nothing of one value.
    if (!this.#hasAnswer && this.#parts.length + this.#pursuits.length > 0) return
    if (profile.isBarren(this.#state)) return yield* this.#tryBarren()
    const now = clock.monotonic()
    const searched = new Set(this.#pursuits.flatMap(({ open }) => [...open]))
    const due = this.#items.filter((item) => !searched.has(item) && (quarantine.find(item)?.nextAt ?? Infinity) <= now)
    const [block] = planBlocks(due, this.#settings, profile)
    if (block !== undefined) yield* this.#tryAgain(block.members.map((index) => due[index]!))
  }

  *#tryAgain(items: readonly Item[]): Steps<Item> {
    const { profile } = this.#settings
    const { quarantine } = profile
    this.#budget.onCut = () => items.forEach((item) => quarantine.postpone(item))
    const failure = yield probeOf(items)
    this.#budget.onCut = undefined
    if (failure === undefined) {
      for (const item of items) profile.release(item)
      return
    }
    if (failure.kind === 'busy' || failure.kind === 'silent') {
      for (const item of items) quarantine.postpone(item)
    } else if (items.length === 1) {
      profile.leaveOut(items[0]!, failure)
      this.#heard.leftOut(items[0]!)
    } else {
      const pursuit = this.#suspect(items, this.#refusedBy(failure))
      if (pursuit !== undefined) yield* this.#pursue(pursuit)
    }
  }

  /**
   * Nothing of the unit can be read: one value of it is asked for, whichever block it is in, as the first one that is back brings
   * the others with it.
   */
  *#tryBarren(): Steps<Item> {
    const { profile } = this.#settings
    const span = profile.takeTry(this.#state)
    if (span === undefined) return
    const items = this.#items.filter((item) => isSame(item, span))
    if ((yield { span, items }) === undefined) profile.release(span)
  }

  /** Asks now and then for what was refused, as new firmware may bear it; the limits hear of the answer. */
  *#doubt(): Steps<Item> {
    if (!this.#hasAnswer || this.#pursuits.length > 0) return
    const spans = this.#parts.map((part) => part.span)
    const span = takeDoubt(this.#items, spans, this.#settings.profile, this.#settings.clock.monotonic())
    if (span !== undefined) yield { span, items: [] }
  }

  #fail(items: Iterable<Item>, status: StatusCode): void {
    for (const item of items) this.#status.set(item, status)
  }

  /** The fewest requests for what is readable by all that is known; what a search has read is read as it was then. */
  #plan(): void {
    const { profile } = this.#settings
    this.#version = this.#state.version
    this.#isStale = false
    const left = new Set(this.#items.filter((item) => profile.quarantine.find(item) !== undefined))
    for (const item of left) this.#heard.leftOut(item)
    for (const { open, good } of this.#pursuits) {
      for (const item of open) left.add(item)
      for (const item of good.flat()) left.add(item)
    }
    const known = this.#items.filter((item) => !left.has(item))
    const blocks = planBlocks(known, this.#settings, profile)
    const groups = blocks.map(({ members }) => members.map((index) => known[index]!))
    for (const { good } of this.#pursuits) groups.push(...good.map((group) => [...group]))
    const before = this.#parts
    this.#parts = groups.map((items) => {
      const same = before.find((part) => hasSame(part.items, items))
      return same ?? { items, span: spanOf(items), strikes: 0, failingSince: 0 }
    })
  }
}
