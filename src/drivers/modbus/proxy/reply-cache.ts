/**
 * Answers to reads (FC 1–4), kept for other clients that ask the same or a part of it a moment later. An answer is as old as its
 * request. A write to a unit forgets what is known of it, also what is on its way at that moment.
 */
import { CACHED_FUNCTIONS } from './function-rules.ts'

/** Answers kept for one unit; the oldest goes first. */
const MAX_REPLIES = 256

/** On TCP these stand for the device itself, whose registers may have a unit id besides (Messaging on TCP/IP V1.0b, 4.4.1.2). */
const ALL_UNITS: ReadonlySet<number> = new Set([0, 255])

interface Kept {
  readonly functionCode: number
  readonly address: number
  readonly count: number
  readonly reply: Uint8Array
  /** Monotonic ms. */
  readonly askedAt: number
}

interface UnitReplies {
  /** Counts writes: what was asked before the last one is not kept. */
  writes: number
  readonly kept: Map<number, Kept>
}

export class ReplyCache {
  readonly #units = new Map<number, UnitReplies>()

  /** To be taken when a read is asked, and given to `keep` with its answer: what was written meanwhile makes it worthless. */
  writesSoFar(unit: number): number {
    return this.#unit(unit).writes
  }

  /** Asks, and keeps the answer for the clients; `askedAt` is now, in monotonic ms. */
  async ask(unit: number, pdu: Uint8Array, askedAt: number, send: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const writes = this.writesSoFar(unit)
    const reply = await send()
    this.keep(unit, pdu, reply, askedAt, writes)
    return reply
  }

  /** An answer to this request that was asked not before `since` (monotonic ms), whole or cut from a longer one. */
  find(unit: number, pdu: Uint8Array, since: number): Uint8Array | undefined {
    const known = this.#units.get(unit)
    if (known === undefined || known.kept.size === 0 || !isCached(pdu)) return undefined
    const wanted = spanOf(pdu)
    const exact = known.kept.get(keyOf(pdu))
    if (exact !== undefined && exact.askedAt >= since) return exact.reply
    for (const kept of known.kept.values()) {
      if (kept.askedAt >= since && covers(kept, wanted)) return cut(kept, wanted)
    }
    return undefined
  }

  /** Keeps a copy of the answer, unless the unit was written to since `writes` was taken. Exceptions are not kept. */
  keep(unit: number, pdu: Uint8Array, reply: Uint8Array, askedAt: number, writes: number): void {
    if (!isCached(pdu) || reply[0] !== pdu[0]) return
    const known = this.#unit(unit)
    if (known.writes !== writes) return
    const key = keyOf(pdu)
    known.kept.delete(key)
    known.kept.set(key, { ...spanOf(pdu), reply: reply.slice(), askedAt })
    if (known.kept.size > MAX_REPLIES) known.kept.delete(known.kept.keys().next().value!)
  }

  /** Sends what changes the unit. What is known of it is over before, and what is read meanwhile is not kept either. */
  async write<T>(unit: number, send: () => Promise<T>): Promise<T> {
    this.changed(unit)
    try {
      return await send()
    } finally {
      this.changed(unit)
    }
  }

  /** The unit was, or is about to be, written to. */
  changed(unit: number): void {
    this.#unit(unit)
    for (const [id, known] of this.#units) {
      if (id !== unit && !ALL_UNITS.has(unit) && !ALL_UNITS.has(id)) continue
      known.writes++
      known.kept.clear()
    }
  }

  #unit(unit: number): UnitReplies {
    let known = this.#units.get(unit)
    if (known === undefined) this.#units.set(unit, (known = { writes: 0, kept: new Map() }))
    return known
  }
}

type Span = Pick<Kept, 'functionCode' | 'address' | 'count'>

const isCached = (pdu: Uint8Array): boolean => pdu.length === 5 && CACHED_FUNCTIONS.has(pdu[0]!)

const spanOf = (pdu: Uint8Array): Span => ({
  functionCode: pdu[0]!,
  address: pdu[1]! * 256 + pdu[2]!,
  count: pdu[3]! * 256 + pdu[4]!,
})

const keyOf = (pdu: Uint8Array): number => (((pdu[0]! * 256 + pdu[1]!) * 256 + pdu[2]!) * 256 + pdu[3]!) * 256 + pdu[4]!

const covers = (kept: Span, wanted: Span): boolean =>
  kept.functionCode === wanted.functionCode &&
  kept.address <= wanted.address &&
  kept.address + kept.count >= wanted.address + wanted.count &&
  wanted.count > 0

/** `function · byte count · data`: registers of two bytes, or bits packed from the lowest on (6.1, 6.3). */
function cut(kept: Kept, { functionCode, address, count }: Span): Uint8Array {
  const first = address - kept.address
  const isBits = functionCode <= 2
  const reply = new Uint8Array(2 + (isBits ? Math.ceil(count / 8) : count * 2))
  reply[0] = functionCode
  reply[1] = reply.length - 2
  if (!isBits) {
    reply.set(kept.reply.subarray(2 + first * 2, 2 + (first + count) * 2), 2)
    return reply
  }
  for (let i = 0; i < count; i++) {
    const at = first + i
    reply[2 + (i >> 3)]! |= ((kept.reply[2 + (at >> 3)]! >> (at & 7)) & 1) << (i & 7)
  }
  return reply
}
