/**
 * Connections that were not let in yet: a bounded number. Whoever opens more loses the oldest of its own, so that somebody who holds
 * connections without a word keeps no gateway from connecting.
 */
import type { Socket } from 'node:net'

export class Strangers {
  readonly #most: number
  /** By address, then by address and port, the oldest first. */
  readonly #waiting = new Map<string, Map<string, Socket>>()
  #count = 0

  constructor(most: number) {
    this.#most = most
  }

  add(socket: Socket): void {
    const { remoteAddress: address = '', remotePort } = socket
    const from = `${address}:${remotePort}`
    const mine = this.#waiting.get(address) ?? new Map<string, Socket>()
    this.#waiting.set(address, mine.set(from, socket))
    this.#count++
    socket.once('close', () => this.#remove(address, from, socket))
    if (this.#count > this.#most) this.#closeOne()
  }

  /** It is one no more. */
  letIn(from: string): void {
    const address = from.slice(0, from.lastIndexOf(':'))
    const socket = this.#waiting.get(address)?.get(from)
    if (socket !== undefined) this.#remove(address, from, socket)
  }

  /** The oldest of the address that has the most. */
  #closeOne(): void {
    let most = new Map<string, Socket>()
    for (const mine of this.#waiting.values()) if (mine.size > most.size) most = mine
    const [oldest] = most.values()
    const [from] = most.keys()
    if (oldest === undefined || from === undefined) return
    this.letIn(from)
    oldest.destroy()
  }

  #remove(address: string, from: string, socket: Socket): void {
    const mine = this.#waiting.get(address)
    if (mine?.get(from) !== socket) return
    mine.delete(from)
    this.#count--
    if (mine.size === 0) this.#waiting.delete(address)
  }
}
