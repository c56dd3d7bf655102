/** TLS against Node's own server, with certificates that openssl made: who is let in, who is not, and what is said. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import type { TlsSettings } from '../core/driver.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { createAuthority, createCertificate, type KeyPair } from '../testing/certificates.ts'
import { needs, temporaryFolder } from '../testing/peers.ts'
import { dial } from './dial.ts'

const skip = needs('openssl')

interface Site {
  readonly folder: string
  readonly authority: KeyPair
  /** For 127.0.0.1. */
  readonly device: KeyPair
}

function createSite(t: TestContext): Site {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  return { folder, authority, device: createCertificate(folder, 'device', authority, '127.0.0.1') }
}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A device that gives back what it gets. */
function startDevice(t: TestContext, { cert, key }: KeyPair, more: TlsOptions = {}): Promise<number> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), ...more }, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  return listen(t, server)
}

const connect = (port: number, tls: TlsSettings) => dial({ host: '127.0.0.1', port, connectTimeoutMs: 2000, tls })

async function refusal(promise: Promise<{ destroy(): unknown }>): Promise<GatewayError> {
  const error = await promise.then(
    (stream) => {
      stream.destroy()
      assert.fail('connected')
    },
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof GatewayError, String(error))
  return error
}

/** What an open stream says to bytes: the same bytes, or the error that ends it. */
async function echoed(port: number, tls: TlsSettings): Promise<string> {
  const stream = await connect(port, tls)
  try {
    return await new Promise<string>((resolve, reject) => {
      stream.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      stream.once('error', reject)
      stream.once('close', () => reject(new Error('closed')))
      stream.write('ping')
    })
  } finally {
    stream.on('error', () => undefined).destroy()
  }
}

test('a device whose authority we know is let in; one of another authority is not', { skip }, async (t) => {
  const { folder, authority, device } = createSite(t)
  const port = await startDevice(t, device)
  assert.equal(await echoed(port, { ca: authority.cert }), 'ping')
  const other = createAuthority(folder, 'other')
  const error = await refusal(connect(port, { ca: other.cert }))
  assert.ok(error instanceof NotConnectedError)
  assert.match(
    error.message,
    /^no secure connection to 127\.0\.0\.1:\d+: its certificate's authority is unknown; give .* as ca$/,
  )
  assert.equal(typeof error.details.tls, 'string')
  assert.match((await refusal(connect(port, {}))).message, /authority is unknown/)
  assert.equal(await echoed(port, { ca: other.cert, insecure: true }), 'ping')
})

test('a certificate for another name is refused, unless serverName says that this is the one', { skip }, async (t) => {
  const { folder, authority } = createSite(t)
  const port = await startDevice(t, createCertificate(folder, 'meter', authority, 'meter-7.plant.example'))
  assert.match(
    (await refusal(connect(port, { ca: authority.cert }))).message,
    /host name mismatch.*; connect to a name that it has, or give that as serverName/,
  )
  assert.equal(await echoed(port, { ca: authority.cert, serverName: 'meter-7.plant.example' }), 'ping')
  assert.match(
    (await refusal(connect(port, { ca: authority.cert, serverName: 'meter-8.plant.example' }))).message,
    /host name mismatch/,
  )
})

test('an expired certificate is refused', { skip }, async (t) => {
  const { folder, authority } = createSite(t)
  const port = await startDevice(t, createCertificate(folder, 'old', authority, '127.0.0.1', -1))
  assert.match((await refusal(connect(port, { ca: authority.cert }))).message, /its certificate has expired; renew it/)
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(
    `${maxVersion}: a device that demands a client certificate: with it in, without or with a wrong one told so`,
    { skip },
    async (t) => {
      const { folder, authority, device } = createSite(t)
      const ca = authority.cert
      const mutual = { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true, maxVersion }
      const port = await startDevice(t, device, mutual)
      assert.equal(await echoed(port, { ca, ...createCertificate(folder, 'gateway', authority, 'gateway') }), 'ping')
      await assert.rejects(echoed(port, { ca }), /client certificate/)
      const stranger = createCertificate(folder, 'stranger', createAuthority(folder, 'other'), 'stranger')
      await assert.rejects(echoed(port, { ca, ...stranger }), /client certificate|closed/)
    },
  )
}

test('a device that speaks only TLS 1.1 is not talked to', { skip }, async (t) => {
  const { authority, device } = createSite(t)
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const error = await refusal(connect(await startDevice(t, device, old), { ca: authority.cert }))
  assert.match(error.message, /no TLS version/)
})

test('a device that does not speak TLS, closes, or stays silent: each told, the last in time', { skip }, async (t) => {
  const { authority } = createSite(t)
  const tls = { ca: authority.cert }
  const talker = await listen(
    t,
    createTcpServer((socket) => socket.on('error', () => undefined).end('no TLS here\r\n')),
  )
  assert.match((await refusal(connect(talker, tls))).message, /does not speak TLS on this port/)
  const closer = await listen(
    t,
    createTcpServer((socket) => socket.destroy()),
  )
  assert.match((await refusal(connect(closer, tls))).message, /closed the connection during the TLS handshake/)
  const silent = await listen(
    t,
    createTcpServer((socket) => t.after(() => socket.destroy())),
  )
  const waiting = dial({ host: '127.0.0.1', port: silent, connectTimeoutMs: 150, tls })
  assert.match((await refusal(waiting)).message, /did not finish the TLS handshake within 150 ms/)
  const controller = new AbortController()
  const aborted = dial({ host: '127.0.0.1', port: silent, connectTimeoutMs: 5000, tls }, controller.signal)
  setTimeout(() => controller.abort(new Error('stopped')), 50)
  await assert.rejects(aborted, /stopped/)
})

test(
  'files of certificates that are of no use: CONFIG_INVALID with option and file, before anything is sent',
  { skip },
  async (t) => {
    const { folder, authority, device } = createSite(t)
    const port = await startDevice(t, device)
    const rubbish = join(folder, 'rubbish.pem')
    writeFileSync(rubbish, 'not a certificate')
    for (const [settings, message] of [
      [{ ca: join(folder, 'absent.crt') }, /the file of ca cannot be read: ENOENT.*absent\.crt/],
      [{ ca: authority.cert, cert: rubbish }, /the file of cert is not PEM: .*rubbish\.pem/],
      [
        { ca: authority.cert, cert: device.cert, key: authority.key },
        /cannot be used \(ca .*authority\.crt, cert .*device\.crt, key .*authority\.key\)/,
      ],
    ] as const) {
      const error = await refusal(connect(port, settings))
      assert.equal(error.code, 'CONFIG_INVALID')
      assert.match(error.message, message)
    }
  },
)

test('a stream that ends with an error of another kind says that error, and stops no process', { skip }, async (t) => {
  const { authority, device } = createSite(t)
  const stream = await connect(await startDevice(t, device), { ca: authority.cert })
  const error = new Promise<unknown>((resolve) => stream.once('error', resolve))
  // Its code is a number, and its message cannot be changed.
  stream.destroy(AbortSignal.abort().reason as Error)
  assert.equal((await error) instanceof DOMException, true)
})
