/**
 * A client of the HTTP API for benchmarks, in a process of its own: asks at a fixed rate whatever the answers do, each request from its due
 * time on, so that a server that stands still is seen (no coordinated omission). One request at a time on each of many connections from
 * several loopback addresses. Started with an IPC channel; told { port, paths, perSecond, addresses, seconds }, it sends { result }.
 */
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly port: number
  readonly paths: readonly string[]
  readonly perSecond: number
  /** Loopback addresses from which it asks. */
  readonly addresses: readonly string[]
  readonly seconds: number
}

export interface LoadResult {
  /** Milliseconds of the answers with 200. */
  readonly times: number[]
  /** Requests without an answer of 200, by status or error. */
  readonly others: Record<string, number>
  readonly bytes: number
}

const CONNECTIONS_PER_ADDRESS = 8
const HEAD_END = Buffer.from('\r\n\r\n')

class Line {
  readonly #load: Load
  readonly #localAddress: string
  readonly #onDone: (line: Line) => void
  #socket: Socket | undefined
  #dueAt = 0
  #left = -1
  #status = ''
  readonly #result: LoadResult & { bytes: number }

  constructor(load: Load, localAddress: string, result: LoadResult & { bytes: number }, onDone: (line: Line) => void) {
    this.#load = load
    this.#localAddress = localAddress
    this.#result = result
    this.#onDone = onDone
  }

  ask(path: string, dueAt: number): void {
    this.#dueAt = dueAt
    this.#left = -1
    const { port } = this.#load
    this.#socket ??= this.#open(port)
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(port: number): Socket {
    const socket = connect({ port, host: '127.0.0.1', localAddress: this.#localAddress, noDelay: true })
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? 'error'))
    socket.on('close', () => this.#end('closed'))
    return socket
  }

  #read(chunk: Buffer): void {
    this.#result.bytes += chunk.length
    if (this.#left < 0) {
      const at = chunk.indexOf(HEAD_END)
      const head = chunk.toString('latin1', 0, at)
      this.#status = head.slice(9, 12)
      this.#left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) + at + HEAD_END.length
    }
    this.#left -= chunk.length
    if (this.#left > 0) return
    this.#left = -1
    if (this.#status === '200') this.#result.times.push(performance.now() - this.#dueAt)
    else count(this.#result.others, this.#status)
    this.#free()
  }

  #end(why: string): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
    if (this.#dueAt === 0) return
    count(this.#result.others, why)
    this.#free()
  }

  #free(): void {
    this.#dueAt = 0
    this.#onDone(this)
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

/** Runs one load to its end. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const result = { times: [] as number[], others: {} as Record<string, number>, bytes: 0 }
  const free: Line[] = []
  const lines = load.addresses.flatMap((address) =>
    Array.from({ length: CONNECTIONS_PER_ADDRESS }, () => new Line(load, address, result, (line) => free.push(line))),
  )
  free.push(...lines)
  const total = load.perSecond * load.seconds
  const from = performance.now()
  let asked = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      const due = Math.min(total, Math.floor(((now - from) / 1000) * load.perSecond))
      while (asked < due && free.length > 0) {
        free.shift()!.ask(load.paths[asked % load.paths.length]!, from + (asked / load.perSecond) * 1000)
        asked++
      }
      const isOver = now - from > load.seconds * 1000 + 5000
      if (isOver) count(result.others, 'unanswered')
      if ((asked >= total && free.length === lines.length) || isOver) {
        clearInterval(timer)
        resolve()
      }
    }, 1)
  })
  for (const line of lines) line.close()
  return result
}

if (process.send !== undefined && import.meta.main) {
  process.on('message', (load: Load) => {
    void runLoad(load).then((result) => process.send!({ result }))
  })
}
