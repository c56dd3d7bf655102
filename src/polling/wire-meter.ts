/**
 * Counts the bytes of the connections of one line, for whose request they were: what went over them since the last request ended
 * belongs to the one that ends now. Where requests of several devices overlap on one connection that is as near as can be told from
 * outside; the sum is exact.
 */
import type { Duplex } from 'node:stream'
import type { WireFigures } from './wire-figures.ts'

/** A stream that counts, as sockets do. */
interface Counting {
  readonly bytesRead: number
  readonly bytesWritten: number
}

interface Metered {
  readonly stream: Counting
  read: number
  written: number
}

export class WireMeter {
  #streams: readonly Metered[] = []
  /** Of connections that are closed, not given to anybody yet. */
  #sent = 0
  #received = 0
  #last: WireFigures | undefined

  /** Counts this connection until it closes; one that does not count itself is left out. */
  add(stream: Duplex): void {
    if (!counts(stream)) return
    const metered = { stream, read: 0, written: 0 }
    this.#streams = [...this.#streams, metered]
    stream.once('close', () => {
      this.#look(metered)
      this.#streams = this.#streams.filter((one) => one !== metered)
    })
  }

  /** What came together since the last call is theirs. */
  give(figures: WireFigures): void {
    for (const metered of this.#streams) this.#look(metered)
    figures.transferred(this.#sent, this.#received)
    this.#sent = this.#received = 0
    this.#last = figures
  }

  /** No request is under way: what came since the last one ended is its own, as an answer that nobody waited for any more. */
  settle(): void {
    if (this.#last !== undefined) this.give(this.#last)
  }

  #look(metered: Metered): void {
    const { bytesRead, bytesWritten } = metered.stream
    this.#received += bytesRead - metered.read
    this.#sent += bytesWritten - metered.written
    metered.read = bytesRead
    metered.written = bytesWritten
  }
}

const counts = (stream: Duplex): stream is Duplex & Counting =>
  'bytesRead' in stream && typeof stream.bytesRead === 'number' && 'bytesWritten' in stream
