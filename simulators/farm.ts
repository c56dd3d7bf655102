/**
 * A farm of Modbus TCP devices for the benchmark, in a process of its own.
 *
 *     node simulators/farm.ts --devices 1000 --tags 100 --layout addresses [--port 0] [--faulty 10]
 *
 * Layout `addresses`: device i listens on farmAddress(i):port (127.10.x.y, one port); layout `ports`: on 127.0.0.1:ports[i].
 * The first line on stdout is {"ready":true,"layout":…,"port":N,"ports":[…],"devices":…,"tags":…}. The line `stats` on stdin,
 * or SIGTERM, prints {"stats":true,"connections":…,"requests":…,"refused":…,"polls":[one count a device]}.
 *
 * THE RULE of the values, by which a receiver proves what it got: every device counts its polls; a request of function 3 that
 * starts at address 0 begins a new poll: pollCount += 1 (so the first poll is 1). Holding register k then reads
 * (pollCount + k) mod 65536, for any unit id, in every block of that poll. Every register changes at every poll.
 *
 * With --faulty 10 every tenth device misbehaves (faultOf): slow by a second and a half, silent, resetting, or sending garbage.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { AduSplitter, answer, MBAP_BYTES } from './modbus/mbap.ts'

export interface FarmOptions {
  readonly devices: number
  /** Holding registers a device has. */
  readonly tags: number
  readonly layout: 'ports' | 'addresses'
  readonly port: number
  /** Every so many-th device misbehaves; absent: none. */
  readonly faulty?: number
}

export type FarmFault = 'slow' | 'silent' | 'reset' | 'garbage'

const FAULTS: readonly FarmFault[] = ['slow', 'silent', 'reset', 'garbage']
const SLOW_MS = 1500

/** How device i misbehaves when every `faulty`-th does; undefined: not at all. */
export const faultOf = (device: number, faulty: number | undefined): FarmFault | undefined =>
  faulty === undefined || device % faulty !== 0 ? undefined : FAULTS[(device / faulty) % FAULTS.length]

export interface FarmStats {
  readonly connections: number
  readonly requests: number
  /** Requests that got an exception. */
  readonly refused: number
  readonly polls: readonly number[]
}

export interface Farm {
  readonly port: number
  readonly ports: readonly number[]
  stats(): FarmStats
  close(): Promise<void>
}

const PER_BLOCK = 250

/** The loopback address of device i in the layout `addresses`: 127.10.x.y with y in 1…250. */
export const farmAddress = (device: number): string =>
  `127.10.${Math.floor(device / PER_BLOCK)}.${(device % PER_BLOCK) + 1}`

/** What register k reads in poll `pollCount`. */
export const farmValue = (pollCount: number, register: number): number => (pollCount + register) & 0xffff

/** Starts the farm. One listener serves all addresses, because 10,000 listeners and their sockets exceed 20,000 open files. */
export async function startFarm(options: FarmOptions): Promise<Farm> {
  const load = createLoad(options)
  const servers: Server[] = []
  const byAddress = (socket: Socket) => {
    // The one listener is open on every interface: only loopback may come in.
    const device = deviceOf(socket.localAddress)
    if (!isLoopback(socket.remoteAddress) || device >= options.devices) socket.destroy()
    else load.serve(socket, device)
  }
  if (options.layout === 'addresses') servers.push(await listen(byAddress, options.port, '0.0.0.0'))
  else
    for (let i = 0; i < options.devices; i++) {
      const port = options.port === 0 ? 0 : options.port + i
      servers.push(await listen((socket) => load.serve(socket, i), port, '127.0.0.1'))
    }
  const ports = servers.map(portOf)
  const close = async () => {
    load.hangUp()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  return { port: ports[0]!, ports: options.layout === 'ports' ? ports : [], stats: load.stats, close }
}

interface Load {
  serve(socket: Socket, device: number): void
  stats(): FarmStats
  hangUp(): void
}

function createLoad({ devices, tags, faulty }: FarmOptions): Load {
  const polls = Array.from({ length: devices }, () => 0)
  const sockets = new Set<Socket>()
  // ramp[j] = j mod 65536, so that any answer is one copy out of it.
  const ramp = Buffer.alloc((65_536 + 125) * 2)
  for (let i = 0; i < 65_536 + 125; i++) ramp.writeUInt16BE(i & 0xffff, i * 2)
  let requests = 0
  let refused = 0

  const reply = (device: number, frame: Buffer): Buffer => {
    requests++
    const address = frame.length === 12 ? frame.readUInt16BE(8) : 0
    const count = frame.length === 12 ? frame.readUInt16BE(10) : 0
    const code = exceptionFor(frame, address, count, tags)
    if (code !== 0) {
      refused++
      return answer(frame, Uint8Array.of(frame[7]! | 0x80, code))
    }
    if (address === 0) polls[device]!++
    const bytes = Buffer.allocUnsafe(MBAP_BYTES + 2 + count * 2)
    frame.copy(bytes, 0, 0, 8)
    bytes.writeUInt16BE(3 + count * 2, 4)
    bytes[8] = count * 2
    const start = farmValue(polls[device]!, address) * 2
    ramp.copy(bytes, MBAP_BYTES + 2, start, start + count * 2)
    return bytes
  }

  const serve = (socket: Socket, device: number) => {
    const splitter = new AduSplitter()
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      const frames = splitter.push(chunk)
      if (frames === undefined) return socket.destroy()
      const fault = faultOf(device, faulty)
      if (fault !== undefined) return misbehave(fault, socket, () => frames.map((frame) => reply(device, frame)))
      if (frames.length === 1) return socket.write(reply(device, frames[0]!))
      if (frames.length > 1) socket.write(Buffer.concat(frames.map((frame) => reply(device, frame))))
    })
  }
  const stats = () => ({ connections: sockets.size, requests, refused, polls: [...polls] })
  const hangUp = () => sockets.forEach((socket) => socket.destroy())
  return { serve, stats, hangUp }
}

function misbehave(fault: FarmFault, socket: Socket, replies: () => Buffer[]): void {
  if (fault === 'slow') setTimeout(() => socket.write(Buffer.concat(replies())), SLOW_MS)
  else if (fault === 'reset') socket.resetAndDestroy()
  else if (fault === 'garbage') socket.write(Buffer.from('\x7f\x80garbage on the line\xff\xfe', 'latin1'))
}

// Modbus Application Protocol 6.3: function 3, 1 to 125 registers.
function exceptionFor(frame: Buffer, address: number, count: number, tags: number): number {
  if (frame[7] !== 3) return 1
  if (frame.length !== 12 || count < 1 || count > 125) return 3
  return address + count > tags ? 2 : 0
}

function deviceOf(address: string | undefined): number {
  const match = /127\.10\.(\d+)\.(\d+)$/.exec(address ?? '')
  return match === null ? Infinity : Number(match[1]) * PER_BLOCK + Number(match[2]) - 1
}

const isLoopback = (address: string | undefined): boolean => /^(::ffff:)?127\./.test(address ?? '')

function listen(onSocket: (socket: Socket) => void, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onSocket)
    server.once('error', reject)
    server.listen({ port, host, backlog: 4096 }, () => resolve(server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '1000' },
      tags: { type: 'string', default: '100' },
      layout: { type: 'string', default: 'addresses' },
      port: { type: 'string', default: '0' },
      faulty: { type: 'string' },
    },
  })
  const layout = values.layout === 'ports' ? 'ports' : 'addresses'
  const options = {
    devices: Number(values.devices),
    tags: Number(values.tags),
    layout,
    port: Number(values.port),
    ...(values.faulty === undefined ? {} : { faulty: Number(values.faulty) }),
  } as const
  const farm = await startFarm(options)
  const print = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`)
  print({ ready: true, layout, port: farm.port, ports: farm.ports, devices: options.devices, tags: options.tags })
  const stop = () => {
    print({ stats: true, ...farm.stats() })
    void farm.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.trim() === 'stats') print({ stats: true, ...farm.stats() })
  })
}

if (import.meta.main) await main()
