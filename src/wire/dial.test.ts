import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { NotConnectedError } from '../core/errors.ts'
import { freePort } from '../testing/peers.ts'
import { dial } from './dial.ts'

async function refusal(promise: Promise<unknown>): Promise<NotConnectedError> {
  const error = await promise.then(
    () => assert.fail('connected'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof NotConnectedError, String(error))
  return error
}

test('connects, and leaves no listener of its own on the socket', async (t) => {
  const server = createServer((socket) => socket.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const socket = await dial({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, connectTimeoutMs: 1000 })
  t.after(() => socket.destroy())
  assert.deepEqual(
    [socket.listenerCount('timeout'), socket.listenerCount('error'), (socket as Socket).timeout],
    [0, 0, 0],
  )
  const [chunk] = await socket.take(1).toArray()
  assert.equal(String(chunk), 'hello')
})

test('a port where nothing listens: refused, in a sentence that names it', async () => {
  const port = await freePort()
  const error = await refusal(dial({ host: '127.0.0.1', port, connectTimeoutMs: 1000 }))
  assert.equal(error.message, `127.0.0.1:${port} refused the connection; nothing listens on this port`)
  assert.deepEqual(error.details, { endpoint: `127.0.0.1:${port}`, reason: 'ECONNREFUSED' })
})

test('a name that does not exist says so', async () => {
  // RFC 6761, 6.4: names under .invalid never resolve.
  const error = await refusal(dial({ host: 'press-1.invalid', port: 502, connectTimeoutMs: 5000 }))
  assert.match(error.message, /^press-1\.invalid:502 (has a name that|did not answer)/)
})

test('a far side that never answers: given up after the time given', async () => {
  // RFC 5737: 192.0.2.0/24 is for documentation; a network may swallow it, or say at once that there is no way to it.
  const start = performance.now()
  const error = await refusal(dial({ host: '192.0.2.1', port: 502, connectTimeoutMs: 150 }))
  assert.ok(performance.now() - start < 5000)
  assert.match(error.message, /^192\.0\.2\.1:502 (did not answer within 150 ms|cannot be reached|refused|may not)/)
})

test('an aborted signal wins, before and during', async () => {
  const reason = new Error('stopped')
  await assert.rejects(dial({ host: '127.0.0.1', port: 1, connectTimeoutMs: 1000 }, AbortSignal.abort(reason)), reason)
  const controller = new AbortController()
  const dialing = dial({ host: '192.0.2.1', port: 502, connectTimeoutMs: 5000 }, controller.signal)
  controller.abort(reason)
  await assert.rejects(dialing, reason)
})
