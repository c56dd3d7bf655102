/**
 * Node's agent for HTTP, which keeps connections alive, with the gateway's way to make them: TLS or not is `dial`'s business. One
 * connection at a time: a sink writes one batch after the other.
 */
import type { ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import { NotConnectedError } from '../../core/errors.ts'
import { Agent } from '../../core/node-http.ts'

export class DialAgent extends Agent {
  readonly #dial: (signal: AbortSignal) => Promise<Duplex>
  readonly #ended = new AbortController()
  readonly #prepared = new WeakSet<Duplex>()
  #spare: Duplex | undefined

  constructor(dial: (signal: AbortSignal) => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 })
    this.#dial = dial
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const spare = await this.#dial(AbortSignal.any([signal, this.#ended.signal]))
    this.#spare?.destroy()
    for (const kept of Object.values(this.freeSockets).flat()) kept?.destroy()
    // Flowing, so that its end is noticed while nobody uses it.
    spare.on('error', () => undefined).resume()
    this.#spare = spare
    this.#prepared.add(spare)
  }

  isPrepared(socket: Duplex): boolean {
    return this.#prepared.has(socket)
  }

  override createConnection(_: ClientRequestArgs, done?: (error: Error | null, stream: Duplex) => void): undefined {
    const spare = this.#spare
    this.#spare = undefined
    const isAlive = spare !== undefined && spare.readable && spare.writable
    const stream = isAlive ? Promise.resolve(spare) : this.#dial(this.#ended.signal)
    stream.then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    )
  }

  close(): void {
    this.#ended.abort(new NotConnectedError('the connection was closed'))
    this.#spare?.destroy()
    this.destroy()
  }
}
