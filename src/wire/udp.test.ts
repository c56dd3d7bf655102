/** UDP as a stream of datagrams, on loopback. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { test, type TestContext } from 'node:test'
import { NotConnectedError } from '../core/errors.ts'
import { dial } from './dial.ts'

async function startPeer(t: TestContext): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  t.after(() => socket.close())
  return { socket, port: socket.address().port }
}

const connect = (port: number, host = '127.0.0.1') => dial({ transport: 'udp', host, port, connectTimeoutMs: 1000 })

test('each write is one datagram, each datagram one chunk, never joined and never cut', async (t) => {
  const { socket, port } = await startPeer(t)
  socket.on('message', (bytes, { port: back }) => socket.send(bytes, back, '127.0.0.1'))
  const stream = await connect(port, 'localhost').catch(() => connect(port))
  t.after(() => stream.destroy())
  const sizes = [1, 12, 260, 1400, 3]
  const received = stream.take(sizes.length).toArray() as Promise<Buffer[]>
  for (const size of sizes) stream.write(Buffer.alloc(size, size))
  assert.deepEqual(
    (await received).map((chunk) => chunk.length),
    sizes,
  )
})

test('only the far side is heard', async (t) => {
  const { socket, port } = await startPeer(t)
  const stranger = await startPeer(t)
  const stream = await connect(port)
  t.after(() => stream.destroy())
  const first = new Promise<string>((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.toString())))
  socket.once('message', (_, { port: back }) => {
    stranger.socket.send('stranger', back, '127.0.0.1', () => socket.send('device', back, '127.0.0.1'))
  })
  stream.write(Buffer.from('ask'))
  assert.equal(await first, 'device')
})

test('a port where nothing listens: the stream breaks with a sentence that names it', async (t) => {
  const { socket, port } = await startPeer(t)
  await new Promise<void>((resolve) => socket.close(resolve))
  t.mock.method(socket, 'close', () => socket)
  const stream = await connect(port)
  const broken = new Promise<Error>((resolve) => stream.once('error', resolve))
  stream.write(Buffer.from('ask'))
  const error = await broken
  assert.ok(error instanceof NotConnectedError)
  assert.equal(error.message, `127.0.0.1:${port} refused the connection; nothing listens on this port`)
  assert.equal(stream.destroyed, true)
})

test('an address that cannot be used is told when the stream is opened, not by throwing at the first write', async () => {
  const error = await connect(502, '255.255.255.255').then(
    (stream) => {
      stream.destroy()
      assert.fail('opened')
    },
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof NotConnectedError, String(error))
  assert.match(error.message, /^255\.255\.255\.255:502 (may not be connected to|cannot be)/)
})

test('a name that does not exist says so; an aborted signal wins', async () => {
  // RFC 6761, 6.4: names under .invalid never resolve.
  await assert.rejects(connect(502, 'press-1.invalid'), /^NotConnectedError: press-1\.invalid:502 (has a name|did not)/)
  const reason = new Error('stopped')
  const endpoint = { transport: 'udp', host: '127.0.0.1', port: 1, connectTimeoutMs: 1000 } as const
  await assert.rejects(dial(endpoint, AbortSignal.abort(reason)), reason)
})
