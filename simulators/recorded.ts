/**
 * Plays devices back from recorded traffic: answers a request as the recording answered it, exceptions included. A block that
 * was never asked for in that cut is put together from the recorded registers; what no recording knows gets exception 2
 * (illegal data address), a unit that was never heard of exception 0x0B (gateway target failed to respond).
 *
 *     node simulators/recorded.ts --file map.json [--port 0] [--host 127.0.0.1]
 *
 * The file is an array of {"unit","function","address","count","responsePdu": hex}; the first line on stdout is
 * {"ready":true,"host":…,"port":N,"units":[…]}.
 */
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { AduSplitter, answer } from './modbus/mbap.ts'

/** One recorded request of function 1 to 4 with its answer. */
export interface Recording {
  readonly unit: number
  readonly function: number
  readonly address: number
  readonly count: number
  /** The answer's PDU in hex or bytes, function code first; an exception as it was. */
  readonly responsePdu: string | Uint8Array
}

/** Unit and function to what is known of that table: whole answers by request, and single points by address. */
type Tables = Map<string, { answers: Map<string, Uint8Array>; points: Map<number, number> }>

/** Serves the recordings; later ones win where they overlap. `port` is the one that was given out. */
export async function startRecorded(
  recordings: readonly Recording[],
  options: { port: number; host: string },
): Promise<{ server: Server; port: number; close(): Promise<void> }> {
  const tables = learn(recordings)
  const units = new Set(recordings.map((recording) => recording.unit))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const splitter = new AduSplitter()
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      const frames = splitter.push(chunk)
      if (frames === undefined) return socket.destroy()
      for (const frame of frames) socket.write(answer(frame, replyTo(frame, tables, units)))
    })
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const address = server.address()
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  return { server, port: address !== null && typeof address === 'object' ? address.port : 0, close }
}

function learn(recordings: readonly Recording[]): Tables {
  const tables: Tables = new Map()
  for (const recording of recordings) {
    const key = `${recording.unit}/${recording.function}`
    const table = tables.get(key) ?? { answers: new Map(), points: new Map() }
    tables.set(key, table)
    const pdu = toBytes(recording.responsePdu)
    table.answers.set(`${recording.address}+${recording.count}`, pdu)
    if ((pdu[0]! & 0x80) === 0) remember(table.points, recording, pdu)
  }
  return tables
}

function remember(points: Map<number, number>, recording: Recording, pdu: Uint8Array): void {
  for (let i = 0; i < recording.count; i++) {
    const bit = recording.function <= 2
    const value = bit ? (pdu[2 + (i >> 3)]! >> (i & 7)) & 1 : (pdu[2 + i * 2]! << 8) | pdu[3 + i * 2]!
    points.set(recording.address + i, value)
  }
}

function replyTo(frame: Buffer, tables: Tables, units: ReadonlySet<number>): Uint8Array {
  const [unit, code] = [frame[6]!, frame[7]!]
  const exception = (number: number) => Uint8Array.of(code | 0x80, number)
  if (!units.has(unit)) return exception(0x0b)
  if (code < 1 || code > 4) return exception(1)
  if (frame.length !== 12) return exception(3)
  const [address, count] = [frame.readUInt16BE(8), frame.readUInt16BE(10)]
  const table = tables.get(`${unit}/${code}`)
  const known = table?.answers.get(`${address}+${count}`)
  if (known !== undefined) return known
  if (count < 1 || count > (code <= 2 ? 2000 : 125)) return exception(3)
  return (table === undefined ? undefined : compose(code, table.points, address, count)) ?? exception(2)
}

function compose(code: number, points: Map<number, number>, address: number, count: number): Uint8Array | undefined {
  const size = code <= 2 ? Math.ceil(count / 8) : count * 2
  const pdu = new Uint8Array(2 + size)
  pdu[0] = code
  pdu[1] = size
  for (let i = 0; i < count; i++) {
    const value = points.get(address + i)
    if (value === undefined) return undefined
    if (code <= 2) pdu[2 + (i >> 3)]! |= value << (i & 7)
    else pdu.set([value >> 8, value & 0xff], 2 + i * 2)
  }
  return pdu
}

const toBytes = (pdu: string | Uint8Array): Uint8Array => (typeof pdu === 'string' ? Buffer.from(pdu, 'hex') : pdu)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string' },
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  })
  if (values.file === undefined) {
    process.stderr.write('Which recording? Give --file map.json\n')
    process.exit(2)
  }
  const recordings = JSON.parse(readFileSync(values.file, 'utf8')) as Recording[]
  const { port, close } = await startRecorded(recordings, { port: Number(values.port), host: values.host })
  const units = [...new Set(recordings.map((recording) => recording.unit))]
  process.stdout.write(`${JSON.stringify({ ready: true, host: values.host, port, units })}\n`)
  const stop = () => void close().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

if (import.meta.main) await main()
