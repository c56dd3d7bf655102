/**
 * A serial port as a stream, held exclusively: a second program that would mix its frames with ours is refused by the system.
 * Nothing is buffered: what the port gives is passed on as it comes. `serialport` is loaded when the first port is opened.
 */
import { read } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Duplex } from 'node:stream'
import type { SerialEndpoint } from '../core/driver.ts'
import { messageOf, NotConnectedError } from '../core/errors.ts'

const READ_BYTES = 4096
/** A port that this process has just closed is locked for another moment. */
const BUSY_PAUSES_MS = [0, 50, 150]
const POLLER_EVENTS = ['readable', 'writable', 'disconnect'] as const

const readFd = promisify(read)

/** What is used of a port of `serialport`'s binding. */
interface OpenPort {
  readonly isOpen: boolean
  readonly fd: number | null
  read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }>
  write(buffer: Buffer): Promise<void>
  close(): Promise<void>
  /** Absent on Windows. */
  readonly poller?: {
    on(event: string, listener: () => void): unknown
    once(event: 'readable', listener: (error: Error | null) => void): unknown
  }
}

/** Rejects with NotConnectedError: no such port, no permission, in use, wrong settings; or with the signal's reason. */
export async function dialSerial(endpoint: SerialEndpoint, signal?: AbortSignal): Promise<Duplex> {
  signal?.throwIfAborted()
  const port = await open(endpoint, signal)
  if (signal?.aborted === true) {
    await port.close()
    throw signal.reason
  }
  wakeOnEvents(port)
  return new SerialStream(port, endpoint.path)
}

async function open(endpoint: SerialEndpoint, signal?: AbortSignal): Promise<OpenPort> {
  const { SerialPort } = await import('serialport')
  const { path, baud: baudRate, dataBits, parity, stopBits } = endpoint
  let failure: NotConnectedError | undefined
  for (const pauseMs of BUSY_PAUSES_MS) {
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal })
    try {
      const settings = { path, baudRate, dataBits, parity, stopBits, lock: true, hupcl: false }
      return await SerialPort.binding.open(settings)
    } catch (error) {
      failure = openError(endpoint, error)
      if (failure.details.reason !== 'EBUSY') throw failure
    }
  }
  throw failure!
}

/**
 * From Node 26.3 on the events of serialport's native poller wait until something else wakes the loop: reads come late or give
 * what the next request was to get. An immediate asked for by each event wakes it. `serial.test.ts` holds this.
 */
function wakeOnEvents(port: OpenPort): void {
  for (const event of POLLER_EVENTS) port.poller?.on(event, () => void setImmediate(() => undefined))
}

/** The system's words, as the binding passes them on, and ours. */
const OPEN_ERRORS: readonly (readonly [pattern: RegExp, reason: string, sentence: string])[] = [
  [/No such file|ENOENT|cannot find/i, 'ENOENT', 'does not exist; is the converter plugged in?'],
  [
    /Permission denied|EACCES|Access denied/i,
    'EACCES',
    'may not be opened by this user; add it to the group of the port (on Debian: usermod -aG dialout USER, then log in again)',
  ],
  [/lock port|busy|temporarily unavailable|EBUSY/i, 'EBUSY', 'is in use by another program'],
  [/Inappropriate ioctl|Not a typewriter|ENOTTY|Is a directory/i, 'ENOTTY', 'is no serial port'],
  [/baud|Invalid argument|EINVAL|parity|stop ?bits|data ?bits/i, 'EINVAL', 'does not take these settings'],
  [/Input\/output error|EIO|No such device|ENXIO|ENODEV/i, 'EIO', 'does not answer; is the device behind it gone?'],
]

function openError(endpoint: SerialEndpoint, cause: unknown): NotConnectedError {
  const { path, baud, dataBits, parity, stopBits } = endpoint
  const message = messageOf(cause)
  const known = OPEN_ERRORS.find(([pattern]) => pattern.test(message))
  const settings = `${baud} baud, ${dataBits} data bits, parity ${parity}, ${stopBits} stop bits`
  const tail = known?.[1] === 'EINVAL' ? ` (${settings}): ${message}` : ''
  const sentence = known === undefined ? `cannot be opened: ${message}` : known[2] + tail
  return new NotConnectedError(`${path} ${sentence}`, {
    details: { endpoint: path, reason: known?.[1] ?? 'UNKNOWN' },
    cause,
  })
}

/**
 * Waits for bytes; 0 means that the port was taken away. The binding's own `read` asks again for ever then: a converter that is
 * pulled out would cost a whole core and memory without end.
 */
async function readPort(port: OpenPort, buffer: Buffer): Promise<number> {
  const { poller } = port
  if (poller === undefined) return (await port.read(buffer, 0, buffer.length)).bytesRead
  while (port.isOpen && port.fd !== null) {
    try {
      return (await readFd(port.fd, buffer, 0, buffer.length, null)).bytesRead
    } catch (error) {
      if (!isNothingYet(error)) throw error
    }
    await new Promise<void>((resolve, reject) =>
      poller.once('readable', (error) => (error === null ? resolve() : reject(error))),
    )
  }
  return 0
}

const isNothingYet = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EAGAIN', 'EWOULDBLOCK', 'EINTR'].includes(String(error.code))

class SerialStream extends Duplex {
  readonly #port: OpenPort
  readonly #path: string
  bytesRead = 0
  bytesWritten = 0

  constructor(port: OpenPort, path: string) {
    super()
    this.#port = port
    this.#path = path
  }

  override _read(): void {
    // A buffer of its own for each read: who gets the chunk may keep it.
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    readPort(this.#port, buffer).then(
      (count) => {
        if (count === 0) this.#gone(new Error('end of file'))
        else {
          this.bytesRead += count
          this.push(buffer.subarray(0, count))
        }
      },
      (error: unknown) => this.#gone(error),
    )
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length
    this.#port.write(chunk).then(
      () => done(),
      (error: unknown) => {
        this.#gone(error)
        done()
      },
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    void this.#close(error, done)
  }

  async #close(error: Error | null, done: (error: Error | null) => void): Promise<void> {
    try {
      if (this.#port.isOpen) await this.#port.close()
    } catch {
      // It is gone already: there is nothing left to close.
    }
    done(error)
  }

  /** The converter was pulled out, or the other end of a pseudo terminal is closed. */
  #gone(cause: unknown): void {
    if (this.destroyed) return
    const message = `${this.#path} is gone (${messageOf(cause)}); was the converter unplugged?`
    this.destroy(new NotConnectedError(message, { details: { endpoint: this.#path, reason: 'EIO' }, cause }))
  }
}
