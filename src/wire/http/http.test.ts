/** The HTTP client over real sockets: limits, reuse, garbage, certificates in words; and what each status means. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { BusyError, GatewayError } from '../../core/errors.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { startRawServer, startReceiver } from '../../testing/http-receiver.ts'
import { freePort, needs, temporaryFolder } from '../../testing/peers.ts'
import { Backoff } from '../backoff.ts'
import { dial } from '../dial.ts'
import { HttpClient, type HttpClientOptions } from './http-client.ts'
import { retryAfterMs } from './retry-after.ts'
import { saidOf, verdictOf } from './verdict.ts'

function clientOf(t: TestContext, url: string, more: Partial<HttpClientOptions> = {}): HttpClient {
  const limits = { connectTimeoutMs: 2000, responseTimeoutMs: 2000 }
  const client = new HttpClient({ url, tls: {}, ...limits, dial, clock: systemClock, ...more })
  t.after(() => client.close())
  return client
}

const message = { method: 'POST', path: '/in?a=b', headers: { 'X-One': '1' }, body: Buffer.from('hello') }
const never = new AbortController().signal
const post = (client: HttpClient, signal = never) => client.send(message, signal)

/** Rejects with this code and this sentence. */
async function rejects(what: Promise<unknown>, code: string, sentence: RegExp): Promise<void> {
  await assert.rejects(what, (error: unknown) => {
    assert.ok(error instanceof GatewayError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, sentence)
    return true
  })
}

test('a request arrives as it is, the answer comes back whole, the connection is kept', async (t) => {
  const server = await startReceiver(t, () => ({ status: 418, headers: { 'X-Two': '2' }, body: 'ä'.repeat(50_000) }))
  const client = clientOf(t, server.url)
  for (let count = 0; count < 3; count++) {
    const answer = await post(client)
    assert.deepEqual([answer.status, answer.headers['x-two'], answer.text.length], [418, '2', 50_000])
  }
  const [first] = server.requests
  assert.deepEqual(
    [first!.method, first!.path, first!.text, first!.headers['x-one']],
    ['POST', '/in?a=b', 'hello', '1'],
  )
  assert.equal(first!.headers.host, `127.0.0.1:${server.port}`)
  assert.equal(server.connections, 1)
})

test('a connection made in advance is the one that is used, unless it has ended since', async (t) => {
  const server = await startReceiver(t, () => ({ status: 204 }))
  const client = clientOf(t, server.url)
  await client.connect(never)
  await post(client)
  assert.equal(server.connections, 1)
  const other = clientOf(t, server.url)
  await other.connect(never)
  await server.stop()
  await server.start()
  assert.equal((await post(other)).status, 204)
})

test('a kept connection that the server closed meanwhile costs nothing', async (t) => {
  const server = await startReceiver(t, () => ({ status: 204 }))
  const client = clientOf(t, server.url)
  await post(client)
  const again = post(client) // assigned to the kept connection before its end is noticed
  await server.stop()
  await server.start()
  const settled = await again.then(
    ({ status }) => status,
    (error: GatewayError) => error.code,
  )
  // The server may have read the request before it went: then it is for the runner to send it again.
  assert.ok(settled === 204 || settled === 'NOT_CONNECTED', String(settled))
  assert.equal((await post(client)).status, 204)
})

test('nobody listens, no such name, silence, garbage, an end in the middle: each has its words', async (t) => {
  await rejects(post(clientOf(t, `http://127.0.0.1:${await freePort()}`)), 'NOT_CONNECTED', /refused the connection/)
  await rejects(post(clientOf(t, 'http://no-such-host.invalid')), 'NOT_CONNECTED', /no-such-host\.invalid.*name/)
  const silent = await startRawServer(t, () => undefined)
  const limits = { responseTimeoutMs: 100 }
  await rejects(post(clientOf(t, silent, limits)), 'TIMEOUT', /did not answer within 100 ms/)
  const garbage = await startRawServer(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  await rejects(post(clientOf(t, garbage)), 'PROTOCOL_VIOLATION', /does not answer as a web server.*right port/)
  const cut = await startRawServer(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')),
  )
  await rejects(post(clientOf(t, cut)), 'NOT_CONNECTED', /closed the connection before it had answered/)
  const mute = await startRawServer(t, (socket) => socket.once('data', () => socket.destroy()))
  await rejects(post(clientOf(t, mute)), 'NOT_CONNECTED', /closed the connection before it had answered/)
  const slow = await startRawServer(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
  await rejects(post(clientOf(t, slow, limits)), 'TIMEOUT', /within 100 ms/)
})

test('an answer has a limit of size', async (t) => {
  const server = await startReceiver(t, () => ({ status: 200, body: 'x'.repeat(20_000) }))
  await rejects(
    post(clientOf(t, server.url, { maxAnswerBytes: 10_000 })),
    'PROTOCOL_VIOLATION',
    /more than 10000 bytes/,
  )
})

test('an aborted wait ends at once with the reason of the signal', async (t) => {
  const server = await startReceiver(t, () => 'hang')
  const client = clientOf(t, server.url)
  const abort = new AbortController()
  const waiting = post(client, abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 30)
  const began = performance.now()
  await assert.rejects(waiting, /enough/)
  assert.ok(performance.now() - began < 1000)
  await assert.rejects(post(client, AbortSignal.abort(new Error('never'))), /never/)
})

test('certificates: what is wrong is said in words', { skip: needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const ca = authority.cert
  const start = (name: string, host: string, days?: number) =>
    startReceiver(t, () => ({ status: 204 }), { tls: createCertificate(folder, name, authority, host, days) })
  const good = await start('good', 'localhost')
  assert.equal((await post(clientOf(t, good.url, { tls: { ca } }))).status, 204)
  assert.equal((await post(clientOf(t, good.url, { tls: { insecure: true } }))).status, 204)
  const refusal = async (url: string, tls: object, sentence: RegExp) => {
    await rejects(post(clientOf(t, url, { tls })), 'SINK_REFUSED', sentence)
    await rejects(clientOf(t, url, { tls }).connect(never), 'SINK_REFUSED', sentence)
  }
  await refusal(good.url, {}, /no secure connection to https:\/\/localhost.*authority is unknown/)
  await refusal(good.url, { ca: other.cert }, /authority is unknown/)
  await refusal((await start('old', 'localhost', -1)).url, { ca }, /has expired/)
  await refusal((await start('elsewhere', 'plant.example')).url, { ca }, /host name mismatch/)
  const mutual = await startReceiver(t, () => ({ status: 204 }), {
    tls: { ...createCertificate(folder, 'mutual', authority, 'localhost'), clientCa: authority.cert },
  })
  // With TLS 1.3 the server's refusal comes after the handshake.
  await rejects(post(clientOf(t, mutual.url, { tls: { ca } })), 'SINK_REFUSED', /client certificate/)
  const pair = createCertificate(folder, 'client', authority, 'client')
  assert.equal((await post(clientOf(t, mutual.url, { tls: { ca, ...pair } }))).status, 204)
  const plain = await startReceiver(t, () => ({ status: 204 }))
  const wrong = clientOf(t, `https://localhost:${plain.port}`, { tls: { ca } })
  await assert.rejects(post(wrong), /does not speak TLS|during the TLS handshake/)
})

const NOW = Date.UTC(2026, 10, 28, 12, 0, 0)
for (const [header, ms] of [
  ['120', 120_000],
  ['0', 0],
  [' 3 ', 3000],
  ['Sat, 28 Nov 2026 12:00:30 GMT', 30_000],
  ['Saturday, 28-Nov-26 12:00:30 GMT', 30_000],
  ['Sat Nov 28 12:00:30 2026', 30_000],
  ['Sat, 28 Nov 2026 11:00:00 GMT', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['1.5', undefined],
  ['2026-11-28', undefined],
  ['Sat, 99 Nov 2026 99:00:00 GMT', undefined],
  ['', undefined],
  [undefined, undefined],
] as const) {
  test(`Retry-After: ${header}`, () => assert.equal(retryAfterMs(header, NOW), ms))
}

const patience = () => new Backoff({ firstMs: 500, maxMs: 4000, random: () => 1 })
const judge = (status: number, headers = {}, text = '', context = patience()) =>
  verdictOf(
    { status, headers, text, bytes: Buffer.from(text) },
    { where: 'http://h/in', who: 'this token', now: NOW, patience: context },
  )

test('what a status means for the rows', () => {
  for (const status of [200, 201, 202, 204, 207]) assert.equal(judge(status), 'taken')
  assert.deepEqual([judge(413), judge(400), judge(422)], ['too-large', 'unacceptable', 'unacceptable'])
})

for (const [status, code, sentence] of [
  [301, 'SINK_REFUSED', /redirects us to http:\/\/other\/ \(301\); redirects are not followed/],
  [401, 'SINK_REFUSED', /does not accept this token: bad key \(401\)/],
  [403, 'SINK_REFUSED', /does not permit this to this token: bad key/],
  [404, 'SINK_REFUSED', /answered 404: bad key; is the path of the url right/],
  [405, 'SINK_REFUSED', /answered 405/],
  [415, 'SINK_REFUSED', /answered 415/],
  [408, 'BUSY', /answered 408/],
  [425, 'BUSY', /answered 425/],
  [429, 'BUSY', /answered 429/],
  [502, 'BUSY', /answered 502/],
  [503, 'BUSY', /answered 503/],
  [504, 'BUSY', /answered 504/],
  [500, 'NOT_CONNECTED', /answered 500: bad key/],
  [507, 'NOT_CONNECTED', /answered 507/],
  [103, 'PROTOCOL_VIOLATION', /answered 103/],
] as const) {
  test(`${status} is ${code}`, async () => {
    const answer = async () => judge(status, { location: 'http://other/' }, '{"message":"bad key"}')
    await rejects(answer(), code, sentence)
  })
}

test('patience: as long as the far side says; else growing, until it takes something', () => {
  const context = patience()
  const wait = (headers = {}) => {
    try {
      return void judge(503, headers, '', context)
    } catch (error) {
      return (error as BusyError).retryAfterMs
    }
  }
  assert.deepEqual([wait(), wait(), wait(), wait(), wait()], [500, 1000, 2000, 4000, 4000])
  assert.deepEqual([wait({ 'retry-after': '7' }), wait({ 'retry-after': '0' })], [7000, 100])
  judge(204, {}, '', context)
  assert.equal(wait(), 500)
})

test('what the far side said, on one line and not too long', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"error":"no\\nsuch db"}', 'no such db'],
    ['{"code":"invalid","message":"m"}', 'm'],
    ['{"title":"t","detail":"d","status":400}', 'd'],
    ['plain\r\n words', 'plain words'],
    ['<html><h1>no</h1>', ''],
    ['{"a":1}', '{"a":1}'],
    ['\u001b[31mred', '\\u001b[31mred'],
    ['', ''],
  ]
  for (const [text, said] of cases) assert.equal(saidOf({ text }), said)
  assert.equal(saidOf({ text: 'x'.repeat(1000) }).length, 301)
})
