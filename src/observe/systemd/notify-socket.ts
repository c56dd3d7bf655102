/**
 * The way to the service manager: one datagram a message to the socket that NOTIFY_SOCKET names (sd_notify(3)). Node has no datagrams over
 * Unix sockets. Where it can call libc (`node:ffi`, Node 26) that makes the socket, once; what is written to it then is a datagram that comes
 * from this very process, so that `NotifyAccess=main` is enough. Elsewhere systemd's own program `systemd-notify` is started for each
 * message, which needs `NotifyAccess=all` (docs/decisions/0025-health.md).
 */
import { execFile } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'

export interface NotifySocket {
  /** How it is reached, for people. */
  readonly way: 'socket' | 'systemd-notify'
  /** Sends these lines as one message. Resolves with false when it did not arrive; never rejects, and never waits for whoever reads. */
  send(lines: readonly string[]): Promise<boolean>
  close(): void
}

/** sockaddr_un: the family, then at most 107 bytes of path and its end. */
const MOST_PATH_BYTES = 107
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const HELPER_LIMIT_MS = 5000

/** Undefined where no service manager asks for messages, or not in a way that we know. `direct: false`: not by a socket of our own. */
export function openNotifySocket(env: NodeJS.ProcessEnv, direct = true): NotifySocket | undefined {
  const path = env.NOTIFY_SOCKET ?? ''
  // A path or an abstract name; `vsock:` is for machines.
  if (!/^[/@]/.test(path) || Buffer.byteLength(path) > MOST_PATH_BYTES) return undefined
  return (direct ? bySocket(path) : undefined) ?? byHelper(path)
}

function bySocket(path: string): NotifySocket | undefined {
  const fd = connectDatagram(path)
  if (fd === undefined) return undefined
  return {
    way: 'socket',
    // The socket does not block: a queue that is full refuses at once.
    async send(lines) {
      try {
        writeSync(fd, lines.join('\n'))
        return true
      } catch {
        return false
      }
    },
    close: () => closeSync(fd),
  }
}

type Ffi = {
  dlopen(name: string | null, functions: object): { functions: Record<string, (...given: unknown[]) => number> }
  getRawPointer(bytes: Buffer): bigint
}

/** A connected socket of libc; undefined where there is no way to make one. */
function connectDatagram(path: string): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const ffi = withoutWarning(() => process.getBuiltinModule('node:ffi' as 'node:fs') as unknown as Ffi | undefined)
    if (ffi === undefined) return undefined
    const { functions } = ffi.dlopen(null, {
      socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
      connect: { arguments: ['i32', 'pointer', 'u32'], return: 'i32' },
    })
    const fd = functions.socket!(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    if (fd < 0) return undefined
    const { bytes, length } = addressOf(path)
    if (functions.connect!(fd, ffi.getRawPointer(bytes), length) === 0) return fd
    closeSync(fd)
    return undefined
  } catch {
    // Experimental: where it is not there, or not as it was, systemd's own program does.
    return undefined
  }
}

/** struct sockaddr_un. */
function addressOf(path: string): { bytes: Buffer; length: number } {
  const bytes = Buffer.alloc(2 + MOST_PATH_BYTES + 1)
  new Uint16Array(bytes.buffer, bytes.byteOffset, 1)[0] = AF_UNIX
  const written = bytes.write(path, 2)
  // An abstract name begins with a zero and has no end of its own.
  if (path.startsWith('@')) bytes[2] = 0
  return { bytes, length: 2 + written + (path.startsWith('@') ? 0 : 1) }
}

/** Node says once that the module is experimental; here there is another way, should it change. */
function withoutWarning<T>(work: () => T): T {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}

function byHelper(path: string): NotifySocket {
  return {
    way: 'systemd-notify',
    send: (lines) =>
      new Promise((resolve) => {
        const env = { NOTIFY_SOCKET: path, PATH: '/usr/bin:/bin' }
        execFile('systemd-notify', [...lines], { env, timeout: HELPER_LIMIT_MS }, (error) => resolve(error === null))
      }),
    close: () => undefined,
  }
}
