/**
 * Bodies that are on their way, all together: what has arrived of them lies in memory. Where it is too much the one that takes longest
 * is cut off, so that who sends slowly gives way to who sends in one go. And only so much is read in one turn: a hundred senders of
 * large bodies would otherwise fill the event loop. A body that fits the first piece never waits.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../core/clock.ts'
import type { App } from './app.ts'
import type { Limits } from './limits.ts'
import type { Refusals } from './refusals.ts'

/** RFC 9112, 6.3: a request has a body when one of these says so. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Pieces come at most so large from a socket. */
const PIECE_BYTES = 64 * 1024

export interface BodyContext {
  readonly limits: Limits
  readonly refusals: Refusals
  readonly clock: Clock
}

/** Bounds memory and pace of unfinished bodies of all requests together. */
export function boundBodies(app: App, context: BodyContext): void {
  const bodies = new Bodies(context)
  app.addHook('preParsing', ({ raw }, _reply, payload, done) => {
    if (hasBody(raw)) {
      payload.on('data', (chunk: Buffer) => bodies.grow(raw, chunk.length))
      raw.once('end', () => bodies.forget(raw))
      raw.once('close', () => bodies.forget(raw))
      bodies.begin(raw)
    }
    done(null, payload)
  })
}

class Bodies {
  readonly #limits: Limits
  readonly #refusals: Refusals
  readonly #clock: Clock
  /** Bytes by request; the oldest is first. */
  readonly #arriving = new Map<IncomingMessage, number>()
  #held = 0
  /** Those that wait for a turn; the longest wait is first. */
  readonly #waiting = new Set<IncomingMessage>()
  #read = 0
  #hasTurn = false

  constructor({ limits, refusals, clock }: BodyContext) {
    this.#limits = limits
    this.#refusals = refusals
    this.#clock = clock
  }

  begin(request: IncomingMessage): void {
    this.#arriving.set(request, 0)
  }

  grow(request: IncomingMessage, bytes: number): void {
    const before = this.#arriving.get(request)
    if (before === undefined) return
    this.#arriving.set(request, before + bytes)
    this.#held += bytes
    while (this.#held > this.#limits.bodiesBytes) this.#cutOldest()
    this.#read += bytes
    if (this.#read > this.#limits.bodiesTurnBytes && !request.complete) {
      request.pause()
      this.#waiting.add(request)
    }
    this.#awaitTurn()
  }

  #awaitTurn(): void {
    if (this.#hasTurn) return
    this.#hasTurn = true
    this.#clock.after(this.#limits.bodiesTurnMs, () => {
      this.#hasTurn = false
      this.#read = 0
      this.#resume()
      if (this.#waiting.size > 0) this.#awaitTurn()
    })
  }

  #resume(): void {
    let room = Math.max(1, Math.floor(this.#limits.bodiesTurnBytes / PIECE_BYTES))
    for (const request of this.#waiting) {
      if (room-- <= 0) return
      this.#waiting.delete(request)
      request.resume()
    }
  }

  forget(request: IncomingMessage): void {
    this.#held -= this.#arriving.get(request) ?? 0
    this.#arriving.delete(request)
    if (this.#waiting.delete(request)) request.resume()
  }

  #cutOldest(): void {
    const oldest = this.#arriving.keys().next().value!
    this.forget(oldest)
    this.#refusals.count('bodies', oldest.socket.remoteAddress)
    oldest.socket.destroy()
  }
}
