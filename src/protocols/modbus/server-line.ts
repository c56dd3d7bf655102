/**
 * Requests on a serial line, for the units of a server (Modbus over Serial Line V1.02, 2.5): frames are found by length and
 * check, other units' frames and noise are passed over in silence, answers wait for 3.5 characters of silence. Over TCP the
 * same frames come without that wait.
 */
import type { Clock, Timer } from '../../core/clock.ts'
import { AsciiFrames, encodeAsciiFrame } from './ascii.ts'
import type { FrameFinder } from './line-frames.ts'
import { RtuFrames, encodeRtuFrame } from './rtu.ts'
import type { RequestFrames } from './server-frames.ts'
import type { ServerClient } from './client-role.ts'
import type { LineOptions, ServerRequest } from './server.ts'
import type { LineCounters } from './unit-diagnostics.ts'

const DEFAULT_BAUD = 19_200
/** 2.5.1.1: above 19,200 baud the silence is fixed. */
const LEAST_SILENCE_MS = 1.75
/** Start bit, eight data bits, parity or a second stop bit, stop bit. */
const BITS_PER_CHARACTER = 11
/** An unfinished frame is given up after it. Adapters hold bytes back for up to 16 ms, so 3.5 characters would be too strict. */
const RTU_GAP_MS = 20
/** 2.5.2.1: up to a second may pass between two characters of a frame. */
const ASCII_GAP_MS = 1000

export interface LineRequestsOptions {
  readonly framing: 'rtu' | 'ascii'
  readonly line: LineOptions
  readonly clock: Clock
  readonly connection: number
  readonly remote: string
  readonly client?: ServerClient | undefined
  /** Does a frame to this unit concern anybody here? */
  isOurs(unit: number): boolean
  /** Something was passed over. */
  onPassedOver(): void
  /** A silence made more of the bytes that are here: call `next` again. */
  wake(): void
}

export class LineRequests implements RequestFrames {
  readonly answerDelayMs: number
  readonly #options: LineRequestsOptions
  readonly #frames: FrameFinder
  readonly #encode: (unit: number, pdu: Uint8Array) => Uint8Array
  readonly #gapMs: number
  readonly #line: LineCounters = { messages: 0, errors: 0 }
  #timer: Timer | undefined

  constructor(options: LineRequestsOptions) {
    this.#options = options
    const { framing, line } = options
    const rtu = framing === 'rtu'
    this.#frames = rtu ? new RtuFrames() : new AsciiFrames()
    this.#encode = rtu ? encodeRtuFrame : encodeAsciiFrame
    const silenceMs = Math.max(LEAST_SILENCE_MS, (3500 * BITS_PER_CHARACTER) / (line.baud ?? DEFAULT_BAUD))
    this.answerDelayMs = line.answerDelayMs ?? (rtu ? silenceMs : 0)
    this.#gapMs = line.gapMs ?? (rtu ? Math.max(RTU_GAP_MS, silenceMs) : ASCII_GAP_MS)
  }

  push(chunk: Uint8Array): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#frames.push(chunk)
  }

  next(): ServerRequest | undefined {
    for (;;) {
      const found = this.#frames.next()
      if (found === undefined) break
      if (found.kind === 'passed') {
        this.#line.errors++
        this.#options.onPassedOver()
        continue
      }
      this.#line.messages++
      // A function code with its top bit set is an exception of somebody else.
      if (found.pdu[0]! >= 0x80 || !this.#options.isOurs(found.unit)) continue
      return this.#request(found.unit, found.pdu.slice())
    }
    this.#watch()
    return undefined
  }

  encode({ unit }: ServerRequest, pdu: Uint8Array): Uint8Array {
    return this.#encode(unit, pdu)
  }

  close(): void {
    this.#timer?.cancel()
  }

  #request(unit: number, pdu: Uint8Array): ServerRequest {
    const { connection, remote, client } = this.#options
    return { transaction: 0, unit, pdu, connection, remote, client, line: this.#line }
  }

  /** What is unfinished stays so when nothing follows it soon. */
  #watch(): void {
    if (this.#frames.pending === 0 || this.#timer !== undefined) return
    this.#timer = this.#options.clock.after(this.#gapMs, () => {
      this.#timer = undefined
      this.#frames.silence()
      this.#options.wake()
    })
  }
}
