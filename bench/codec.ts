/**
 * Modbus client cost: microseconds of this process' CPU a request, against a raw socket client that does nothing but count
 * replies, with the server in another process. `node bench/codec.ts`; figures depend on the machine, the ratio hardly.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/core/clock.ts'
import { ModbusClient, RegisterBank, createModbusServer, encodeRequest } from '../src/protocols/modbus/index.ts'
import { Framer } from '../src/wire/framer.ts'
import { mbapFormat } from '../src/protocols/modbus/index.ts'
import { dial } from '../src/wire/dial.ts'

const REGISTERS = 10
const REQUEST = encodeRequest({ functionCode: 3, address: 0, count: REGISTERS })
const SERVER_FLAG = '--serve'

interface Measured {
  readonly requests: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Prints one row a case. */
export async function run(): Promise<void> {
  const { child, port } = await startServer()
  try {
    const rows: Record<string, ReturnType<typeof toRow>> = {}
    rows['raw socket, 1 in flight'] = toRow(await measure(5000, () => rawLoad(port, 5000, 1)))
    rows['client, 1 in flight'] = toRow(await measure(5000, () => clientLoad(port, 5000, 1)))
    rows['raw socket, 32 in flight'] = toRow(await measure(200_000, () => rawLoad(port, 200_000, 32)))
    rows['client, 32 in flight'] = toRow(await measure(200_000, () => clientLoad(port, 200_000, 32)))
    rows['client, 100 connections'] = toRow(await manyConnections(port, 100, 200))
    rows['client, 1,000 connections'] = toRow(await manyConnections(port, 1000, 20))
    rows['framer alone, 1 MiB of replies'] = toRow(await measure(FRAMER_FRAMES, framerLoad))
    console.table(rows)
    await eachSecond(port, 10_000, 4)
  } finally {
    child.kill()
  }
}

const toRow = ({ requests, seconds, cpuSeconds }: Measured) => ({
  requests,
  'requests/s': Math.round(requests / seconds),
  'µs CPU/request': Number(((cpuSeconds * 1e6) / requests).toFixed(2)),
})

async function measure(requests: number, load: () => Promise<void>): Promise<Measured> {
  await load()
  const cpu = process.cpuUsage()
  const start = performance.now()
  await load()
  const { user, system } = process.cpuUsage(cpu)
  return { requests, seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 }
}

async function clientLoad(port: number, requests: number, inFlight: number): Promise<void> {
  const client = await open(port, inFlight)
  let left = requests
  const worker = async () => {
    while (left-- > 0) checkReply(await client.request(1, REQUEST))
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  client.close()
}

async function open(port: number, maxInFlight: number): Promise<ModbusClient> {
  const socket = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 5000 })
  return new ModbusClient(socket, { maxInFlight, timeoutMs: 10_000, clock: systemClock })
}

function checkReply(pdu: Uint8Array): void {
  if (pdu.length !== 2 + REGISTERS * 2) throw new Error(`reply of ${pdu.length} bytes`)
}

/** The floor: sends a request for each reply's worth of bytes, looks at nothing. */
function rawLoad(port: number, requests: number, inFlight: number): Promise<void> {
  const frame = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, REQUEST.length + 1, 1]), REQUEST])
  const replyBytes = 9 + REGISTERS * 2
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let sent = 0
    let received = 0
    const send = (count: number) => {
      const now = Math.min(count, requests - sent)
      sent += now
      if (now > 0) socket.write(now === 1 ? frame : Buffer.concat(Array.from({ length: now }, () => frame)))
    }
    socket.on('error', reject)
    socket.on('connect', () => send(inFlight))
    socket.on('data', (chunk) => {
      const before = Math.floor(received / replyBytes)
      received += chunk.length
      const now = Math.floor(received / replyBytes)
      if (now >= requests) {
        socket.destroy()
        resolve()
      } else send(now - before)
    })
  })
}

async function manyConnections(port: number, connections: number, each: number): Promise<Measured> {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(port, 1)))
  const load = async (client: ModbusClient) => {
    for (let i = 0; i < each; i++) checkReply(await client.request(1, REQUEST))
  }
  const measured = await measure(connections * each, async () => void (await Promise.all(clients.map(load))))
  for (const client of clients) client.close()
  return measured
}

/** What polling costs where it matters: each connection once a second, spread over the second. */
async function eachSecond(port: number, connections: number, seconds: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(port, 1)))
  let done = 0
  const ticks = 100
  const cpu = process.cpuUsage()
  const start = performance.now()
  for (let tick = 0; tick < seconds * ticks; tick++) {
    for (let i = tick % ticks; i < connections; i += ticks) {
      void clients[i]!.request(1, REQUEST).then(() => done++)
    }
    const pause = start + (tick + 1) * (1000 / ticks) - performance.now()
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
  }
  const { user, system } = process.cpuUsage(cpu)
  const elapsed = (performance.now() - start) / 1000
  const share = (user + system) / 1e6 / elapsed
  console.log(
    `${connections} connections polled each second: ${done} replies in ${elapsed.toFixed(1)} s, ` +
      `${(share * 100).toFixed(1)} % of a core, ${((share * 1e6) / connections).toFixed(1)} µs CPU/request`,
  )
  for (const client of clients) client.close()
}

const FRAMER_FRAMES = 36_000

function framerLoad(): Promise<void> {
  const frame = Buffer.alloc(9 + REGISTERS * 2)
  frame.set([0, 1, 0, 0, 0, 3 + REGISTERS * 2, 1, 3, REGISTERS * 2])
  const stream = Buffer.concat(Array.from({ length: FRAMER_FRAMES }, () => frame))
  const framer = new Framer(mbapFormat)
  let frames = 0
  for (let at = 0; at < stream.length; at += 1460) {
    framer.push(stream.subarray(at, at + 1460))
    while (framer.next()) frames++
  }
  if (frames !== FRAMER_FRAMES) throw new Error(`${frames} frames`)
  return Promise.resolve()
}

function startServer(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(import.meta.url), [SERVER_FLAG])
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve({ child, port: Number(port) }))
    child.once('exit', () => reject(new Error('the server ended')))
  })
}

async function serve(): Promise<void> {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 125 }] })
  const server = createModbusServer({ unit: () => bank, clock: systemClock, maxConnections: 20_000 })
  process.send?.(await server.listen(0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await (process.argv.includes(SERVER_FLAG) ? serve() : run())
