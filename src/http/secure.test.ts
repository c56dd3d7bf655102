/** HTTPS as clients see it: versions, renewal of certificates under a running server, certificates of clients, and plain HTTP. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import type { HttpTls } from '../config/config.ts'
import { GatewayError } from '../core/errors.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually, needs, temporaryFolder } from '../testing/peers.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import type { Limits } from './limits.ts'
import { startHttp } from './server.ts'

const skip = needs('openssl')

async function start(t: TestContext, more: Partial<HttpTls> = {}, limits: Partial<Limits> = {}) {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant-ca')
  const pair = createCertificate(folder, 'gateway', authority, '127.0.0.1')
  const files = { certFile: `${folder}/live.crt`, keyFile: `${folder}/live.key` }
  const put = ({ cert, key }: typeof pair) => {
    copyFileSync(key, files.keyFile)
    copyFileSync(cert, files.certFile)
  }
  put(pair)
  const log = createRecordingLog()
  const gateway = await startTestGateway(t, { devices: [], log })
  const tls: HttpTls = { ...files, clientCaFile: undefined, clientCertificates: 'off', minVersion: '1.2', ...more }
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open', tls, limits })
  t.after(() => http.close())
  const ca = readFileSync(authority.cert)
  return { folder, authority, put, http, ca, log, gateway }
}

/** The certificate and version that a new connection gets, or the code of its error. */
const shake = (port: number, options: ConnectionOptions) =>
  new Promise<{ peer: PeerCertificate; protocol: string | null; cipher: string } | string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ...options }, () => {
      const { name } = socket.getCipher()
      resolve({ peer: socket.getPeerCertificate(), protocol: socket.getProtocol(), cipher: name })
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })

/** A request on a connection of its own, which may bring a certificate. */
const get = (url: string, options: ConnectionOptions, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const sent = request(url, { agent: false, headers, ...options }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    sent.on('error', reject)
    sent.end()
  })

/** For messages: the code of the error, or what was agreed on. */
const textOf = (shaken: Awaited<ReturnType<typeof shake>>): string =>
  typeof shaken === 'string' ? shaken : `${shaken.protocol} ${shaken.cipher}`

test(
  'page, API and live socket come over TLS 1.3, and 1.2 with forward secrecy; nothing older or weaker',
  { skip },
  async (t) => {
    const { http, ca } = await start(t)
    assert.match(http.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    const { status, text } = await get(`${http.url}/api/v1/devices`, { ca })
    assert.equal(status, 200)
    assert.match(text, /"devices":\[\]/)
    const socket = new WebSocket(`${http.url.replace('https', 'wss')}/api/v1/live`, { ca })
    const hello = await new Promise<string>((resolve, reject) => {
      socket.on('message', (data: Buffer) => resolve(data.toString()))
      socket.on('error', reject)
    })
    socket.close()
    assert.match(hello, /"hello"/)
    const best = await shake(http.port, { ca })
    assert.equal(typeof best === 'object' && best.protocol, 'TLSv1.3')
    const older = await shake(http.port, { ca, maxVersion: 'TLSv1.2' })
    assert.ok(typeof older === 'object')
    assert.match(older.cipher, /^ECDHE-ECDSA-(AES(128|256)-GCM|CHACHA20)/)
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256'])
      assert.match(textOf(await shake(http.port, { ca, maxVersion: 'TLSv1.2', ciphers })), /HANDSHAKE_FAILURE/, ciphers)
    const old = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    assert.match(textOf(await shake(http.port, old)), /PROTOCOL_VERSION/)
  },
)

test('minVersion 1.3 refuses TLS 1.2', { skip }, async (t) => {
  const { http, ca } = await start(t, { minVersion: '1.3' })
  assert.match(textOf(await shake(http.port, { ca, maxVersion: 'TLSv1.2' })), /PROTOCOL_VERSION/)
  assert.equal(typeof (await shake(http.port, { ca })), 'object')
})

test('a client cannot renegotiate, and sessions are resumed', { skip }, async (t) => {
  const { http, ca } = await start(t)
  const options = { host: '127.0.0.1', port: http.port, ca, maxVersion: 'TLSv1.2' } as const
  const socket = connect(options)
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve))
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.once('close', () => resolve('closed'))
  })
  const renegotiated = new Promise<string>((resolve) =>
    socket.renegotiate({}, (error) => error === null && resolve('renegotiated')),
  )
  assert.match(await Promise.race([ended, renegotiated]), /RENEGOTIATION|HANDSHAKE_FAILURE|closed/)
  const again = connect({ ...options, session: await session })
  await new Promise((resolve) => again.once('secureConnect', resolve))
  assert.equal(again.isSessionReused(), true)
  again.destroy()
})

test(
  'a renewed certificate is taken up while a connection stays; a pair that does not fit is refused and told',
  { skip },
  async (t) => {
    const { http, ca, put, folder, authority, log, gateway } = await start(t)
    const serialNow = async () => {
      const made = await shake(http.port, { ca })
      return typeof made === 'string' ? made : made.peer.serialNumber
    }
    const before = await serialNow()
    const stays = connect({ host: '127.0.0.1', port: http.port, ca })
    await new Promise((resolve) => stays.once('secureConnect', resolve))
    assert.equal(await ask(stays), 200)

    const second = createCertificate(folder, 'second', authority, '127.0.0.1')
    put(second)
    await eventually('the new certificate is shown', async () => (await serialNow()) !== before)
    assert.equal(await ask(stays), 200, 'the connection from before')

    const third = createCertificate(folder, 'third', authority, '127.0.0.1')
    const served = await serialNow()
    copyFileSync(third.cert, `${folder}/live.crt`)
    await eventually('the bad pair is told', () => log.text().includes('cannot be taken, the ones before stay'))
    assert.equal(await serialNow(), served)
    assert.match(gateway.certificatesInUse.attention.join(), /http\.tls: .*cannot be used/)
    const metrics = await get(`${http.url}/metrics`, { ca })
    assert.match(metrics.text, /bifrost_certificate_reload_failed\{use="http"\} 1/)
    const ready = await get(`${http.url}/readyz?verbose`, { ca })
    assert.match(ready.text, /http\.tls/)

    put(third)
    await eventually('the whole pair is taken', async () => (await serialNow()) !== served)
    assert.match((await get(`${http.url}/metrics`, { ca })).text, /bifrost_certificate_reload_failed\{use="http"\} 0/)
    const expired = createCertificate(folder, 'expired', authority, '127.0.0.1', -1)
    const holds = await serialNow()
    put(expired)
    await eventually('an expired one is refused', () => /the new certificate expired on/.test(log.text()))
    assert.equal(await serialNow(), holds)
    stays.destroy()
  },
)

test(
  'clients show a certificate where it is asked, and get no connection without one where it is required',
  { skip },
  async (t) => {
    const strangers = temporaryFolder(t)
    const stranger = createCertificate(strangers, 'mallory', createAuthority(strangers, 'other'), 'mallory')
    const pem = ({ cert, key }: { cert: string; key: string }) => ({ cert: readFileSync(cert), key: readFileSync(key) })
    const clients = temporaryFolder(t)
    const clientCa = createAuthority(clients, 'clients')
    const anna = createCertificate(clients, 'anna', clientCa, 'anna')
    for (const clientCertificates of ['ask', 'require'] as const) {
      const { http, ca } = await start(t, { clientCaFile: clientCa.cert, clientCertificates })
      const url = `${http.url}/livez`
      assert.equal((await get(url, { ca, ...pem(anna) })).status, 200)
      const without = await get(url, { ca }).catch((error: NodeJS.ErrnoException) => error.code)
      const wrong = await get(url, { ca, ...pem(stranger) }).catch((error: NodeJS.ErrnoException) => error.code)
      if (clientCertificates === 'ask') {
        assert.equal(typeof without === 'object' && without.status, 200)
        assert.equal(
          typeof wrong === 'object' && wrong.status,
          200,
          'as one without: whoever maps it looks at authorized',
        )
      } else {
        assert.equal(typeof without, 'string', 'no connection without a certificate')
        assert.equal(typeof wrong, 'string', 'nor with one of another authority')
      }
    }
  },
)

test('plain HTTP is told where to go, and a client that says nothing is cut off', { skip }, async (t) => {
  const { http } = await start(t, {}, { headersTimeoutMs: 300 })
  const answer = await fetch(http.url.replace('https', 'http'))
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /this address speaks HTTPS only: write https:\/\/ in place of http:\/\//)
  const cutOff = ['\x16\x03\x01', ''].map(
    (begun) =>
      new Promise((resolve) => {
        const socket = connectTcp(http.port, '127.0.0.1', () => socket.write(begun))
        socket.resume().on('error', () => undefined)
        socket.once('close', resolve)
      }),
  )
  await Promise.all(cutOff)
})

test('HSTS is promised under a real name, and not for every program of this machine', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'ca')
  const { cert, key } = createCertificate(folder, 'gateway', authority, 'gateway.plant')
  const gateway = await startTestGateway(t, { devices: [] })
  const tls = {
    certFile: cert,
    keyFile: key,
    clientCaFile: undefined,
    clientCertificates: 'off',
    minVersion: '1.2',
  } as const
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: ['gateway.plant'], access: 'open', tls })
  t.after(() => http.close())
  const trust = { ca: readFileSync(authority.cert), servername: 'gateway.plant' }
  const named = await get(`${http.url}/livez`, trust, { host: 'gateway.plant' })
  assert.equal(named.headers['strict-transport-security'], 'max-age=31536000')
  const local = await get(`${http.url}/livez`, trust, { host: `localhost:${http.port}` })
  assert.equal(local.headers['strict-transport-security'], undefined)
})

test('files that are of no use stop the start, and say which option and file', { skip }, async (t) => {
  const { folder, gateway } = await start(t)
  const other = createAuthority(folder, 'other')
  writeFileSync(`${folder}/no.pem`, 'nothing')
  const tryIt = (certFile: string, keyFile: string) =>
    startHttp(gateway, {
      host: '127.0.0.1',
      port: 0,
      hosts: [],
      access: 'open',
      tls: { certFile, keyFile, clientCaFile: undefined, clientCertificates: 'off', minVersion: '1.2' },
    })
  const code = 'CONFIG_INVALID'
  const invalid = (words: RegExp) => (error: unknown) =>
    error instanceof GatewayError && error.code === code && words.test(error.message)
  await assert.rejects(tryIt(`${folder}/none`, other.key), invalid(/http\.tls\.certFile: .*\/none cannot be read/))
  await assert.rejects(tryIt(`${folder}/no.pem`, other.key), invalid(/http\.tls: certificate or key cannot be used/))
  await assert.rejects(tryIt(`${folder}/live.crt`, other.key), invalid(/http\.tls: certificate or key cannot be used/))
})

/** The status of a request on a connection that stands. */
const ask = (socket: TLSSocket) =>
  new Promise<number>((resolve, reject) => {
    const fail = () => reject(new Error('the connection was closed'))
    socket.once('close', fail)
    socket.once('data', (chunk: Buffer) => {
      socket.off('close', fail)
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString())?.[1]))
    })
    socket.write(`GET /livez HTTP/1.1\r\nHost: 127.0.0.1:${socket.remotePort}\r\n\r\n`)
  })
