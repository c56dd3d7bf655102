/**
 * Modbus over UDP: the frames of Modbus TCP, each a datagram of its own (Modbus Messaging on TCP/IP Implementation Guide V1.0b,
 * 3.1 for the frame; that it travels by UDP is common practice and in no standard). A datagram that is no frame costs nothing
 * but itself: the next one begins anew. Nothing is sent again: whether to repeat is for the caller to decide.
 */
import { messageOf } from '../../core/errors.ts'
import { PipelinedExchange } from './pipelined-exchange.ts'
import type { Pending } from './request-queue.ts'
import { MBAP_BYTES, encodeFrame, mbapFormat } from './tcp.ts'

export class DatagramExchange extends PipelinedExchange {
  /** A datagram may be of an earlier socket on our port, or anybody's: the right reply may still come. */
  protected override readonly isPrivate = false

  protected override write(outgoing: readonly Pending[]): void {
    for (const { transaction, unit, pdu } of outgoing) {
      this.stats.bytesSent += MBAP_BYTES + pdu.length
      this.stream.write(encodeFrame(transaction, unit, pdu))
    }
  }

  /** `chunk` is one datagram. */
  protected override received(chunk: Uint8Array): void {
    this.stats.bytesReceived += chunk.length
    const problem = frameProblem(chunk)
    if (problem !== undefined && chunk.length < 2) this.#dropped(chunk, problem)
    else this.#taken(chunk, problem)
    this.sendQueued()
  }

  #taken(chunk: Uint8Array, problem: string | undefined): void {
    const transaction = chunk[0]! * 256 + chunk[1]!
    const pending = this.settle(transaction)
    if (pending === undefined && problem === undefined) this.unexpected(transaction, chunk)
    else if (pending === undefined) this.#dropped(chunk, problem!)
    else if (problem === undefined) this.matched(pending, chunk, 0, chunk.length)
    else this.violated(pending, problem, new Uint8Array(chunk))
  }

  #dropped(chunk: Uint8Array, problem: string): void {
    this.stats.strays++
    this.strayed(chunk, problem)
  }
}

/** Why these bytes are no frame. */
function frameProblem(bytes: Uint8Array): string | undefined {
  if (bytes.length <= MBAP_BYTES) return `a datagram of ${bytes.length} bytes`
  try {
    const length = mbapFormat.measure(bytes, 0)
    return length === bytes.length ? undefined : `a datagram of ${bytes.length} bytes, its header announces ${length}`
  } catch (error) {
    return messageOf(error)
  }
}
