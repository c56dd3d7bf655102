/** One connection of a client that was let in: what comes goes into our log, and is confirmed when our disk has it. */
import { SampleBatch } from '../core/batch.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { LINK_VERSION, type ClientFrame, type LinkSession } from '../protocols/bifrost-link/index.ts'
import type { Store } from '../store/store.ts'
import type { Arrival, Origin } from './origin.ts'
import type { Admitted, ReceivedTags } from './received-tags.ts'

/** Bytes that a client may send ahead of our disk. */
const CREDIT_BYTES = 1024 * 1024
/** So many rows are not left to wait for the next group commit. */
const EAGER_ROWS = 4000
/** What one client has in our memory before our disk has it; a frame of few bytes may hold very many. Beyond this nothing more is read. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024
/** What a row takes, strings and bytes apart, and a frame besides its rows. */
const ROW_BYTES = 33
const FRAME_BYTES = 512
/** Rows that wait for our disk beyond this are enough: the rest stays where it is. */
const MAX_PENDING_ROWS = 262_144
const RETRY_MS = 2000
const LOOK_MS = 1000
/** What waits longer for our disk than this is told to the client. */
const STALLED_MS = 5000
const MAX_REASONS = 32
const NO_ROWS = new SampleBatch(0)

export interface ReceptionContext {
  readonly client: string
  readonly session: LinkSession
  readonly origin: Origin
  readonly tags: ReceivedTags
  readonly store: Pick<Store, 'logId' | 'info' | 'flush' | 'noteLoss'>
  /** Keeps a batch: latest, log, observers. Returns how many rows were refused. */
  keep(batch: SampleBatch): number
  readonly clock: Clock
  readonly log: Log
}

/** What came over one connection. */
export interface ReceptionCounts {
  samples: number
  rejected: number
  /** Left out by the client on purpose. */
  leftOut: number
}

export class Reception {
  readonly counts: ReceptionCounts = { samples: 0, rejected: 0, leftOut: 0 }
  readonly #context: ReceptionContext
  /** By alias. */
  readonly #admitted: (Admitted | undefined)[] = []
  readonly #look: Timer
  /** The last frame that was confirmed, and how many wait for that. */
  #acked = 0
  #waiting = 0
  /** Bytes that came, and those of them that were dealt with. */
  #received = 0
  #freed = 0
  /** Since when something waits for our disk and nothing was confirmed. */
  #waitsSince = 0
  #isBlocked = false
  #isTold = false
  #eagerRows = 0
  #pendingBytes = 0
  #wake: () => void = () => undefined

  constructor(context: ReceptionContext) {
    this.#context = context
    this.#look = context.clock.every(LOOK_MS, () => this.#lookAfter())
    context.session.onLeftOut = (bytes) => {
      this.#received += bytes
      this.#freed += bytes
    }
  }

  /** Until the connection ends; rejects with what ended it. */
  async run(): Promise<void> {
    const { session, origin, store } = this.#context
    const why = this.#whyNot()
    const credit = why === undefined ? CREDIT_BYTES : 0
    session.welcome({ version: LINK_VERSION, logId: store.logId, held: origin.held.list, credit })
    if (why !== undefined) this.#busy(1, why)
    try {
      for await (const frame of session.frames()) await this.#take(frame)
    } finally {
      this.#look.cancel()
      origin.forgetClient()
    }
  }

  async #take(frame: ClientFrame): Promise<void> {
    this.#received += frame.bytes
    if (frame.kind === 'tags') {
      const admitted = await this.#context.tags.admit(frame.tags)
      for (const [at, { alias }] of frame.tags.entries()) this.#admitted[alias] = admitted[at]!
      this.#freed += frame.bytes
      this.#ack(new Map())
      return
    }
    await this.#room()
    const why = this.#whyNot()
    if (why !== undefined) {
      this.#freed += frame.bytes
      return this.#busy(frame.number, why)
    }
    if (frame.kind === 'gap') return this.#takeGap(frame)
    const rejected = this.#translate(frame.batch)
    const refusals = numbersByReason(frame.batch, rejected)
    this.counts.samples += frame.batch.length - rejected.size
    this.counts.rejected += rejected.size
    this.counts.leftOut += frame.leftOut
    this.#keep(
      { from: frame.from, to: frame.to, batch: frame.batch, rejected: new Set(rejected.keys()) },
      frame,
      refusals,
    )
  }

  #keep(arrival: Arrival, frame: { number: number; bytes: number }, refusals: ReadonlyMap<string, number[]>): void {
    const { origin, store, clock } = this.#context
    const before = store.info().nextSeq - 1
    const stored = origin.toStore(arrival, clock.now())
    if (stored !== undefined && this.#context.keep(stored) > 0) {
      // The log said that it had room; what it refused comes again.
      this.#freed += frame.bytes
      return this.#busy(frame.number, 'the log does not take any more just now')
    }
    const localSeq = stored === undefined ? before : stored.seq![stored.length - 1]!
    if (this.#waiting++ === 0) this.#waitsSince = clock.monotonic()
    const size = sizeOf(arrival.batch)
    this.#pendingBytes += size
    origin.arrived(arrival, before, localSeq, () => {
      this.#freed += frame.bytes
      this.#acked = frame.number
      this.#waiting--
      this.#pendingBytes -= size
      this.#wake()
      this.#waitsSince = clock.monotonic()
      this.#ack(refusals)
    })
    this.#hurry(arrival.batch.length, localSeq)
  }

  #takeGap(frame: Extract<ClientFrame, { kind: 'gap' }>): void {
    const { origin, store, client } = this.#context
    const { from, to, samples, fromTime, toTime } = frame
    const tags = frame.tags?.flatMap((alias) => {
      const tag = this.#admitted[alias]
      return typeof tag === 'number' ? tag : []
    })
    const reason = `${frame.reason} at ${client}`
    const isKnown = origin.hasAll(from, to)
    const loss = { samples, reason, fromTime, toTime, ...(tags === undefined ? {} : { tags }) }
    if (!isKnown && !store.noteLoss(loss)) {
      this.#freed += frame.bytes
      return this.#busy(frame.number, 'the log does not take any more just now')
    }
    this.#keep({ from, to, batch: NO_ROWS, rejected: new Set(), isGap: !isKnown }, frame, new Map())
  }

  /** Puts our tags in the place of aliases; rows of tags that are not taken, with the reason. */
  #translate(batch: SampleBatch): Map<number, string> {
    const rejected = new Map<number, string>()
    for (let row = 0; row < batch.length; row++) {
      const tag = this.#admitted[batch.tag[row]!]
      if (typeof tag === 'number') batch.tag[row] = tag
      else rejected.set(row, tag ?? 'this tag was not introduced')
    }
    return rejected
  }

  /** A client that makes up for much is not kept waiting for the group commit. */
  #hurry(rows: number, localSeq: number): void {
    const { store, origin } = this.#context
    const { durableSeq } = store.info()
    if (localSeq <= durableSeq) origin.durable(durableSeq)
    this.#eagerRows += rows
    if (this.#eagerRows < EAGER_ROWS) return
    this.#eagerRows = 0
    // What goes wrong is in `info().failed`, and the client is told by the next look.
    store.flush().catch(() => undefined)
  }

  /** Until our disk has most of what came. In the meantime nothing is read: TCP tells the client. */
  async #room(): Promise<void> {
    const { session, store } = this.#context
    if (this.#pendingBytes <= MAX_PENDING_BYTES) return
    store.flush().catch(() => undefined)
    while (this.#pendingBytes > MAX_PENDING_BYTES / 2 && !session.isEnded)
      await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** Why nothing can be taken now, for the client. */
  #whyNot(): string | undefined {
    const { isFull, pendingRows, failed } = this.#context.store.info()
    if (isFull) return 'its log is full and keeps what it has'
    if (pendingRows <= MAX_PENDING_ROWS) return undefined
    return failed === null ? 'its disk has fallen behind' : `its log cannot be written: ${failed}`
  }

  /** Nothing from this frame on is taken. */
  #busy(number: number, reason: string): void {
    this.#isBlocked = true
    this.#tell(number, reason)
  }

  #tell(number: number, reason: string): void {
    const { client, session, log } = this.#context
    session.busy({ number, credit: this.#credit, retryAfterMs: RETRY_MS, reason })
    if (!this.#isTold) log.warn({ client, reason }, `${client} is told to wait: ${reason}`)
    this.#isTold = true
  }

  /** Once a second: there may be room again, or our disk may have stopped. */
  #lookAfter(): void {
    const { clock, store } = this.#context
    this.#eagerRows = 0
    this.#wake()
    if (this.#isBlocked && this.#whyNot() === undefined) {
      this.#isBlocked = false
      this.#ack(new Map())
    }
    if (this.#waiting === 0 || clock.monotonic() - this.#waitsSince < STALLED_MS) return
    this.#waitsSince = clock.monotonic()
    this.#tell(this.#acked + 1, `its disk does not confirm what it has: ${store.info().failed ?? 'it is slow'}`)
  }

  /** While nothing is taken there is none for more. */
  get #credit(): number {
    return this.#isBlocked ? this.#received : this.#freed + CREDIT_BYTES
  }

  #ack(rejected: ReadonlyMap<string, readonly number[]>): void {
    if (!this.#isBlocked) this.#isTold = false
    this.#context.session.ack({ number: this.#acked, credit: this.#credit, rejected })
  }
}

/** What a batch takes in memory, about. */
function sizeOf(batch: SampleBatch): number {
  let bytes = FRAME_BYTES + batch.length * ROW_BYTES
  for (const value of batch.other?.values() ?? [])
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length
  return bytes
}

function numbersByReason(batch: SampleBatch, rejected: ReadonlyMap<number, string>): Map<string, number[]> {
  const numbers = new Map<string, number[]>()
  const others: number[] = []
  for (const [row, reason] of rejected) {
    const known = numbers.get(reason)
    const seq = batch.seq![row]!
    if (known !== undefined) known.push(seq)
    else if (numbers.size < MAX_REASONS - 1) numbers.set(reason, [seq])
    else others.push(seq)
  }
  if (others.length > 0) numbers.set(OTHER, others)
  return numbers
}

const OTHER = 'this tag is not taken, as others'
