/**
 * Modbus over UDP: one frame with an MBAP header a datagram, answered to where it came from. Each datagram is answered for
 * itself, so one that is waited for holds back no other; beyond a bound of unanswered ones more are dropped and counted.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { Clock } from '../../core/clock.ts'
import type { AnswerPdu, ServerAnswers } from './server-answer.ts'
import { listenError } from './server-listen.ts'
import type { Fault, ServerRequest, ServerStats } from './server.ts'
import { decodeFrame, encodeFrame, mbapFormat, MBAP_BYTES } from './tcp.ts'

const MAX_UNANSWERED = 1024

export interface DatagramOptions {
  readonly clock: Clock
  readonly answers: ServerAnswers
  readonly stats: ServerStats
  /** Counts it among the connections of the server. */
  readonly connection: number
}

export class DatagramServer {
  readonly #options: DatagramOptions
  readonly #socket: Socket
  #unanswered = 0
  #closed = false

  constructor(options: DatagramOptions, host: string) {
    this.#options = options
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    this.#socket.on('message', (bytes, from) => this.#received(bytes, from))
  }

  /** Resolves with the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', (error) => {
        void this.close()
        reject(listenError(error, port, host))
      })
      this.#socket.bind(port, host, () => {
        this.#socket.removeAllListeners('error')
        // A client that is gone answers with ICMP: nothing that concerns others.
        this.#socket.on('error', () => undefined)
        resolve(this.#socket.address().port)
      })
    })
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }

  #received(bytes: Uint8Array, from: RemoteInfo): void {
    const { stats, answers, clock, connection } = this.#options
    // Nobody can be answered on port 0 (RFC 768: the sender expects no reply): only a forged datagram comes from there.
    if (from.port === 0 || !isOneFrame(bytes)) {
      stats.violations++
      return
    }
    if (this.#unanswered >= MAX_UNANSWERED) {
      stats.refusedDatagrams++
      return
    }
    stats.requests++
    const remote = `${from.address}:${from.port}`
    const request = { ...decodeFrame(bytes), connection, remote, line: undefined }
    const fault = answers.fault(request)
    if (fault?.delayMs === undefined || fault.delayMs <= 0) return this.#produce(request, fault, from)
    this.#unanswered++
    clock.after(fault.delayMs, () => {
      this.#unanswered--
      this.#produce(request, fault, from)
    })
  }

  #produce(request: ServerRequest, fault: Fault | undefined, to: RemoteInfo): void {
    const answer = this.#options.answers.answer(request, fault)
    if (!(answer instanceof Promise)) return this.#send(request, answer, fault, to)
    this.#unanswered++
    void answer.then((late) => {
      this.#unanswered--
      this.#send(request, late, fault, to)
    })
  }

  #send(request: ServerRequest, pdu: AnswerPdu, fault: Fault | undefined, to: RemoteInfo): void {
    if (pdu === undefined || this.#closed) return
    const frame = encodeFrame(request.transaction, request.unit, pdu)
    this.#socket.send(fault?.alter === undefined ? frame : fault.alter(frame), to.port, to.address)
  }
}

/** A datagram is a whole frame, neither more nor less; anything else is dropped. */
function isOneFrame(bytes: Uint8Array): boolean {
  if (bytes.length <= MBAP_BYTES) return false
  try {
    return mbapFormat.measure(bytes, 0) === bytes.length
  } catch {
    return false
  }
}
