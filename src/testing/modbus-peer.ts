/** The far end of a client's stream, played by hand: what the client sent as frames, and bytes sent back literally. */
import type { Duplex } from 'node:stream'
import { ModbusClient, decodeFrame, mbapFormat, type ModbusClientOptions } from '../protocols/modbus/index.ts'
import { Framer } from '../wire/framer.ts'
import { duplexPair } from './duplex-pair.ts'
import { VirtualClock, settle } from './virtual-clock.ts'

export interface PlayedPeer {
  readonly client: ModbusClient
  readonly clock: VirtualClock
  readonly far: Duplex
  /** Everything the client sent, as hex text. */
  sent(): string
  /** The frames the client sent so far. */
  frames(): { transaction: number; unit: number; pdu: Uint8Array }[]
  /** Sends bytes given as hex text (spaces are for people) and lets the client digest them. */
  say(hexText: string): Promise<void>
}

/** A client whose device is the test. */
export function playPeer(options: Partial<ModbusClientOptions> = {}): PlayedPeer {
  const { near, far } = duplexPair()
  const clock = new VirtualClock()
  const client = new ModbusClient(near, { maxInFlight: 8, timeoutMs: 1000, clock, name: 'press-1', ...options })
  const chunks: Buffer[] = []
  far.on('data', (chunk: Buffer) => chunks.push(chunk))
  far.on('error', () => undefined)
  return {
    client,
    clock,
    far,
    sent: () => Buffer.concat(chunks).toString('hex'),
    frames: () => {
      const framer = new Framer(mbapFormat)
      const frames = []
      framer.push(Buffer.concat(chunks))
      while (framer.next()) frames.push(decodeFrame(framer.bytes, framer.start, framer.end))
      return frames
    },
    async say(hexText) {
      far.write(Buffer.from(hexText.replaceAll(' ', ''), 'hex'))
      await settle()
    },
  }
}
