/**
 * What listens where no OPC UA connection came about and nobody said why: asked once by a HEL (OPC 10000-6, 7.1.2) on a bare socket, so
 * that a web server, a serial gateway or a dead program is called what it is.
 */
import { connect } from 'node:net'
import { placeOf } from '../place.ts'

const LIMIT_MS = 1000
const SHOWN_BYTES = 24

const CLOSES = 'closes the connection without a word: it is no OPC UA server, or has no connection left'

/** A sentence behind "what listens at X"; undefined: it speaks OPC UA, or cannot be asked. */
export function askStranger(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
  const { host, port } = placeOf(endpoint)
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) })
    let connected = false
    let bytes = Buffer.alloc(0)
    const end = (what: string | undefined) => {
      socket.destroy()
      resolve(what)
    }
    socket.on('connect', () => {
      connected = true
      socket.write(hello(endpoint))
    })
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length < 4) return
      const speaks = /^(ACK|ERR)F/.test(bytes.toString('latin1', 0, 4))
      end(speaks ? undefined : `does not speak OPC UA: it answers ${show(bytes)}`)
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      // Closed with what we said still unread: the same, by another sign.
      if (bytes.length === 0 && (code === 'ECONNRESET' || code === 'EPIPE')) return end(CLOSES)
      if (signal.aborted || !connected) return end(undefined)
      end(bytes.length === 0 && socket.bytesRead === 0 ? undefined : 'does not speak OPC UA')
    })
    socket.on('close', () => end(connected ? CLOSES : undefined))
  })
}

const PRINTABLE = /^[\x20-\x7e\r\n\t]+$/

function show(bytes: Buffer): string {
  const first = bytes.subarray(0, SHOWN_BYTES)
  const text = first.toString('latin1')
  if (PRINTABLE.test(text)) return `"${text.split(/[\r\n]/)[0]}"`
  return `the bytes ${first
    .subarray(0, 8)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ')}`
}

function hello(endpoint: string): Buffer {
  const url = Buffer.from(endpoint)
  const message = Buffer.alloc(32 + url.length)
  message.write('HELF', 'latin1')
  // Size; version 0; buffers of 64 KiB; no limits; the URL.
  for (const [at, value] of [message.length, 0, 65_536, 65_536, 0, 0, url.length].entries())
    message.writeUInt32LE(value, 4 + 4 * at)
  url.copy(message, 32)
  return message
}
