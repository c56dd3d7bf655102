/**
 * One address on which other Modbus TCP clients reach devices of one line: requests go to the device that has the unit id. A port
 * that is taken is tried again after pauses; the devices do not notice.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { sleep, type Clock } from '../../../core/clock.ts'
import { formatDuration } from '../../../core/duration.ts'
import { messageOf, NotConnectedError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import {
  ModbusException,
  createModbusServer,
  type ModbusRequest,
  type ModbusUnit,
} from '../../../protocols/modbus/index.ts'
import { Backoff } from '../../../wire/backoff.ts'
import type { Refusal } from './counters.ts'
import { kindOfRequest } from './function-rules.ts'
import { formatListenAddress, isLoopback, type ListenAddress } from './listen-address.ts'
import type { ProxyClient, ProxyRelay } from './relay.ts'

const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 30_000
/** Clients that vanish without a word keep their place no longer than the system's probes take. */
const KEEP_ALIVE_MS = 30_000
/** Clause 7: no response from the target device. */
const TARGET_SILENT = 0x0b
/** Who asked nothing for so long makes room for a new client, where all places are taken. */
const QUIET_MS = 30_000
/** Clients that are sent away again and again fill no log. */
const TELL_FULL_MS = 60_000

/** One that is connected. */
interface Guest extends ProxyClient {
  readonly socket: Socket
  /** Monotonic ms. */
  askedAt: number
  /** Requests that have no answer yet. */
  waiting: number
}

export interface ListenerContext {
  readonly log: Log
  readonly clock: Clock
}

export class ProxyListener {
  readonly #address: ListenAddress
  readonly #name: string
  readonly #context: ListenerContext
  readonly #relays = new Set<ProxyRelay>()
  readonly #guests = new Set<Guest>()
  readonly #end = new AbortController()
  readonly #running: Promise<void>
  #server: Server | undefined
  #trouble: string | undefined
  #toldFullAt = -Infinity

  constructor(address: ListenAddress, context: ListenerContext) {
    this.#address = address
    this.#name = formatListenAddress(address)
    this.#context = context
    this.#running = this.#run(this.#end.signal)
  }

  /** Why nobody can connect: a sentence. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Connected now. */
  get clients(): number {
    return this.#guests.size
  }

  get isUnused(): boolean {
    return this.#relays.size === 0
  }

  /** Of devices that name the same unit the first one is asked. */
  add(relay: ProxyRelay): void {
    const taken = [...relay.units].filter((unit) => this.#relayOf(unit) !== undefined)
    if (taken.length > 0) {
      const sentence = `Unit ${taken.join(', ')} on ${this.#name} is reached through another device already, by the rules of that one.`
      this.#context.log.warn({ listen: this.#name, units: taken }, sentence)
    }
    this.#relays.add(relay)
  }

  remove(relay: ProxyRelay): void {
    this.#relays.delete(relay)
  }

  /** Ends the listener and its clients. */
  async close(): Promise<void> {
    this.#end.abort()
    for (const { socket } of this.#guests) socket.destroy()
    await this.#running
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#context
    const pauses = new Backoff({ firstMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS })
    while (!signal.aborted) {
      try {
        this.#server = await this.#listen()
        break
      } catch (error) {
        const pause = pauses.next()
        this.#trouble = `The proxy cannot listen on ${this.#name}: ${messageOf(error)}.`
        const sentence = `${this.#trouble} The devices go on; next attempt in ${formatDuration(pause)}.`
        if (pauses.attempts === 1) log.warn({ listen: this.#name }, sentence)
        else log.debug({ listen: this.#name }, sentence)
        await sleep(clock, pause, signal).catch(() => undefined)
      }
    }
    if (signal.aborted) return
    this.#trouble = undefined
    if (isLoopback(this.#address)) log.info({ listen: this.#name }, `The proxy listens on ${this.#name}.`)
    else
      log.warn(
        { listen: this.#name },
        `The proxy listens on ${this.#name}: WHOEVER REACHES THIS ADDRESS OVER THE NETWORK CAN READ THE DEVICE. Modbus TCP has no passwords and no encryption.`,
      )
  }

  #listen(): Promise<Server> {
    const { host, port } = this.#address
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) =>
      this.#accept(socket),
    )
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new Error('the port is in use') : error),
      )
      server.listen({ host, port }, () => {
        server.on('error', (error) =>
          this.#context.log.warn({ listen: this.#name }, `The proxy on ${this.#name}: ${error.message}.`),
        )
        resolve(server)
      })
    })
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress
    if (address === undefined || this.#end.signal.aborted || !this.#hasRoom(address)) {
      socket.destroy()
      return
    }
    const { clock, log } = this.#context
    const gone = new AbortController()
    const from = `${address}:${socket.remotePort}`
    const guest: Guest = { address, from, signal: gone.signal, socket, askedAt: clock.monotonic(), waiting: 0 }
    this.#guests.add(guest)
    socket.once('close', () => {
      this.#guests.delete(guest)
      gone.abort(new NotConnectedError('the client went away'))
    })
    // A server of its own for each client: a unit is asked without being told by whom.
    createModbusServer({
      clock,
      unit: (id) => this.#unit(guest, id),
      onError: (error) => log.error({ err: error, from }, 'the proxy failed in an unexpected way'),
    }).serve(socket)
    log.debug({ from }, `${from} is connected to the proxy.`)
  }

  /**
   * A place is free, or becomes free: who connects and asks nothing, begins a request and does not end it, or does not take its
   * answers, keeps nobody out for long (Modbus Messaging on TCP/IP V1.0b, 4.2.1: the oldest unused connection is closed).
   */
  #hasRoom(address: string): boolean {
    const limit = Math.max(0, ...[...this.#relays].map(({ settings }) => settings.maxClients))
    if (this.#guests.size < limit) return true
    const now = this.#context.clock.monotonic()
    let quiet: Guest | undefined
    for (const guest of this.#guests) {
      if (guest.waiting === 0 && guest.askedAt < (quiet?.askedAt ?? now - QUIET_MS)) quiet = guest
    }
    if (quiet === undefined) {
      this.#count('full')
      this.#tellFull(address, limit, now)
      return false
    }
    this.#guests.delete(quiet)
    quiet.socket.destroy()
    return true
  }

  #tellFull(address: string, limit: number, now: number): void {
    if (now - this.#toldFullAt < TELL_FULL_MS) return
    this.#toldFullAt = now
    this.#context.log.warn(
      { from: address, listen: this.#name },
      `The proxy on ${this.#name} has ${limit} clients already (proxy.maxClients): ${address} was sent away.`,
    )
  }

  /** Unit 0 is a broadcast on serial lines: it is nobody's. */
  #unit(client: Guest, id: number): ModbusUnit {
    const relay = id === 0 ? undefined : this.#relayOf(id)
    if (relay !== undefined) return { answer: (request, pdu) => this.#relayed(client, relay, id, request, pdu) }
    return {
      answer: (_request, pdu) => {
        const why = id === 0 ? 'unit 0 is a broadcast' : `no device behind this proxy names unit ${id}`
        this.#count('unit')
        if (kindOfRequest(pdu) !== 'read') this.#anyRelay()?.refuse(client, id, pdu, why)
        throw new ModbusException(TARGET_SILENT)
      },
    }
  }

  #relayed(client: Guest, relay: ProxyRelay, unit: number, request: ModbusRequest, pdu: Uint8Array) {
    client.askedAt = this.#context.clock.monotonic()
    const answer = relay.answer(client, unit, request, pdu)
    if (!(answer instanceof Promise)) return answer
    client.waiting++
    return answer.finally(() => client.waiting--)
  }

  #relayOf(unit: number): ProxyRelay | undefined {
    for (const relay of this.#relays) if (relay.units.has(unit)) return relay
    return undefined
  }

  /** What concerns no unit counts for the first device. */
  #count(reason: Refusal): void {
    const counters = this.#anyRelay()?.counters
    if (counters === undefined) return
    if (reason === 'unit') counters.requests++
    counters.refused[reason]++
  }

  #anyRelay(): ProxyRelay | undefined {
    return this.#relays.values().next().value
  }
}
