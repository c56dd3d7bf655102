/**
 * What a unit counts about its messages, and its log of events (Modbus Application Protocol V1.1b3, 6.8.1 and 6.10). The
 * server keeps it up to date; functions 8, 11 and 12 show it. All counters are words and wrap.
 */
import { MAX_EVENTS } from './pdu/get-comm-event-log.ts'

/** What a serial line saw since it was opened, for all units on it. */
export interface LineCounters {
  /** Whole frames, to whomever. */
  messages: number
  /** Frames with a wrong check, and noise. */
  errors: number
}

/** 6.10: bits of the events. */
const RECEIVED = 0x80
const RECEIVED_BROADCAST = 0x40
const RECEIVED_LISTEN_ONLY = 0x20
const SENT = 0x40
const SENT_LISTEN_ONLY = 0x20
const ENTERED_LISTEN_ONLY = 0x04
const RESTARTED = 0x00

/** 6.10: which bit of a send event an exception code sets. */
const EXCEPTION_BITS: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 1, 4: 2, 5: 4, 6: 4, 7: 8 }

const GET_COMM_EVENT_COUNTER = 11

export class UnitDiagnostics {
  busMessages = 0
  busErrors = 0
  exceptions = 0
  messages = 0
  noResponses = 0
  naks = 0
  busy = 0
  overruns = 0
  /** Requests completed without an exception; what function 11 gives. */
  completed = 0
  /** On a serial line: hears everything, does and answers nothing until it is restarted. */
  listenOnly = false
  readonly #events = new Uint8Array(MAX_EVENTS)
  #nextEvent = 0
  #eventCount = 0
  /** What was seen of each line already. */
  readonly #seen = new WeakMap<LineCounters, LineCounters>()

  /** A request to this unit has come, and on a serial line what went by since the last one. */
  received(line: LineCounters | undefined, broadcast: boolean): void {
    if (line === undefined) this.busMessages++
    else this.#catchUp(line)
    this.messages++
    const listening = this.listenOnly ? RECEIVED_LISTEN_ONLY : 0
    this.#log(RECEIVED | listening | (broadcast ? RECEIVED_BROADCAST : 0))
  }

  /** It was answered by this PDU, or by nothing. */
  answered(functionCode: number, pdu: Uint8Array | undefined): void {
    if (pdu === undefined) {
      this.noResponses++
      if (this.listenOnly) this.#log(SENT | SENT_LISTEN_ONLY)
      return
    }
    if (pdu[0]! < 0x80) {
      if (functionCode !== GET_COMM_EVENT_COUNTER) this.completed++
      return this.#log(SENT)
    }
    this.exceptions++
    const code = pdu[1] ?? 0
    if (code === 6) this.busy++
    if (code === 7) this.naks++
    this.#log(SENT | (EXCEPTION_BITS[code] ?? 0))
  }

  /** 6.8.1, sub-function 4. */
  enterListenOnly(): void {
    this.listenOnly = true
    this.#log(ENTERED_LISTEN_ONLY)
  }

  /** 6.8.1, sub-function 1: ends listen only mode, clears the counters and, where asked, the log. */
  restart(clearLog: boolean): void {
    this.listenOnly = false
    this.clear()
    if (clearLog) this.#eventCount = 0
    this.#log(RESTARTED)
  }

  /** 6.8.1, sub-function 10: all counters. */
  clear(): void {
    this.busMessages = 0
    this.busErrors = 0
    this.exceptions = 0
    this.messages = 0
    this.noResponses = 0
    this.naks = 0
    this.busy = 0
    this.overruns = 0
    this.completed = 0
  }

  /** The newest first; at most 64. */
  events(): Uint8Array {
    return Uint8Array.from({ length: this.#eventCount }, (_, age) => {
      return this.#events[(this.#nextEvent + MAX_EVENTS - 1 - age) % MAX_EVENTS]!
    })
  }

  #catchUp(line: LineCounters): void {
    const seen = this.#seen.get(line) ?? { messages: 0, errors: 0 }
    this.busMessages += line.messages - seen.messages
    this.busErrors += line.errors - seen.errors
    this.#seen.set(line, { ...line })
  }

  #log(event: number): void {
    this.#events[this.#nextEvent] = event
    this.#nextEvent = (this.#nextEvent + 1) % MAX_EVENTS
    if (this.#eventCount < MAX_EVENTS) this.#eventCount++
  }
}
