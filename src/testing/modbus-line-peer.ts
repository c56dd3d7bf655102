/** The far end of a serial line, played by hand: what the client put on the line, and bytes put there literally. */
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import type { TracedExchange } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import { ModbusClient, type ModbusClientOptions } from '../protocols/modbus/index.ts'
import { encodeAsciiFrame } from '../protocols/modbus/ascii.ts'
import { encodeRtuFrame } from '../protocols/modbus/rtu.ts'
import { duplexPair } from './duplex-pair.ts'
import { VirtualClock, settle } from './virtual-clock.ts'

export interface PlayedLine {
  readonly client: ModbusClient
  readonly clock: VirtualClock
  readonly far: Duplex
  /** Everything the client sent since the last call, as hex text (RTU) or as it is (ASCII). */
  sent(): string
  /** Puts a whole frame on the line: unit, and the PDU as hex text (spaces are for people). */
  say(unit: number, pduHex: string): Promise<void>
  /** Puts bytes on the line as they are. */
  noise(bytes: Uint8Array): Promise<void>
  /** What was traced as a stray so far. */
  readonly strays: TracedExchange[]
}

/** The bytes of a frame for this framing. */
export const lineFrame = (framing: 'rtu' | 'ascii', unit: number, pduHex: string): Uint8Array => {
  const pdu = Buffer.from(pduHex.replaceAll(' ', ''), 'hex')
  return framing === 'rtu' ? encodeRtuFrame(unit, pdu) : encodeAsciiFrame(unit, pdu)
}

/** A client on a line whose devices are the test. Time-out 1 s, guard 100 ms, no baud. */
export function playLine(framing: 'rtu' | 'ascii', options: Partial<ModbusClientOptions> = {}): PlayedLine {
  const { near, far } = duplexPair()
  const clock = new VirtualClock()
  const strays: TracedExchange[] = []
  const client = new ModbusClient(near, {
    framing,
    maxInFlight: 1,
    timeoutMs: 1000,
    clock,
    name: 'line-1',
    strays: { active: true, exchange: (exchange) => strays.push(exchange) },
    ...options,
  })
  let chunks: Buffer[] = []
  far.on('data', (chunk: Buffer) => chunks.push(chunk))
  far.on('error', () => undefined)
  const noise = async (bytes: Uint8Array) => {
    far.write(bytes)
    await settle()
  }
  return {
    client,
    clock,
    far,
    strays,
    noise,
    say: (unit, pduHex) => noise(lineFrame(framing, unit, pduHex)),
    sent() {
      const text = Buffer.concat(chunks).toString(framing === 'rtu' ? 'hex' : 'latin1')
      chunks = []
      return text
    },
  }
}

/** What a promise rejects with; listens at once, so that an early rejection is not unhandled. */
export const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (reason: unknown) => reason,
  )

/** As `reasonOf`, for an error of the catalogue. */
export async function rejection(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await reasonOf(promise)
  assert.ok(error instanceof GatewayError, String(error))
  return error
}

/** The code and the sentence of a rejection. */
export async function failsWith(promise: Promise<GatewayError>, code: string, message: RegExp): Promise<void> {
  const error = await promise
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
}

/** A frame as `sent` shows it. */
export function asSent(framing: 'rtu' | 'ascii', unit: number, pduHex: string): string {
  const frame = Buffer.from(lineFrame(framing, unit, pduHex))
  return framing === 'rtu' ? frame.toString('hex') : frame.toString('latin1')
}
