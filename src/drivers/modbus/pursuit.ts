/**
 * A search for what is at fault in some values, over several cycles. Halving is `search.ts`'s; here stands when it may ask: only while
 * the unit answers other requests, within what a cycle may take, and a silence counts only when another request is answered right
 * after it.
 */
import type { Clock } from '../../core/clock.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { countRequest, silencesToBelieve } from './loss.ts'
import { CUT, type Failure } from './outcome.ts'
import type { Span } from './plan.ts'
import { isSame, probeOf, spanOf, type Probe } from './probe.ts'
import type { DeviceProfile, UnitState } from './profile.ts'
import { describeSpan } from './quarantine.ts'
import { Search } from './search.ts'

/** One request after the other; each is told how it failed, if it did. */
export type Steps<Item extends Span, Result = void> = Generator<Probe<Item>, Result, Failure | undefined>

/** Why some values are searched. */
export interface Suspicion {
  /** What the device did to all of them together; undefined: that is to be asked once more. */
  readonly refusal: Failure | undefined
  /** The same in words: `answers exception 02 (illegal data address)`. */
  readonly words: string
  /** The unit answers nothing else either, as far as is known: it is asked for a single value first. */
  readonly isDoubted: boolean
  /** What the unit answered since then shows that it is there; monotonic ms. */
  readonly since: number
}

/** What a search tells of its values, beside what it writes into the profile. */
export interface PursuitListener<Item> {
  /** It is in quarantine. */
  leftOut(item: Item): void
  /** It is searched among others, with the sentence that says so; undefined: not any more. */
  searched(item: Item, words: string | undefined): void
}

/** What all searches of a cycle may take together, their requests alone; they go on in the next. */
export class SearchBudget {
  static readonly #silences = 2
  static readonly #limitMs = 10_000
  silences = 0
  spentMs = 0
  /** What to do when the connection is lost over the request that is under way. */
  onCut: (() => void) | undefined

  get isLeft(): boolean {
    return this.silences < SearchBudget.#silences && this.spentMs <= SearchBudget.#limitMs
  }
}

export class Pursuit<Item extends Span> {
  /** Of values that the search has not come to. */
  status: StatusCode = Status.BadWaitingForInitialData
  readonly #items: readonly Item[]
  readonly #search: Search<Item>
  readonly #profile: DeviceProfile
  readonly #state: UnitState
  readonly #clock: Clock
  readonly #heard: PursuitListener<Item>
  readonly #words: string
  readonly #since: number
  #isDoubted: boolean
  #turn = 0
  /** When the connection was lost over the group that is asked for, monotonic ms. */
  #cutAt: number | undefined

  /** `items`: of one unit and table, in ascending order of their offsets. */
  constructor(
    items: readonly Item[],
    { refusal, words, isDoubted, since }: Suspicion,
    profile: DeviceProfile,
    clock: Clock,
    heard: PursuitListener<Item>,
  ) {
    const { unit, area } = items[0]!
    const limits = profile.table(unit, area)
    this.#items = items
    this.#profile = profile
    this.#state = profile.unit(unit)
    this.#clock = clock
    this.#heard = heard
    this.#words = `${describeSpan(spanOf(items))} together: the device ${words}; which of them is at fault is being found out.`
    this.#since = since
    this.#isDoubted = isDoubted
    this.#search = new Search(items, refusal, {
      allowed: () => limits.allowed,
      longest: () => limits.longest,
      silencesToBelieve: () => silencesToBelieve(this.#state.losses),
      bad: (item, failure) => {
        profile.leaveOut(item, failure)
        heard.leftOut(item as Item)
      },
      tooLong: (longest, refused, failure) => limits.tooLong(longest, refused, failure.words, clock.now()),
      separate: (after, before, failure) =>
        limits.separate({ after, before, evidence: failure.words, at: clock.now() }),
    })
  }

  /** Nothing is left to find out. */
  get isOver(): boolean {
    return this.#search.group === undefined
  }

  /** Neither read nor named yet. */
  get open(): ReadonlySet<Item> {
    return this.#search.open
  }

  /** Read well, as they were read. */
  get good(): readonly (readonly Item[])[] {
    return this.#search.good
  }

  /** Its part of a cycle: one request at least, so that each cycle finds out something. True when it learned anything. */
  *cycle(budget: SearchBudget): Steps<Item, boolean> {
    if (this.#isDoubted && !(yield* this.#isThere())) {
      this.#tell()
      return false
    }
    this.#isDoubted = false
    let answers = (yield* this.#afterCut()) ? 1 : 0
    for (let asked = 0; !this.isOver && (asked === 0 || budget.isLeft); asked++) {
      const group = this.#search.group!
      budget.onCut = () => (this.#cutAt = this.#clock.monotonic())
      const failure = yield probeOf(group)
      budget.onCut = undefined
      if (failure?.kind === 'busy') {
        this.status = failure.status
        return answers > 0
      }
      if (failure?.kind === 'silent') {
        budget.silences++
        this.status = failure.status
        this.#isDoubted = !(yield* this.#hasWitness(spanOf(group)))
        if (this.#isDoubted) break
      }
      if (failure === undefined) this.#release(group)
      this.#search.answer(failure)
      answers++
    }
    this.#tell()
    return answers > 0
  }

  /** The connection was lost over the group: that counts when the unit has answered something else since. True when it did. */
  *#afterCut(): Steps<Item, boolean> {
    const cutAt = this.#cutAt
    const group = this.#search.group
    this.#cutAt = undefined
    if (cutAt === undefined || group === undefined) return false
    if (this.#state.answeredAt < cutAt && !(yield* this.#hasWitness(spanOf(group)))) return false
    this.#search.answer(CUT)
    return true
  }

  /** Says why values that the search has not come to are not read. */
  #tell(): void {
    const isGoingOn = !this.isOver && !this.#isDoubted
    for (const item of this.#items)
      this.#heard.searched(item, isGoingOn && this.open.has(item) ? this.#words : undefined)
  }

  /** Asks for a single value, another one each time; then for what the unit answered not long ago. */
  *#isThere(): Steps<Item, boolean> {
    // Where every value was read, only what they are like together is still to be found out.
    const items = this.open.size > 0 ? [...this.open] : this.#items
    const probe = probeOf([items[this.#turn++ % items.length]!])
    const failure = yield probe
    if (failure === undefined) this.#release(probe.items)
    if (failure === undefined || failure.kind === 'address') return true
    this.status = failure.status
    return yield* this.#hasWitness(probe.span)
  }

  /** True when the unit answers another request right now: then it is the fault of `suspect` that it got no answer. */
  *#hasWitness(suspect: Span): Steps<Item, boolean> {
    const { answered, answeredAt, losses } = this.#state
    const good = this.good.at(-1)
    const witness = good === undefined ? (answeredAt >= this.#since ? answered : undefined) : spanOf(good)
    if (witness === undefined || isSame(witness, suspect)) return false
    const failure = yield { span: witness, items: [] }
    if (failure?.kind === 'silent') countRequest(losses, false)
    return failure === undefined
  }

  #release(items: readonly Item[]): void {
    for (const item of items) this.#profile.release(item)
  }
}
