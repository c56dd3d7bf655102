/**
 * One device behind a proxy: what its clients may ask, answers from the cache or from the line, and the record of every write. The
 * device's own answer goes back as it is, exceptions included (Modbus Application Protocol V1.1b3, clause 7).
 */
import { randomUUID } from 'node:crypto'
import type { Context } from '../../../core/driver.ts'
import { GatewayError, isAbort, messageOf, NotConnectedError } from '../../../core/errors.ts'
import { ModbusException, checkRequest, type ModbusRequest } from '../../../protocols/modbus/index.ts'
import type { WriteLock } from '../write-lock.ts'
import { ClientNetworks } from './client-networks.ts'
import type { ProxyCounters, Refusal } from './counters.ts'
import { CACHED_FUNCTIONS, kindOfRequest, type RequestKind } from './function-rules.ts'
import { Refusals } from './refusals.ts'
import type { ReplyCache } from './reply-cache.ts'
import { describeRequest } from './request-words.ts'
import { SilentUnits } from './silent-units.ts'
import type { ProxyTurns } from './turns.ts'

const ILLEGAL_FUNCTION = 0x01
const ILLEGAL_ADDRESS = 0x02
const ILLEGAL_VALUE = 0x03
const DEVICE_FAILURE = 0x04
const BUSY = 0x06
const PATH_UNAVAILABLE = 0x0a
const TARGET_SILENT = 0x0b

/** Who asks. */
export interface ProxyClient {
  /** IP address. */
  readonly address: string
  /** The same with the port, for the record. */
  readonly from: string
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal
}

export interface RelaySettings {
  readonly maxAge: number
  readonly functions: readonly number[]
  readonly writers: readonly string[]
  readonly maxClients: number
}

/** What a relay works with. */
export interface RelayParts {
  readonly settings: RelaySettings
  /** The units that are reached through it; may grow. */
  readonly units: ReadonlySet<number>
  readonly context: Context
  readonly counters: ProxyCounters
  readonly turns: ProxyTurns
  readonly cache: ReplyCache
  readonly writes: WriteLock
  /** One request on the wire. */
  exchange(unit: number, pdu: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

export class ProxyRelay {
  readonly units: ReadonlySet<number>
  readonly settings: RelaySettings
  readonly counters: ProxyCounters
  readonly #parts: RelayParts
  readonly #functions: ReadonlySet<number>
  readonly #writers: ClientNetworks
  readonly #silent: SilentUnits
  readonly #refusals: Refusals
  /** Writes that are not on record to their end. */
  readonly #open = new Set<Promise<unknown>>()

  constructor(parts: RelayParts) {
    const { settings, units, context, counters } = parts
    this.units = units
    this.settings = settings
    this.counters = counters
    this.#parts = parts
    this.#functions = new Set(settings.functions)
    this.#writers = new ClientNetworks(settings.writers)
    this.#silent = new SilentUnits(context.clock)
    this.#refusals = new Refusals(context.clock, (action) => {
      const recorded = (context.audit?.(action) ?? Promise.resolve()).catch((error: unknown) =>
        context.log.error({ error: messageOf(error) }, 'A refused write could not be put on record.'),
      )
      void this.#track(recorded)
    })
  }

  /** The answer to one request; a rejection or throw is a ModbusException. */
  answer(client: ProxyClient, unit: number, request: ModbusRequest, pdu: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const kind = kindOfRequest(pdu)
    this.counters.requests++
    const refusal = this.#whyNot(client, kind, pdu[0]!)
    if (refusal !== undefined) {
      const [reason, why] = refusal
      this.counters.refused[reason]++
      if (kind !== 'read') this.refuse(client, unit, pdu, why)
      throw new ModbusException(ILLEGAL_FUNCTION)
    }
    const problem = exceptionForShape(request, pdu)
    if (problem !== undefined) throw this.#refusal('shape', problem)
    if (kind === 'read') return this.#cached(unit, pdu) ?? this.#read(client, unit, pdu.slice())
    return this.#track(this.#write(client, unit, pdu.slice()))
  }

  /** Puts a refused attempt on record. */
  refuse(client: ProxyClient, unit: number, pdu: Uint8Array, why: string): void {
    this.#refusals.add(client.address, client.from, describeRequest(unit, pdu), why)
  }

  /** Resolves when everything that clients began is on record. */
  async close(): Promise<void> {
    this.#refusals.close()
    await Promise.allSettled(this.#open)
  }

  #whyNot(client: ProxyClient, kind: RequestKind, code: number): readonly [Refusal, string] | undefined {
    if (kind === 'never') return ['function', 'diagnostics and unknown encapsulated transports never pass']
    if (!this.#functions.has(code)) return ['function', `function ${code} is not among proxy.functions`]
    if (kind === 'write' && !this.#writers.has(client.address))
      return ['writer', `${client.address} is not among proxy.writers`]
    const locked = kind === 'write' ? this.#whyLocked() : undefined
    return locked === undefined ? undefined : ['locked', locked]
  }

  #whyLocked(): string | undefined {
    try {
      this.#parts.context.assertWritable?.()
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Counts it, and makes what the client hears. */
  #refusal(reason: Refusal, code: number): ModbusException {
    this.counters.refused[reason]++
    return new ModbusException(code)
  }

  /** What the client hears of a request that failed; counted where the device was not asked. */
  #failed(client: ProxyClient, error: unknown, isSent: boolean): ModbusException {
    const exception = toException(error)
    if (isSent || client.signal.aborted) return exception
    if (exception.exceptionCode === BUSY) this.counters.refused.busy++
    else if (exception.exceptionCode === PATH_UNAVAILABLE) this.counters.refused.away++
    else if (exception.exceptionCode === ILLEGAL_FUNCTION) this.counters.refused.locked++
    return exception
  }

  #cached(unit: number, pdu: Uint8Array): Uint8Array | undefined {
    const { maxAge } = this.settings
    if (maxAge === 0 || !CACHED_FUNCTIONS.has(pdu[0]!)) return undefined
    const known = this.#parts.cache.find(unit, pdu, this.#parts.context.clock.monotonic() - maxAge)
    if (known !== undefined) this.counters.cached++
    return known
  }

  async #read(client: ProxyClient, unit: number, pdu: Uint8Array): Promise<Uint8Array> {
    if (!this.#silent.mayAsk(unit)) throw this.#refusal('away', TARGET_SILENT)
    const { turns, cache, context } = this.#parts
    let isSent = false
    try {
      return await turns.run(
        'turn',
        unit,
        async (signal) => {
          // Another client may have asked the same while this one waited.
          const known = this.#cached(unit, pdu)
          if (known !== undefined) return known
          isSent = true
          const ask = () => this.#ask(unit, pdu, signal)
          return this.settings.maxAge > 0 ? cache.ask(unit, pdu, context.clock.monotonic(), ask) : ask()
        },
        client.signal,
      )
    } catch (error) {
      throw this.#failed(client, error, isSent)
    }
  }

  /** On record before it is sent, and with its outcome after. */
  async #write(client: ProxyClient, unit: number, pdu: Uint8Array): Promise<Uint8Array> {
    const { turns, writes, cache, context } = this.#parts
    const action = { id: randomUUID(), action: 'proxy write', from: client.from, what: describeRequest(unit, pdu) }
    const deadline = turns.deadline()
    await this.#request(action)
    let isSent = false
    try {
      const reply = await turns.run(
        'command',
        unit,
        (signal) =>
          writes.run(async () => {
            signal.throwIfAborted()
            turns.inTime(deadline)
            // It may have been locked while this one waited.
            context.assertWritable?.()
            isSent = true
            return cache.write(unit, () => this.#ask(unit, pdu, signal))
          }),
        client.signal,
        deadline,
      )
      context.log.info({ from: client.from }, `${client.from} wrote through the proxy: ${action.what}.`)
      await this.#conclude({ ...action, outcome: 'written' })
      return reply
    } catch (error) {
      await this.#conclude({ ...action, outcome: outcomeOf(error, isSent) })
      throw this.#failed(client, error, isSent)
    }
  }

  async #ask(unit: number, pdu: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    try {
      // The reply is a view of the connection's buffer.
      const reply = (await this.#parts.exchange(unit, pdu, signal)).slice()
      this.#silent.answered(unit)
      return reply
    } catch (error) {
      if (error instanceof ModbusException && error.exceptionCode !== TARGET_SILENT) this.#silent.answered(unit)
      else if (toException(error).exceptionCode === TARGET_SILENT) this.#silent.unanswered(unit)
      throw error
    }
  }

  /** Throws exception 04 where nothing can be put on record: then nothing is written. */
  async #request(action: Omit<Parameters<NonNullable<Context['audit']>>[0], 'outcome'>): Promise<void> {
    const { audit, log } = this.#parts.context
    try {
      if (audit === undefined) throw new GatewayError('STORE_FAILED', 'There is no audit file.')
      await audit({ ...action, outcome: 'requested' })
    } catch (error) {
      log.error({ error: messageOf(error) }, `A write through the proxy was refused: it could not be put on record.`)
      throw this.#refusal('record', DEVICE_FAILURE)
    }
  }

  /** The request is on record already: a failure here cannot undo what was sent. */
  async #conclude(action: Parameters<NonNullable<Context['audit']>>[0]): Promise<void> {
    const { audit, log } = this.#parts.context
    try {
      await audit?.(action)
    } catch (error) {
      log.error(
        { error: messageOf(error) },
        `The outcome of a write through the proxy could not be put on record: ${action.what}, ${action.outcome}.`,
      )
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.catch(() => undefined).finally(() => this.#open.delete(tracked))
    this.#open.add(tracked)
    return work
  }
}

/** A request beyond the limits of its function never reaches the device: some fail on it. */
function exceptionForShape(request: ModbusRequest, pdu: Uint8Array): number | undefined {
  if (checkRequest(request) === undefined) return undefined
  const last = pdu.length < 5 ? 0 : pdu[1]! * 256 + pdu[2]! + pdu[3]! * 256 + pdu[4]!
  return CACHED_FUNCTIONS.has(pdu[0]!) && last > 65_536 ? ILLEGAL_ADDRESS : ILLEGAL_VALUE
}

/** What a client hears of a failure: exceptions of a gateway (clause 7), or the device's own. */
function toException(error: unknown): ModbusException {
  if (error instanceof ModbusException) return error
  if (error instanceof NotConnectedError || isAbort(error)) return new ModbusException(PATH_UNAVAILABLE)
  if (error instanceof GatewayError && error.code === 'BUSY') return new ModbusException(BUSY)
  if (error instanceof GatewayError && error.code === 'WRITE_LOCKED') return new ModbusException(ILLEGAL_FUNCTION)
  if (error instanceof GatewayError && error.code === 'INVALID_REQUEST') return new ModbusException(ILLEGAL_VALUE)
  if (error instanceof GatewayError) return new ModbusException(TARGET_SILENT)
  return new ModbusException(DEVICE_FAILURE)
}

/** In words for the record: what is known of a write that has no positive answer. */
function outcomeOf(error: unknown, isSent: boolean): string {
  const why = isAbort(error) ? 'the gateway stopped' : messageOf(error)
  if (!isSent) return `not sent: ${why}`
  if (error instanceof ModbusException) {
    if (error.exceptionCode === 0x05) return `accepted, the device is still working on it: ${error.message}`
    // A gateway in between that gave up knows as little as we do.
    if (error.exceptionCode !== TARGET_SILENT) return `refused by the device: ${error.message}`
  }
  return `unknown, it may have been carried out: ${why}`
}
