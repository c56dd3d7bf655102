/** Who may connect, and to whom: what is wrong with a certificate or a token is said in words within five seconds, and nothing is dropped. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate, type KeyPair } from '../../testing/certificates.ts'
import { batchOf, startDelivery, tagTable } from '../../testing/delivery-rig.ts'
import { eventually, freePort, needs, temporaryFolder } from '../../testing/peers.ts'
import { startUpstream, type Upstream } from '../../testing/upstream.ts'
import { bifrost } from './sink.ts'

const type = bifrost as unknown as SinkType
const skip = needs('openssl')
const WITHIN_MS = 5000

interface Setting {
  readonly folder: string
  readonly authority: KeyPair
  readonly upstream: Upstream
}

async function setting(t: TestContext, clients = '[{ name: edge-1 }, { name: edge-2 }]'): Promise<Setting> {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const server = createCertificate(folder, 'central', authority, 'localhost')
  const tls = `tls: { cert: ${server.cert}, key: ${server.key}, ca: ${authority.cert} }`
  return { folder, authority, upstream: await startUpstream(t, { receive: [tls, `clients: ${clients}`] }) }
}

/** Starts a sink that must not get in, and waits until its state says why. */
async function refused(t: TestContext, port: number, options: object, reason: RegExp): Promise<void> {
  const rig = startDelivery(t, type, { host: 'localhost', port, ...options }, { tags: tagTable('a/x') })
  rig.cursor.append(batchOf([[1, 1]]))
  const status = () => rig.runner.status()
  await eventually(() => `the reason, in words: ${JSON.stringify(status())}`, () => reason.test(status().reason ?? ''), WITHIN_MS) // prettier-ignore
  await eventually('it is failed', () => status().state === 'Failed', WITHIN_MS)
  const { pending, delivered, dropped } = status()
  assert.deepEqual([pending, delivered, dropped], [1, 0, {}])
}

test('a server of an unknown authority, of another name, or without TLS', { skip }, async (t) => {
  const { folder, authority, upstream } = await setting(t)
  const { cert, key } = createCertificate(folder, 'edge', authority, 'edge-1')
  const foreign = createAuthority(folder, 'foreign')
  const ca = authority.cert
  await refused(t, upstream.port, { ca: foreign.cert, cert, key }, /certificate's authority is unknown; give .* as ca/)
  await refused(t, upstream.port, { ca, cert, key, serverName: 'elsewhere' }, /host name mismatch/)
  const plain = await startUpstream(t)
  await refused(t, plain.port, { ca, cert, key }, /TLS/)
})

test('a client without a certificate, of an unknown authority, out of date, self-signed', { skip }, async (t) => {
  const { folder, authority, upstream } = await setting(t)
  const ca = authority.cert
  await refused(t, upstream.port, { ca }, /a client certificate is wanted; give cert and key/)
  const foreign = createAuthority(folder, 'foreign')
  const wrong = createCertificate(folder, 'wrong', foreign, 'edge-1')
  await refused(
    t,
    upstream.port,
    { ca, cert: wrong.cert, key: wrong.key },
    /authority of your certificate is not known/,
  )
  const old = createCertificate(folder, 'old', authority, 'edge-1', -1)
  await refused(t, upstream.port, { ca, cert: old.cert, key: old.key }, /your certificate has expired/)
  const own = createAuthority(folder, 'own')
  await refused(t, upstream.port, { ca, cert: own.cert, key: own.key }, /self-signed/)
  assert.equal(upstream.rows().filter(({ tag }) => tag !== 'connected').length, 0)
  assert.match(upstream.output(), /a connection of [^ ]+ was refused: your certificate has expired/)
})

test('a client whose certificate has a name that is not configured, or not the one it gives', { skip }, async (t) => {
  const { folder, authority, upstream } = await setting(t)
  const ca = authority.cert
  const stranger = createCertificate(folder, 'stranger', authority, 'edge-9')
  await refused(
    t,
    upstream.port,
    { ca, cert: stranger.cert, key: stranger.key },
    /no gateway of the name edge-9 is configured/,
  )
  const { cert, key } = createCertificate(folder, 'edge', authority, 'edge-1')
  await refused(
    t,
    upstream.port,
    { ca, cert, key, gateway: 'edge-2' },
    /your certificate is for edge-1, not for edge-2/,
  )
  const star = createCertificate(folder, 'star', authority, '*')
  await refused(t, upstream.port, { ca, cert: star.cert, key: star.key }, /no gateway of the name \* is configured/)
})

test('a token that is missing or wrong; the right one lets in', { skip }, async (t) => {
  const { folder, authority, upstream } = await setting(t, '[{ name: edge-1, token: "correct horse" }]')
  const { cert, key } = createCertificate(folder, 'edge', authority, 'edge-1')
  const options = { ca: authority.cert, cert, key }
  await refused(t, upstream.port, options, /a token is wanted: give as token what receive.clients has for edge-1/)
  await refused(t, upstream.port, { ...options, token: 'correct house' }, /the token is wrong/)
  const right = { host: 'localhost', port: upstream.port, ...options, token: 'correct horse' }
  const rig = startDelivery(t, type, right, { tags: tagTable('a/x') })
  rig.cursor.append(batchOf([[1, 42]]))
  await eventually('it arrives', () => upstream.delivered('edge-1').length === 1)
  assert.doesNotMatch(upstream.output(), /correct ho/)
})

test(
  'certificates that are renewed are taken up while connections stay, and not before they fit together',
  { skip, timeout: 60_000 },
  async (t) => {
    const { folder, authority, upstream } = await setting(t)
    const { cert, key } = createCertificate(folder, 'edge', authority, 'edge-1')
    const options = { host: 'localhost', port: upstream.port, ca: authority.cert, cert, key }
    const stays = startDelivery(t, type, options, { tags: tagTable('a/x') })
    const arrive = (count: number) => eventually(`${count} arrive`, () => upstream.delivered('edge-1').length === count)
    stays.cursor.append(batchOf([[1, 1]]))
    await arrive(1)

    const newer = createAuthority(folder, 'newer')
    const server = createCertificate(folder, 'renewed', newer, 'localhost')
    copyFileSync(server.cert, join(folder, 'central.crt'))
    await eventually('it says that they do not fit', () => /have changed and cannot be taken/.test(upstream.output()), 15_000) // prettier-ignore
    copyFileSync(server.key, join(folder, 'central.key'))
    copyFileSync(newer.cert, join(folder, 'authority.crt'))
    await eventually('they are read again', () => /were read again/.test(upstream.output()), 15_000)
    stays.cursor.append(batchOf([[1, 2]]))
    await arrive(2)
    assert.equal(stays.runner.status().reconnects, 0, 'the connection stayed')

    const other = createCertificate(folder, 'edge-2', newer, 'edge-2')
    const renewed = { ...options, ca: newer.cert, cert: other.cert, key: other.key }
    const comes = startDelivery(t, type, renewed, { tags: tagTable('a/x') })
    comes.cursor.append(batchOf([[1, 3]]))
    await eventually('a client of the new authority gets in', () => upstream.delivered('edge-2').length === 1)
    await refused(t, upstream.port, { ca: newer.cert, cert, key }, /authority of your certificate is not known/)
  },
)

test('over loopback without TLS the name counts, and a token where there is one', async (t) => {
  const upstream = await startUpstream(t, { receive: ['clients: [{ name: edge-1, token: secret }]'] })
  const plain = { host: '127.0.0.1', tls: false, gateway: 'edge-9' }
  await refused(t, upstream.port, plain, /no gateway of the name edge-9 is configured/)
  await refused(t, upstream.port, { ...plain, gateway: 'edge-1', token: 'guess' }, /the token is wrong/)
})

test(
  'what answers nonsense, closes at once or never answers is named, and nothing is lost',
  { timeout: 30_000 },
  async (t) => {
    const answers: readonly (readonly [string | undefined, RegExp])[] = [
      ['HTTP/1.1 400 Bad Request\r\n\r\n', /does not speak as an upstream gateway does .*is it the right port/],
      ['', /closed the connection/],
      [undefined, /did not answer our hello within 300 ms/],
    ]
    for (const [answer, reason] of answers) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => (answer === undefined ? undefined : socket.end(answer)))
      })
      const port = await freePort()
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
      t.after(() => server.close())
      const options = { host: '127.0.0.1', tls: false, gateway: 'edge-1', connectTimeout: '300ms' }
      await refused(t, port, options, reason)
    }
  },
)

test('insecure says so loudly, and a configuration that cannot be safe is refused', async (t) => {
  const fault = (options: object) => {
    const parsed = bifrost.options.safeParse({ host: 'central.example', ...options })
    return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ')
  }
  assert.match(fault({ tls: false, gateway: 'edge-1' }), /only to this machine: central.example is another one/)
  assert.match(fault({ tls: false, host: '127.0.0.1' }), /is needed where no certificate says who/)
  assert.match(fault({ tls: false, host: '127.0.0.1', gateway: 'e', ca: 'ca.crt' }), /certificates need tls: true/)
  assert.match(fault({ cert: 'edge.crt' }), /cert and key are given together/)
  assert.match(fault({ windows: ['25:00-26:00'] }), /from 00:00 to 24:00/)
  assert.equal(fault({ cert: 'edge.crt', key: 'edge.key', windows: ['mon-fri 22:00-06:00'] }), '')
  const warnings: string[] = []
  const log = { ...(await import('../../core/log.ts')).silentLog, warn: (_: object, sentence: string) => warnings.push(sentence) } // prettier-ignore
  const { sinkContext } = await import('../../testing/delivery-rig.ts')
  const options = bifrost.options.parse({ host: 'localhost', insecure: true, ca: join(temporaryFolder(t), 'x') })
  bifrost.create(options, sinkContext({ log }))
  assert.match(warnings.join(), /insecure: any certificate is accepted/)
})
