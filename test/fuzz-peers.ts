/**
 * Both ends of Modbus under fire: servers that are sent spoiled requests, clients with an outstanding request that are sent
 * spoiled replies. Bytes go in without a real socket and time is moved by hand, so that each frame's work is done, and can be
 * measured, in the call that brings it.
 */
import { Duplex } from 'node:stream'
import type { Clock, Timer } from '../src/core/clock.ts'
import { GatewayError } from '../src/core/errors.ts'
import { encodeAsciiFrame } from '../src/protocols/modbus/ascii.ts'
import {
  ModbusClient,
  createModbusServer,
  decodeResponse,
  encodeFrame,
  replyMismatch,
  type ModbusServer,
  type ModbusUnit,
} from '../src/protocols/modbus/index.ts'
import { encodeRtuFrame } from '../src/protocols/modbus/rtu.ts'
import { mutate, toChunks, type Dice } from './fuzz-mutations.ts'

export type FuzzFraming = 'tcp' | 'udp' | 'rtu' | 'ascii'

/** A request PDU and the PDU that answers it. */
export interface FuzzPair {
  readonly request: Uint8Array
  readonly response: Uint8Array
}

const encodeAs = (framing: FuzzFraming, transaction: number, unit: number, pdu: Uint8Array): Uint8Array =>
  framing === 'rtu'
    ? encodeRtuFrame(unit, pdu)
    : framing === 'ascii'
      ? encodeAsciiFrame(unit, pdu)
      : encodeFrame(transaction, unit, pdu)

/** Time that passes only in `advance`, which runs what is due before it returns. */
class StepClock implements Clock {
  #time = 0
  #timers: { at: number; action: () => void }[] = []

  now(): number {
    return this.#time
  }

  monotonic(): number {
    return this.#time
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { at: this.#time + Math.max(0, delayMs), action }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  every(): Timer {
    throw new Error('nothing here is periodic')
  }

  advance(ms: number): void {
    const end = this.#time + ms
    for (;;) {
      let next: { at: number; action: () => void } | undefined
      for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#time = next.at
      next.action()
    }
    this.#time = end
  }
}

/** A stream whose far side is the test: what is written to it is kept, what it receives is emitted. */
class FuzzWire extends Duplex {
  written: Uint8Array[] = []

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    if (this.written.length < 16) this.written.push(chunk)
    done()
  }

  receive(bytes: Uint8Array): void {
    this.emit('data', bytes)
  }
}

/** What takes frames: gives the ms of CPU time that one frame took. */
export interface FuzzTarget {
  readonly name: string
  feed(pair: FuzzPair, dice: Dice): Promise<number>
  /** Throws unless a frame that is whole is understood now. */
  prove(pair: FuzzPair): Promise<void>
}

/** Of this thread alone: what the machine does elsewhere is none of a frame's work. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const LONG_ENOUGH_MS = 5000
const tick = () => new Promise<void>((resolve) => process.nextTick(resolve))

/** A server that is sent spoiled requests. */
export function serverTarget(framing: 'tcp' | 'rtu' | 'ascii', unit: ModbusUnit): FuzzTarget {
  const clock = new StepClock()
  const onError = (error: unknown) => {
    throw error
  }
  const server: ModbusServer = createModbusServer({ unit: (id) => (id < 3 ? unit : undefined), clock, onError })
  let wire: FuzzWire | undefined
  const open = (): FuzzWire => {
    if (wire !== undefined && server.connections === 1) return wire
    wire = new FuzzWire().on('error', onError)
    server.serve(wire, framing, { answerDelayMs: 0 })
    return wire
  }
  return {
    name: `${framing} server`,
    async feed({ request }, dice) {
      const frame = mutate(encodeAs(framing, dice(65_536), 1 + dice(3), request), dice)
      const stream = open()
      const start = cpuMs()
      for (const chunk of toChunks(frame, dice)) if (server.connections === 1) stream.receive(chunk)
      if (framing !== 'tcp' && dice(4) === 0) clock.advance(LONG_ENOUGH_MS)
      stream.written.length = 0
      return cpuMs() - start
    },
    async prove({ request, response }) {
      clock.advance(LONG_ENOUGH_MS)
      // A spoiled frame whose check is right by chance may have sent the unit into listen only mode.
      unit.diagnostics?.restart(false)
      if (framing === 'tcp') server.dropConnections('close')
      const stream = open()
      stream.written.length = 0
      stream.receive(encodeAs(framing, 7, 2, request))
      clock.advance(LONG_ENOUGH_MS)
      const expected = Buffer.from(encodeAs(framing, 7, 2, response))
      const answer = Buffer.concat(stream.written)
      if (!answer.equals(expected)) throw new Error(`${framing} server answers ${answer.toString('hex')}`)
    },
  }
}

/** A client that waits for the reply to a request, and is sent a spoiled one. */
export function clientTarget(framing: FuzzFraming): FuzzTarget {
  const clock = new StepClock()
  let wire = new FuzzWire()
  let client: ModbusClient | undefined

  const ask = async (pair: FuzzPair, spoil: (frame: Uint8Array) => Uint8Array[]) => {
    if (client === undefined || client.closed) {
      wire = new FuzzWire()
      const line = { lateReplyGuardMs: 0, requestPauseMs: 0 }
      client = new ModbusClient(wire, { framing, maxInFlight: 4, timeoutMs: 1000, clock, ...line })
    }
    wire.written.length = 0
    const end = { settled: false, outcome: undefined as unknown }
    const settle = (value: unknown) => {
      end.outcome = value
      end.settled = true
    }
    client.request(1, pair.request).then(settle, settle)
    for (let tries = 0; tries < 4 && wire.written.length === 0 && !end.settled; tries++) {
      await tick()
      if (wire.written.length === 0) clock.advance(200)
    }
    const sent = wire.written[0]
    const transaction = sent === undefined ? 0 : sent[0]! * 256 + sent[1]!
    const chunks = spoil(encodeAs(framing, transaction, 1, pair.response))
    const start = cpuMs()
    for (const chunk of chunks) if (!client.closed) wire.receive(chunk)
    const took = cpuMs() - start
    for (let tries = 0; tries < 10 && !end.settled; tries++) {
      await tick()
      if (!end.settled) clock.advance(1000)
    }
    if (!end.settled) throw new Error(`${framing} client: a request never settled`)
    return { outcome: end.outcome, took }
  }

  return {
    name: `${framing} client`,
    async feed(pair, dice) {
      const { outcome, took } = await ask(pair, (frame) => {
        const spoiled = mutate(frame, dice)
        // UDP: a chunk is a datagram.
        return framing === 'udp' ? [spoiled] : toChunks(spoiled, dice)
      })
      judge(pair, outcome)
      return took
    },
    async prove(pair) {
      // What was said last may still be in the way of one request (a frame that was cut takes the reply for its rest and times out),
      // never of the one after the next.
      for (let left = 3; left > 0; left--) {
        clock.advance(LONG_ENOUGH_MS)
        const { outcome } = await ask(pair, (frame) => [frame])
        if (outcome instanceof Uint8Array && Buffer.from(outcome).equals(pair.response)) return
        if (left === 1) throw new Error(`${framing} client gives ${String(outcome)}`)
      }
    },
  }
}

/** A value fits its request and can be decoded, or breaks the protocol in a way that is said; all else is in the catalogue. */
function judge({ request }: FuzzPair, outcome: unknown): void {
  if (!(outcome instanceof Uint8Array)) {
    if (outcome instanceof GatewayError) return
    throw outcome
  }
  const mismatch = replyMismatch(request, outcome, 0, outcome.length)
  if (mismatch !== undefined) throw new Error(`a value that does not fit its request: ${mismatch}`)
  try {
    decodeResponse(outcome)
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'PROTOCOL_VIOLATION') throw error
  }
}
