/**
 * The clients that are compared, behind one small interface: open a connection, read ten holding registers of unit 1, give their
 * sum, so that nobody is spared the decoding that its users pay for. Each is used as its own documentation shows.
 */
import { connect } from 'node:net'
import { systemClock } from '../../src/core/clock.ts'
import { ModbusClient } from '../../src/protocols/modbus/index.ts'
import { dial } from '../../src/wire/dial.ts'
import { BareClient } from './bare-client.ts'

const REGISTERS = 10
/** The sum of registers 0 … 9 that both servers hold. */
export const EXPECTED = 45

export interface Connection {
  /** The sum of the registers. */
  read(): Promise<number>
  close(): void
}

export type OpenConnection = (port: number, inFlight: number) => Promise<Connection>

export const PEERS: Readonly<Record<string, OpenConnection>> = {
  'bare socket': async (port) => {
    const client = await BareClient.open(port)
    return { read: async () => sumOfBytes(await client.read(1, 0, REGISTERS)), close: () => client.close() }
  },
  bifrost: async (port, inFlight) => {
    const socket = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 5000, direct: true })
    const client = new ModbusClient(socket, { maxInFlight: inFlight, timeoutMs: 10_000, clock: systemClock })
    return {
      read: async () => sumOfBytes(await client.readHoldingRegisters(1, 0, REGISTERS)),
      close: () => client.close(),
    }
  },
  'modbus-serial': async (port) => {
    // Its types say nothing of the constructor that the module itself is.
    const { default: ModbusRTU } = (await import('modbus-serial')) as unknown as {
      default: new () => InstanceType<typeof import('modbus-serial/ModbusRTU.js').ModbusRTU>
    }
    const client = new ModbusRTU()
    await client.connectTCP('127.0.0.1', { port })
    client.setID(1)
    client.setTimeout(10_000)
    return {
      read: async () => sum((await client.readHoldingRegisters(0, REGISTERS)).data),
      close: () => client.close(() => undefined),
    }
  },
  jsmodbus: async (port) => {
    const { default: modbus } = await import('jsmodbus')
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const client = new modbus.client.TCP(socket, 1, 10_000)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return {
      read: async () => sum((await client.readHoldingRegisters(0, REGISTERS)).response.body.valuesAsArray),
      close: () => socket.destroy(),
    }
  },
  'modbus-stream': async (port) => {
    const { default: modbus } = await import('modbus-stream')
    const client = await promised<StreamClient>((next) =>
      modbus.tcp.connect(port, '127.0.0.1', { debug: null }, next as never),
    )
    return {
      read: async () => {
        const reply = await promised<StreamReply>((next) =>
          client.readHoldingRegisters({ address: 0, quantity: REGISTERS, extra: { unitId: 1 } }, next),
        )
        return reply.response.data.reduce((total, register) => total + register.readUInt16BE(0), 0)
      },
      close: () => client.close(),
    }
  },
}

type Next<T> = (error: Error | null, result: T) => void
interface StreamReply {
  readonly response: { readonly data: readonly Buffer[] }
}
interface StreamClient {
  readHoldingRegisters(options: object, next: Next<StreamReply>): void
  close(): void
}

const promised = <T>(call: (next: Next<T>) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    call((error, result) => (error === null || error === undefined ? resolve(result) : reject(error))),
  )

function sumOfBytes(bytes: Uint8Array): number {
  let total = 0
  for (let i = 0; i < bytes.length; i += 2) total += bytes[i]! * 256 + bytes[i + 1]!
  return total
}

function sum(registers: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < registers.length; i++) total += registers[i]!
  return total
}
