/**
 * Finds out why a block is refused: halves it until everything that can be read was read and each register that cannot is
 * named, and learns from refusals that no register explains (a request too long, a gap or a seam that breaks it). Pure: it
 * gives one request after the other and is told what came of it. With n values of which b are bad that is at most
 * 2·b·(⌈log2(n/b)⌉ + 2) + 1 requests, and a few for each limit or gap (`search.test.ts` holds the bound). Silence has to be
 * repeated before it says anything, as packets get lost.
 */
import type { Failure } from './outcome.ts'
import type { Span } from './plan.ts'

/** What the search learns and asks. */
export interface Findings {
  /** How long a request may be by what is known; Infinity: nothing is. */
  allowed(): number
  /** The longest request that was answered. */
  longest(): number
  /** How many silences in a row are more than lost packets. */
  silencesToBelieve(): number
  /** This value alone is refused. */
  bad(item: Span, failure: Failure): void
  /** `refused` is too much for one request, `longest` is not. */
  tooLong(longest: number, refused: number, failure: Failure): void
  /** A block that covers both addresses is refused. */
  separate(after: number, before: number, failure: Failure): void
}

/** One request: the values it reads, in ascending order of their offsets. */
export type Group = readonly Span[]

type Steps<Result> = Generator<Group, Result, Failure | undefined>

/** One search, which may pause for as long as it has to. */
export class Search<Item extends Span> {
  /** Read well, as they were read. */
  readonly good: (readonly Item[])[] = []
  /** Neither read nor named yet. */
  readonly open: Set<Item>
  readonly #steps: Steps<unknown>
  #group: readonly Item[] | undefined

  /** `refusal`: what the device said to the whole block; undefined when that is to be asked first. */
  constructor(items: readonly Item[], refusal: Failure | undefined, findings: Findings) {
    this.open = new Set(items)
    const told: Findings = {
      ...findings,
      bad: (item, failure) => {
        this.open.delete(item as Item)
        findings.bad(item, failure)
      },
    }
    this.#steps = refusal === undefined ? explore(items, told) : isolate(items, refusal, told)
    this.#take(this.#steps.next())
  }

  /** The request to make; undefined when the search is over. The same until it is answered. */
  get group(): readonly Item[] | undefined {
    return this.#group
  }

  /** What came of the request: undefined when it was answered with values. */
  answer(failure: Failure | undefined): void {
    const group = this.#group!
    if (failure === undefined && group.some((item) => this.open.has(item))) {
      this.good.push(group)
      for (const item of group) this.open.delete(item)
    }
    this.#take(this.#steps.next(failure))
  }

  #take({ done, value }: IteratorResult<Group, unknown>): void {
    this.#group = done === true ? undefined : (value as readonly Item[])
  }
}

/** The length of the request that reads these values. */
export function lengthOf(group: Group): number {
  return endOf(group) - group[0]!.offset
}

const endOf = (group: Group): number => group.reduce((end, { offset, length }) => Math.max(end, offset + length), 0)

/** Reads all of the group. True when a failure within it is explained, so that those around it need no explanation. */
function* explore(group: Group, findings: Findings): Steps<boolean> {
  return yield* settle(group, yield* approach(group, findings), findings)
}

/** What came of a group: it is read (true: with a failure in it that is explained), or refused and to be isolated. */
type Outcome = boolean | Failure

/** Asks for the group; in parts where it is known to be too long. */
function* approach(group: Group, findings: Findings): Steps<Outcome> {
  if (group.length > 1 && lengthOf(group) > findings.allowed()) {
    const head = headOf(group, findings.allowed())
    yield* explore(group.slice(0, head), findings)
    yield* explore(group.slice(head), findings)
    return true
  }
  // Several values that are not answered may be halved at once: that costs requests, and nothing is believed.
  return (group.length === 1 ? yield* verdictOn(group, findings) : yield group) ?? false
}

/** Connections that have to be lost over the same values. */
const CUTS_TO_BELIEVE = 2

/** Asks until the device has answered, has been silent so often that no lost packets explain it, or has cut the connection again. */
function* verdictOn(group: Group, findings: Findings): Steps<Failure | undefined> {
  for (let silences = 0, cuts = 0; ;) {
    const failure = yield group
    if (failure?.kind === 'silent') silences++
    else if (failure?.kind === 'cut') cuts++
    else return failure
    if (silences >= findings.silencesToBelieve() || cuts >= CUTS_TO_BELIEVE) return failure
  }
}

function* settle(group: Group, outcome: Outcome, findings: Findings): Steps<boolean> {
  return typeof outcome === 'boolean' ? outcome : yield* isolate(group, outcome, findings)
}

/** The device refused this group. Both halves are asked for before either is halved again, so that the good one is read soon. */
function* isolate(group: Group, failure: Failure, findings: Findings): Steps<boolean> {
  if (group.length === 1) {
    findings.bad(group[0]!, failure)
    return true
  }
  const middle = Math.ceil(group.length / 2)
  const [left, right] = [group.slice(0, middle), group.slice(middle)]
  const ofLeft = yield* approach(left, findings)
  const ofRight = yield* approach(right, findings)
  const isLeftExplained = yield* settle(left, ofLeft, findings)
  const isRightExplained = yield* settle(right, ofRight, findings)
  if (!isLeftExplained && !isRightExplained) yield* explain(left, right, findings)
  return true
}

/** Both halves are read, the whole is refused: for its length, or for what lies between the halves. */
function* explain(left: Group, right: Group, findings: Findings): Steps<void> {
  const whole = [...left, ...right]
  if (lengthOf(whole) > findings.allowed()) return
  // What the device said may have been a passing thing.
  const failure = yield* verdictOn(whole, findings)
  if (failure === undefined) return
  const sizes = [lengthOf(left), lengthOf(right)]
  const tooLong = (refused: number) => findings.tooLong(Math.max(...sizes), refused, failure)
  const length = lengthOf(whole)
  const [after, before] = [endOf(left) - 1, right[0]!.offset]
  // Values that overlap have nothing between them.
  if (before <= after) return tooLong(length)
  if (length <= findings.longest()) return findings.separate(after, before, failure)
  const isSeamless = before === after + 1
  if (whole.length === 2) return isSeamless ? tooLong(length) : findings.separate(after, before, failure)
  const pair = [lastOf(left), right[0]!]
  if ((yield* verdictOn(pair, findings)) === undefined) return tooLong(length)
  if (isSeamless && lengthOf(pair) > findings.longest()) return tooLong(lengthOf(pair))
  findings.separate(after, before, failure)
}

/** How many of the first values fit into `allowed` registers: one at least, not all. */
function headOf(group: Group, allowed: number): number {
  const limit = group[0]!.offset + allowed
  const beyond = group.findIndex(({ offset, length }) => offset + length > limit)
  return Math.min(Math.max(1, beyond), group.length - 1)
}

/** The value that ends last. */
function lastOf(group: Group): Span {
  return group.reduce((last, item) => (item.offset + item.length >= last.offset + last.length ? item : last))
}
