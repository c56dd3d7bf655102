/**
 * Attackers of the HTTP server, in a process of their own: each keeps its sockets busy until it is told to stop, and comes again when it
 * is cut off. Told { attack, port, sockets }; sends { counts } when it is told { stop: true }.
 */
import { connect, type Socket } from 'node:net'

export type Attack = 'slowloris' | 'bodies' | 'headers' | 'nested'

export interface Order {
  readonly attack: Attack
  readonly port: number
  readonly sockets: number
}

export interface Counts {
  opened: number
  /** Connections that the server ended. */
  cut: number
  mebibytes: number
  open: number
}

/** Sockets of one address: fewer than one address may have. */
const PER_ADDRESS = 200
const AGAIN_MS = 500
const CHUNK = Buffer.alloc(256 * 1024, 'x')
const NESTED = '['.repeat(1024 * 1024 - 1)

export function startAttack({ attack, port, sockets }: Order): { counts: Counts; stop(): void } {
  const counts: Counts = { opened: 0, cut: 0, mebibytes: 0, open: 0 }
  const open = new Set<Socket>()
  let isOver = false

  const begin = (at: number): void => {
    if (isOver) return
    const localAddress = `127.66.${Math.floor(at / PER_ADDRESS)}.1`
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('connect', () => {
      counts.opened++
      ATTACKS[attack](socket, `Host: 127.0.0.1:${port}\r\n`)
    })
    // It does not read what it is told.
    if (attack === 'nested') socket.resume()
    socket.on('close', () => {
      open.delete(socket)
      counts.cut++
      counts.mebibytes += socket.bytesWritten / 2 ** 20
      setTimeout(begin, AGAIN_MS, at)
    })
    socket.on('end', () => socket.destroy())
    socket.resume()
  }
  for (let at = 0; at < sockets; at++) begin(at)
  return {
    counts,
    stop() {
      isOver = true
      counts.open = open.size
      for (const socket of open) socket.destroy()
    },
  }
}

const PUT = 'PUT /api/v1/values/d0/r0 HTTP/1.1\r\nContent-Type: application/json\r\n'

const ATTACKS: Record<Attack, (socket: Socket, host: string) => void> = {
  // One header, a byte at a time.
  slowloris(socket, host) {
    socket.write(`GET /api/v1/values HTTP/1.1\r\n${host}X-Slow: `)
    const timer = setInterval(() => socket.write('a'), 1000)
    socket.on('close', () => clearInterval(timer))
  },
  // 1 GB, half of them with its length and half without.
  bodies(socket, host) {
    const isChunked = Math.random() < 0.5
    socket.write(`${PUT}${host}${isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${2 ** 30}`}\r\n\r\n`)
    const pump = (): void => {
      while (socket.writable) {
        if (isChunked) socket.write(`${CHUNK.length.toString(16)}\r\n`)
        const goesOn = socket.write(CHUNK)
        if (isChunked) socket.write('\r\n')
        if (!goesOn || socket.bytesWritten > 2 ** 30) break
      }
    }
    socket.on('drain', pump)
    pump()
  },
  headers(socket, host) {
    socket.write(`GET /api/v1/values HTTP/1.1\r\n${host}`)
    let sent = 0
    const pump = (): void => {
      while (sent < 100_000 && socket.writable) {
        let text = ''
        for (let at = 0; at < 500; at++) text += `X-Header-${sent++}: 1\r\n`
        if (!socket.write(text)) return
      }
    }
    socket.on('drain', pump)
    pump()
  },
  nested(socket, host) {
    socket.write(`${PUT}${host}Content-Length: ${NESTED.length}\r\n\r\n${NESTED}`)
    socket.on('data', () => socket.destroy())
  },
}

if (process.send !== undefined && import.meta.main) {
  let running: ReturnType<typeof startAttack> | undefined
  process.on('message', (message: Order | { stop: true }) => {
    if ('stop' in message) {
      running?.stop()
      process.send!({ counts: running?.counts })
    } else running = startAttack(message)
  })
}
