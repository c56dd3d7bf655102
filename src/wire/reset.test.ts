/**
 * A connection that is reset ends, whatever it was doing: also while it is being shut down, when libuv refuses to reset it
 * (uv_tcp_close_reset: EINVAL) and a socket that was left so would keep its descriptor, and the process, for ever.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect as connectSecure, createServer as createSecureServer } from 'node:tls'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { eventually, needs, temporaryFolder } from '../testing/peers.ts'
import { carriedBy, reset } from './reset.ts'

/** Both ends of a connection over loopback. */
async function pair(t: TestContext): Promise<{ near: Socket; far: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  if (near.connecting) await once(near, 'connect')
  t.after(() => [near, far].forEach((socket) => socket.destroy()))
  return { near, far }
}

const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

interface Case {
  readonly what: string
  /** The far side hears of a reset; where one end was said before, that is enough. */
  readonly heard: boolean
  before(near: Socket, far: Socket): Promise<unknown> | void
}

const CASES: readonly Case[] = [
  { what: 'idle', heard: true, before: () => undefined },
  { what: 'with bytes on their way', heard: true, before: (near) => void near.write(Buffer.alloc(1000)) },
  {
    what: 'in the turn in which it was ended',
    heard: false,
    before(near) {
      near.write('x')
      near.end()
    },
  },
  {
    what: 'in the turn in which the far side has ended it',
    heard: false,
    before(near, far) {
      near.resume()
      far.end()
      return once(near, 'end')
    },
  },
  {
    what: 'ended with more to say than the far side takes',
    heard: true,
    before(near, far) {
      far.pause()
      near.write(Buffer.alloc(50_000_000))
      near.end()
    },
  },
]

for (const { what, heard, before } of CASES) {
  test(`a connection is reset: ${what}`, async (t) => {
    const { near, far } = await pair(t)
    const open = openSockets()
    const errors: unknown[] = []
    far.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
    const ended = new Promise((resolve) => far.once('close', resolve))
    await before(near, far)
    reset(near)
    await eventually('its descriptor is closed', () => openSockets() < open)
    far.resume()
    await ended
    await eventually('both are', () => openSockets() <= open - 2)
    if (heard) assert.deepEqual(errors, ['ECONNRESET'])
  })
}

for (const how of ['standing', 'in the turn in which it was ended']) {
  test(`an encrypted connection is reset: ${how}`, { skip: needs('openssl') }, async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'authority')
    const { cert, key } = createCertificate(folder, 'server', authority, 'localhost')
    const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }, (far) => {
      far.on('error', () => undefined).resume()
    })
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const stream = connectSecure({ socket, ca: readFileSync(authority.cert), servername: 'localhost' })
    carriedBy(stream, socket)
    await once(stream, 'secureConnect')
    stream.write('x')
    if (how !== 'standing') stream.end()
    reset(stream)
    await eventually('no descriptor is left', () => openSockets() === 0)
  })
}
