/**
 * How a block is read that the device does not read as a whole: in parts that it does, with searches for what is wrong in those
 * that it refuses, and without the registers in quarantine, which are tried again now and then. One cycle is a generator:
 * it gives one request after the other and is told what came of each, so that writes and neighbours come between them.
 */
import type { Clock } from '../../core/clock.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { takeDoubt } from './doubt.ts'
import type { Failure } from './outcome.ts'
import { planBlocks, type PlanLimits, type Span } from './plan.ts'
import { hasSame, isSame, probeOf, spanOf, type Probe } from './probe.ts'
import type { DeviceProfile } from './profile.ts'
import { describeSpan } from './quarantine.ts'
import { Search } from './search.ts'

interface Part<Item extends Span> extends Probe<Item> {
  /** Failures in a row that say nothing of one register, the last of them, and when they began. */
  strikes: number
  failure?: Failure
  failingSince: number
}

interface Pursuit<Item extends Span> {
  readonly items: readonly Item[]
  readonly search: Search<Item>
  /** What the device did to all of them together. */
  readonly words: string
  /** The unit answers nothing else either, as far as is known: it is asked for a single value first. */
  doubted: boolean
  /** What the unit answered since then shows that it is there. */
  readonly since: number
  /** The status of values that the search has not come to. */
  status: StatusCode
  turn: number
}

/** Who has to say why a value is not read. */
export interface HealingListener<Item> {
  /** It is in quarantine; told whenever it plans. */
  leftOut(item: Item): void
  /** It is searched among others, with the sentence that says so; undefined: not any more. */
  searched(item: Item, words: string | undefined): void
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
/** What a search may take of one cycle, its requests alone; it goes on in the next. */
const SILENCES_A_CYCLE = 2
const SEARCH_LIMIT_MS = 10_000

type Steps<Item extends Span, Result = void> = Generator<Probe<Item>, Result, Failure | undefined>

/** The values of one block, which are all of one unit and table, in ascending order of their offsets. */
export class Healing<Item extends Span> {
  readonly #items: readonly Item[]
  readonly #settings: HealingSettings
  readonly #heard: HealingListener<Item>
  readonly #status = new Map<Item, StatusCode>()
  #untold = new Set<Item>()
  #parts: readonly Part<Item>[] = []
  /** Of the plan; and whether a search has changed it since. */
  #version = -1
  #isStale = false
  #pursuits: Pursuit<Item>[] = []
  #silences = 0
  /** How long the requests of this cycle took. */
  #spentMs = 0
  #outcome: 'ok' | 'timeout' | 'failed' | undefined
  /** The unit answered with values in this cycle. */
  #hasAnswer = false

  constructor(items: readonly Item[], settings: HealingSettings, heard: HealingListener<Item>) {
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
    this.#silences = 0
    this.#spentMs = 0
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
    this.#spentMs += ms
    if (failure === undefined) this.#hasAnswer = true
    this.#outcome = failure === undefined ? 'ok' : failure.kind === 'silent' ? 'timeout' : 'failed'
  }

  /** What became of the last request. */
  get outcome(): 'ok' | 'timeout' | 'failed' | undefined {
    return this.#outcome
  }

  /** These values have their row in this cycle. */
  tell(items: readonly Item[]): void {
    for (const item of items) this.#untold.delete(item)
  }

  /** At the end of a cycle: the values that could not be read, with the status that says why; `unknown` where nothing does. */
  *rest(unknown: StatusCode): Generator<readonly [Item, StatusCode]> {
    const { quarantine } = this.#settings.profile
    for (const item of this.#untold) yield [item, this.#status.get(item) ?? quarantine.find(item)?.status ?? unknown]
    this.#untold.clear()
  }

  get #needsPlan(): boolean {
    return this.#isStale || this.#version !== this.#state.version
  }

  get #state() {
    return this.#settings.profile.unit(this.#items[0]!.unit)
  }

  *#read(part: Part<Item>): Steps<Item> {
    const enough = part.failure?.kind === 'silent' ? SILENT_STRIKES : STRIKES
    if (part.failure !== undefined && part.strikes >= enough) return this.#suspectStriking(part, part.failure)
    const failure = yield part
    if (failure === undefined) {
      part.strikes = 0
    } else if (failure.kind === 'address') {
      this.#suspect(part.items, failure, {
        words: failure.words,
        doubted: false,
        since: this.#settings.clock.monotonic(),
      })
    } else {
      this.#fail(part.items, failure.status)
      if (failure.kind === 'busy') return
      part.failure = failure
      if (part.strikes++ === 0) part.failingSince = this.#settings.clock.monotonic()
    }
  }

  /** The part failed again and again. As it may have passed by now, it is halved like one that was refused: the whole is asked once more. */
  #suspectStriking(part: Part<Item>, failure: Failure): void {
    part.strikes = 0
    const refusal: Failure = { ...failure, kind: 'refused' }
    const suspect = { words: failure.words, doubted: true, since: part.failingSince }
    this.#suspect(part.items, part.items.length > 1 ? refusal : undefined, suspect)
  }

  /** Something in these values is at fault. */
  #suspect(
    items: readonly Item[],
    refusal: Failure | undefined,
    why: Pick<Pursuit<Item>, 'words' | 'doubted' | 'since'>,
  ): void {
    const { profile, clock } = this.#settings
    const { unit, area } = items[0]!
    const limits = profile.table(unit, area)
    const search = new Search(items, refusal, {
      allowed: () => limits.allowed,
      longest: () => limits.longest,
      bad: (item, failure) => this.#leaveOut(item as Item, failure),
      tooLong: (longest, refused, { words }) => limits.tooLong(longest, refused, words, clock.now()),
      separate: (after, before, { words }) => limits.separate({ after, before, evidence: words, at: clock.now() }),
    })
    this.#isStale = true
    if (search.group === undefined) return
    const status = Status.BadWaitingForInitialData
    const words = `${describeSpan(spanOf(items))} together: the device ${why.words}; which of them is at fault is being found out.`
    this.#pursuits.push({ ...why, words, items, search, status, turn: 0 })
  }

  #leaveOut(item: Item, failure: Failure): void {
    this.#settings.profile.leaveOut(item, failure)
    this.#fail([item], failure.status)
    this.#heard.leftOut(item)
  }

  *#pursue(pursuit: Pursuit<Item>): Steps<Item> {
    const { search } = pursuit
    if (pursuit.doubted && !(yield* this.#isThere(pursuit))) {
      this.#tellOf(pursuit)
      return this.#fail(search.open, pursuit.status)
    }
    pursuit.doubted = false
    // One request at least, so that each cycle finds out something.
    for (let asked = 0; search.group !== undefined && (asked === 0 || this.#mayGoOn()); asked++) {
      const { group } = search
      const failure = yield probeOf(group)
      if (failure?.kind === 'busy') return this.#fail(search.open, failure.status)
      if (failure?.kind === 'silent') {
        this.#silences++
        pursuit.status = failure.status
        pursuit.doubted = !(yield* this.#hasWitness(pursuit, spanOf(group)))
        if (pursuit.doubted) break
      }
      if (failure === undefined) this.#readable(group)
      search.answer(failure)
      this.#isStale = true
    }
    this.#tellOf(pursuit)
    if (search.group === undefined) this.#pursuits = this.#pursuits.filter((other) => other !== pursuit)
    else this.#fail(search.open, pursuit.status)
  }

  /** Why values that the search has not come to are not read. */
  #tellOf({ items, search, words, doubted }: Pursuit<Item>): void {
    const isGoingOn = search.group !== undefined && !doubted
    for (const item of items) this.#heard.searched(item, isGoingOn && search.open.has(item) ? words : undefined)
  }

  #mayGoOn(): boolean {
    return this.#silences < SILENCES_A_CYCLE && this.#spentMs <= SEARCH_LIMIT_MS
  }

  /** Asks for a single value, another one each time; then for what the unit answered not long ago. */
  *#isThere(pursuit: Pursuit<Item>): Steps<Item, boolean> {
    const open = [...pursuit.search.open]
    const probe = probeOf([open[pursuit.turn++ % open.length]!])
    const failure = yield probe
    if (failure === undefined) this.#readable(probe.items)
    if (failure === undefined || failure.kind === 'address') return true
    pursuit.status = failure.status
    return yield* this.#hasWitness(pursuit, probe.span)
  }

  /** True when the unit answers another request right now: then it is the fault of `suspect` that it got no answer. */
  *#hasWitness({ search, since }: Pursuit<Item>, suspect: Span): Steps<Item, boolean> {
    const { answered, answeredAt } = this.#state
    const good = search.good.at(-1)
    const witness = good === undefined ? (answeredAt >= since ? answered : undefined) : spanOf(good)
    if (witness === undefined || isSame(witness, suspect)) return false
    return (yield { span: witness, items: [] }) === undefined
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
    const searched = new Set(this.#pursuits.flatMap(({ search }) => [...search.open]))
    const due = this.#items.filter((item) => !searched.has(item) && (quarantine.find(item)?.nextAt ?? Infinity) <= now)
    const [block] = planBlocks(due, this.#settings, profile)
    if (block !== undefined) yield* this.#tryAgain(block.members.map((index) => due[index]!))
  }

  *#tryAgain(items: readonly Item[]): Steps<Item> {
    const { profile, clock } = this.#settings
    const { quarantine } = profile
    const now = clock.monotonic()
    const failure = yield probeOf(items)
    if (failure === undefined) return this.#readable(items)
    if (failure.kind === 'busy' || failure.kind === 'silent') {
      for (const item of items) quarantine.postpone(item)
    } else if (items.length === 1) {
      this.#leaveOut(items[0]!, failure)
    } else {
      this.#suspect(items, failure, { words: failure.words, doubted: false, since: now })
      const pursuit = this.#pursuits.at(-1)
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

  #readable(items: readonly Item[]): void {
    for (const item of items) this.#settings.profile.release(item)
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
    for (const { search } of this.#pursuits) {
      for (const item of search.open) left.add(item)
      for (const item of search.good.flat()) left.add(item)
    }
    const known = this.#items.filter((item) => !left.has(item))
    const blocks = planBlocks(known, this.#settings, profile)
    const groups = blocks.map(({ members }) => members.map((index) => known[index]!))
    for (const { search } of this.#pursuits) groups.push(...search.good.map((group) => [...group]))
    const before = this.#parts
    this.#parts = groups.map((items) => {
      const same = before.find((part) => hasSame(part.items, items))
      return same ?? { items, span: spanOf(items), strikes: 0, failingSince: 0 }
    })
  }
}
