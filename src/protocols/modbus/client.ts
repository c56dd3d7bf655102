/**
 * A Modbus client on one connection, whatever carries it: Modbus TCP (also over TLS), UDP, RTU or ASCII on a serial line or
 * through a TCP gateway. A bad reply fails its own request; only lost framing on TCP closes the connection. This class is the
 * functions as methods; how requests are sent and replies matched is the exchange's, one for each framing.
 */
import type { Duplex } from 'node:stream'
import type { TraceTap } from '../../core/driver.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { DatagramExchange } from './datagram-exchange.ts'
import type { Exchange, ExchangeOptions, ExchangeStats } from './exchange.ts'
import { checkRequest, decodeResponse, encodeRequest, type ModbusRequest } from './pdu/message.ts'
import type { IdentificationLevel, ReadDeviceIdentificationResponse } from './pdu/read-device-identification.ts'
import { COIL_OFF, COIL_ON } from './pdu/write-single-coil.ts'
import { PipelinedExchange } from './pipelined-exchange.ts'
import { SerialExchange } from './serial-exchange.ts'

export type ModbusClientOptions = ExchangeOptions

/** What Read Device Identification told: object id → its bytes; names for the basic and regular ones. */
export interface DeviceIdentification {
  readonly conformity: number
  readonly objects: ReadonlyMap<number, Uint8Array>
  readonly vendor?: string
  readonly product?: string
  readonly revision?: string
  readonly model?: string
}

/**
 * Every method rejects with: ModbusException (the device refused), GatewayError TIMEOUT (a late reply is dropped),
 * PROTOCOL_VIOLATION (the reply does not fit), BUSY (too many queued): in these cases the connection stays;
 * NotConnectedError (it is gone; `cause` says why); INVALID_REQUEST (nothing was sent); the signal's reason.
 * Bytes of replies are views: use or copy them before the next turn of the event loop.
 */
export class ModbusClient {
  readonly #stream: Duplex
  readonly #options: ModbusClientOptions
  readonly #exchange: Exchange
  readonly #trace: TraceTap | undefined

  /** Owns the stream from now on; `of` is for `tracedBy`. */
  constructor(
    stream: Duplex,
    options: ModbusClientOptions,
    of?: { readonly exchange: Exchange; readonly trace: TraceTap },
  ) {
    this.#stream = stream
    this.#options = options
    this.#exchange = of?.exchange ?? createExchange(stream, options).start()
    this.#trace = of?.trace
  }

  /** The same connection for one of those who share it: what is asked through this client goes to `trace`. */
  tracedBy(trace: TraceTap | undefined): ModbusClient {
    return trace === undefined
      ? this
      : new ModbusClient(this.#stream, this.#options, { exchange: this.#exchange, trace })
  }

  /** True once the connection is gone; a new client needs a new one. */
  get closed(): boolean {
    return this.#exchange.closed
  }

  /** Why it closed, once it did. */
  get closeReason(): Error | undefined {
    return this.#exchange.closeReason
  }

  /** Requests sent and not answered yet, and those that wait to be sent. */
  get inFlight(): number {
    return this.#exchange.inFlight
  }

  /** How many requests may be on the way at once; may be changed at any time. Always 1 on `rtu` and `ascii`. */
  get maxInFlight(): number {
    return this.#exchange.maxInFlight
  }

  set maxInFlight(limit: number) {
    this.#exchange.maxInFlight = limit
  }

  get stats(): Readonly<ExchangeStats> {
    return this.#exchange.stats
  }

  /** Calls back once when the connection is gone, at once if it is already. */
  onClose(action: (reason: Error) => void): void {
    this.#exchange.onClose(action)
  }

  /** Closes the connection; everything in flight rejects with NotConnectedError. */
  close(): void {
    this.#exchange.close()
  }

  /**
   * The way with the least overhead, for request PDUs made once by `encodeRequest` and sent many times: resolves with the
   * whole response PDU (function code first), already checked against the request (function, byte count, echo). The PDU
   * must not change while it is in flight. `timeoutMs` replaces the client's own for this request; `trace`, while it is
   * active, gets the frames and what came of them. A broadcast (unit 0 on `rtu` and `ascii`) resolves with no bytes.
   */
  request(
    unit: number,
    pdu: Uint8Array,
    signal?: AbortSignal,
    timeoutMs?: number,
    trace = this.#trace,
  ): Promise<Uint8Array> {
    return this.#exchange.request(unit, pdu, signal, timeoutMs, trace)
  }

  /** FC 1: `count` bits (1…2000), packed, first in the lowest bit. */
  readCoils(unit: number, address: number, count: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#data(unit, { functionCode: 1, address, count }, signal)
  }

  /** FC 2: `count` bits (1…2000), packed, first in the lowest bit. */
  readDiscreteInputs(unit: number, address: number, count: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#data(unit, { functionCode: 2, address, count }, signal)
  }

  /** FC 3: `count` registers (1…125), two bytes each, big-endian. */
  readHoldingRegisters(unit: number, address: number, count: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#data(unit, { functionCode: 3, address, count }, signal)
  }

  /** FC 4: `count` registers (1…125), two bytes each, big-endian. */
  readInputRegisters(unit: number, address: number, count: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#data(unit, { functionCode: 4, address, count }, signal)
  }

  /** FC 5. */
  async writeCoil(unit: number, address: number, on: boolean, signal?: AbortSignal): Promise<void> {
    await this.send(unit, { functionCode: 5, address, value: on ? COIL_ON : COIL_OFF }, signal)
  }

  /** FC 6. */
  async writeRegister(unit: number, address: number, value: number, signal?: AbortSignal): Promise<void> {
    await this.send(unit, { functionCode: 6, address, value }, signal)
  }

  /** FC 15: `count` coils (1…1968) from packed bits. */
  async writeCoils(
    unit: number,
    address: number,
    count: number,
    bits: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.send(unit, { functionCode: 15, address, count, bits }, signal)
  }

  /** FC 16: registers as big-endian bytes (1…123 registers). */
  async writeRegisters(unit: number, address: number, registers: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.send(unit, { functionCode: 16, address, count: registers.length / 2, registers }, signal)
  }

  /** FC 22: register = (register AND andMask) OR (orMask AND NOT andMask), done by the device in one step. */
  async maskWriteRegister(
    unit: number,
    address: number,
    andMask: number,
    orMask: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.send(unit, { functionCode: 22, address, andMask, orMask }, signal)
  }

  /** FC 23: writes big-endian bytes (1…121 registers), then reads `read.count` registers (1…125). */
  readWriteRegisters(
    unit: number,
    read: { readonly address: number; readonly count: number },
    write: { readonly address: number; readonly registers: Uint8Array },
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const { address: writeAddress, registers } = write
    const writeCount = registers.length / 2
    const request = {
      functionCode: 23,
      readAddress: read.address,
      readCount: read.count,
      writeAddress,
      writeCount,
      registers,
    } as const
    return this.#data(unit, request, signal)
  }

  /** FC 43/14, asked again until nothing more follows (at most 256 replies). */
  async readDeviceIdentification(
    unit: number,
    level: IdentificationLevel = 1,
    objectId = 0,
    signal?: AbortSignal,
  ): Promise<DeviceIdentification> {
    const objects = new Map<number, Uint8Array>()
    let next = objectId
    for (let replies = 0; replies < 256; replies++) {
      const pdu = await this.send(unit, { functionCode: 43, meiType: 14, level, objectId: next }, signal)
      const reply = decodeResponse(pdu) as ReadDeviceIdentificationResponse
      for (const { id, value } of reply.objects) objects.set(id, value.slice())
      // A device that names the same object again would never end.
      if (level === 4 || reply.moreFollows !== 0xff || reply.nextObjectId <= next)
        return identification(reply.conformity, objects)
      next = reply.nextObjectId
    }
    throw new GatewayError(
      'PROTOCOL_VIOLATION',
      `${this.#exchange.name} unit ${unit}: device identification does not end`,
    )
  }

  /** Any request; resolves with the response PDU. INVALID_REQUEST when it breaks the limits of its function. */
  send(unit: number, request: ModbusRequest, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#send(unit, request, signal, 0)
  }

  /** Replies of the form `function code · byte count · data`. */
  #data(unit: number, request: ModbusRequest, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return this.#send(unit, request, signal, DATA_HEAD_BYTES)
  }

  #send(unit: number, request: ModbusRequest, signal: AbortSignal | undefined, skip: number): Promise<Uint8Array> {
    let pdu: Uint8Array
    try {
      pdu = encodeChecked(request)
    } catch (cause) {
      const message = `${this.#exchange.name} unit ${unit}: ${messageOf(cause)}`
      return Promise.reject(new GatewayError('INVALID_REQUEST', message, { cause }))
    }
    return this.#exchange.request(unit, pdu, signal, undefined, this.#trace, skip)
  }
}

function createExchange(stream: Duplex, options: ExchangeOptions): Exchange {
  switch (options.framing) {
    case 'rtu':
    case 'ascii':
      return new SerialExchange(stream, options)
    case 'udp':
      return new DatagramExchange(stream, options)
    default:
      return new PipelinedExchange(stream, options)
  }
}

/** Function code and byte count. */
const DATA_HEAD_BYTES = 2

function encodeChecked(request: ModbusRequest): Uint8Array {
  const problem = checkRequest(request)
  if (problem !== undefined) throw new RangeError(problem)
  return encodeRequest(request)
}

/** Object ids of Modbus Application Protocol V1.1b3, 6.21, table of objects. */
function identification(conformity: number, objects: ReadonlyMap<number, Uint8Array>): DeviceIdentification {
  const text = (key: string, id: number) => {
    const value = objects.get(id)
    return value === undefined ? {} : { [key]: Buffer.from(value).toString('latin1') }
  }
  return {
    conformity,
    objects,
    ...text('vendor', 0),
    ...text('product', 1),
    ...text('revision', 2),
    ...text('model', 5),
  }
}
