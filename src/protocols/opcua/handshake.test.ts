/**
 * Real handshakes: node-opcua's client behind our checker against node-opcua's own server, and its server behind our checker against
 * its client and asyncua's. Each refusal is a sentence within five seconds, nothing is printed, and nothing is written to the home folder.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { needsAsyncua, startAsyncuaClient, startAsyncuaServer } from '../../testing/asyncua.ts'
import { CertificateWorkshop, type CertificateWishes, type Issued } from '../../testing/application-certificates.ts'
import { freePort, needs, temporaryFolder, type Cleanup } from '../../testing/peers.ts'
import { parseCertificate } from '../../wire/certificates/certificate.ts'
import { importFile, trustCertificate, trustFile } from '../../wire/certificates/changes.ts'
import { openOwn } from '../../wire/certificates/renewal.ts'
import { CertificateChecker, type CheckerOptions } from './certificate-checker.ts'
import { silence } from './library.ts'
import { clientIdentity, serverIdentity } from './own-identity.ts'

const skip = needs('openssl')
const withoutPeer = skip || needsAsyncua()

const home = mkdtempSync(join(tmpdir(), 'bifrost-home-'))
Object.assign(process.env, { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home })
after(() => rmSync(home, { recursive: true, force: true }))

const { MessageSecurityMode, OPCUAClient, SecurityPolicy, UserTokenType, ...library } =
  await import('node-opcua-client')
const { OPCUAServer } = await import('node-opcua-server')
silence(library, () => undefined)
const printed: unknown[] = []
for (const stream of ['log', 'warn', 'error'] as const) console[stream] = (...words) => void printed.push(words)

const now = () => systemClock.now()
const change = { by: 'local', at: 0 }

interface Site {
  /** The gateway's certificate folder. */
  readonly folder: string
  readonly workshop: CertificateWorkshop
}

const createSite = (t: Cleanup): Site => ({
  folder: join(temporaryFolder(t), 'certificates'),
  workshop: new CertificateWorkshop(temporaryFolder(t)),
})

/** node-opcua's own server with this certificate, which lets our gateway in. */
async function startServer(t: Cleanup, { folder }: Site, server: Issued): Promise<number> {
  const port = await freePort()
  const there = join(temporaryFolder(t), 'certificates')
  await trustFile(there, (await openOwn(folder, { now: now() })).certificate.der, change)
  const checker = new CertificateChecker({ folder: there, clock: systemClock, role: 'client', device: 'server' })
  const opcua = new OPCUAServer({
    port,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    certificateFile: server.cert,
    privateKeyFile: server.key,
    serverCertificateManager: checker.forServer,
    userCertificateManager: checker.forServer,
    serverInfo: { applicationUri: parseCertificate(server.der).applicationUri ?? 'urn:none' },
    nodeset_filename: [],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
  })
  await opcua.start()
  t.after(() => opcua.shutdown(0))
  return port
}

/** `ok`, or the sentence of the checker, or what node-opcua says; and how long it took. */
async function connect(port: number, { folder }: Site, more: Partial<CheckerOptions> = {}): Promise<string> {
  const endpoint = `opc.tcp://127.0.0.1:${port}`
  const checker = new CertificateChecker({
    folder,
    clock: systemClock,
    role: 'server',
    device: 'press-1',
    endpoint,
    hostname: '127.0.0.1',
    ...more,
  })
  const client = OPCUAClient.create({
    ...(await clientIdentity(await openOwn(folder, { now: now() }))),
    clientCertificateManager: checker,
    securityMode: MessageSecurityMode.SignAndEncrypt,
    securityPolicy: SecurityPolicy.Basic256Sha256,
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 100 },
  })
  const begun = performance.now()
  try {
    await client.connect(endpoint)
    const session = await client.createSession()
    await session.close()
    return 'ok'
  } catch (error) {
    return checker.refusal ?? `not refused by us: ${(error as Error).message}`
  } finally {
    assert.ok(performance.now() - begun < 5000, `it took ${performance.now() - begun} ms`)
    await client.disconnect()
  }
}

test('not trusted, seen, trusted, in; and nothing lands in the home folder', { skip }, async (t) => {
  const site = createSite(t)
  const press = site.workshop.application('press')
  const port = await startServer(t, site, press)
  const { thumbprint } = parseCertificate(press.der)
  assert.equal(
    await connect(port, site),
    `nobody has trusted the certificate "press" of the server at opc.tcp://127.0.0.1:${port} yet (thumbprint ${thumbprint}); compare the thumbprint with what the far side shows, then \`bifrost opcua trust ${thumbprint}\``,
  )
  assert.equal(readdirSync(join(site.folder, 'rejected')).length, 2)
  await trustCertificate(site.folder, thumbprint, change)
  assert.equal(await connect(port, site), 'ok')
  assert.deepEqual([readdirSync(home), printed], [[], []])
  assert.equal(existsSync(join(site.folder, 'rejected', `${thumbprint}.json`)), false)
})

const REFUSED: readonly (readonly [string, CertificateWishes, RegExp])[] = [
  ['expired', { to: '20260101000000Z' }, /expired on 2026-01-01/],
  ['for another host', { names: ['DNS:press-7'] }, /is for press-7, not for 127\.0\.0\.1; .*ignoreHostname/],
  ['not meant for a server', { extendedKeyUsage: 'clientAuth' }, /not meant for a server/],
  ['signed with SHA-1', { hash: 'sha1' }, /signed with sha1WithRSAEncryption/],
]

for (const [what, wishes, pattern] of REFUSED) {
  test(`trusted, but ${what}: refused with its sentence`, { skip }, async (t) => {
    const site = createSite(t)
    const press = site.workshop.application('press', wishes)
    await trustFile(site.folder, press.der, change)
    assert.match(await connect(await startServer(t, site, press), site), pattern)
  })
}

test('of an authority: its list decides; a host name that does not fit can be allowed', { skip }, async (t) => {
  const site = createSite(t)
  const { workshop, folder } = site
  const root = workshop.authority('root')
  const press = workshop.application('press', { names: ['DNS:behind-nat'] }, root)
  const port = await startServer(t, site, press)
  assert.match(await connect(port, site), /was issued by "CN=root", which is not known here/)
  await trustFile(folder, root.der, change)
  assert.match(await connect(port, site), /is for behind-nat/)
  assert.match(await connect(port, site, { ignoreHostname: true }), /there is no revocation list of its issuer here/)
  await importFile(folder, readFileSync(workshop.revocationList(root, [])))
  assert.equal(await connect(port, site, { ignoreHostname: true }), 'ok')
  await importFile(folder, readFileSync(workshop.revocationList(root, [press], { from: '20250101000000Z' })))
  assert.match(await connect(port, site, { ignoreHostname: true }), /was revoked by "CN=root"/)
})

test('trust on first use lets the first one in and nobody after it', { skip }, async (t) => {
  const site = createSite(t)
  const port = await startServer(t, site, site.workshop.application('press'))
  const seen: string[] = []
  const first = {
    trustOnFirstUse: true,
    onFirstUse: async ({ commonName }: { commonName: string }) => void seen.push(commonName),
  }
  assert.equal(await connect(port, site, first), 'ok')
  assert.equal(await connect(port, site), 'ok')
  assert.deepEqual(seen, ['press'])
  const other = await startServer(t, site, site.workshop.application('other'))
  const as = `opc.tcp://127.0.0.1:${port}`
  assert.match(
    await connect(other, site, { ...first, endpoint: as }),
    /presented another certificate than the one trusted on \d{4}/,
  )
})

/** Our own server: node-opcua's behind our checker, with our own certificate. */
async function startOwnServer(t: Cleanup, folder: string) {
  const port = await freePort()
  const options = { clock: systemClock, device: 'server' } as const
  const clients = new CertificateChecker({ ...options, folder, role: 'client' })
  const persons = new CertificateChecker({ ...options, folder: join(folder, 'users'), role: 'user' })
  const own = await openOwn(folder, { now: now(), ipAddresses: ['127.0.0.1'] })
  const { applicationUri, ...files } = serverIdentity(own)
  const server = new OPCUAServer({
    port,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    ...files,
    serverInfo: { applicationUri },
    serverCertificateManager: clients.forServer,
    userCertificateManager: persons.forServer,
    allowAnonymous: true,
    nodeset_filename: [],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
  })
  await server.start()
  t.after(() => server.shutdown(0))
  return { port, clients, persons, own }
}

test(
  'our server: an application or a person that nobody trusted waits in the inbox; trusted, each is let in',
  { skip },
  async (t) => {
    const { folder, workshop } = createSite(t)
    const { port, clients, persons, own } = await startOwnServer(t, folder)
    const site = createSite(t)
    await trustFile(site.folder, own.certificate.der, change)
    const client = await openOwn(site.folder, { now: now() })
    const person = workshop.application('Ada', { applicationUri: null, names: [], keyUsage: 'digitalSignature,keyCertSign', extendedKeyUsage: null }) // prettier-ignore

    assert.match(await connect(port, site), /^not refused by us/)
    assert.match(clients.refusal!, /^nobody has trusted the certificate "Bifrost .*" of the client yet/)
    await trustCertificate(folder, client.certificate.thumbprint, change)
    assert.equal(await connect(port, site), 'ok')

    const login = async () => {
      const checker = new CertificateChecker({ folder: site.folder, clock: systemClock, role: 'server', device: 'd' })
      const opcua = OPCUAClient.create({
        ...(await clientIdentity(client)),
        clientCertificateManager: checker,
        securityMode: MessageSecurityMode.SignAndEncrypt,
        securityPolicy: SecurityPolicy.Basic256Sha256,
        endpointMustExist: false,
        connectionStrategy: { maxRetry: 0 },
      })
      try {
        await opcua.connect(`opc.tcp://127.0.0.1:${port}`)
        const privateKey = readFileSync(person.key, 'utf8')
        const session = await opcua.createSession({
          type: UserTokenType.Certificate,
          certificateData: person.der,
          privateKey,
        })
        await session.close()
        return 'ok'
      } catch (error) {
        return (error as Error).message
      } finally {
        await opcua.disconnect()
      }
    }
    assert.notEqual(await login(), 'ok')
    assert.match(
      persons.refusal!,
      /^nobody has trusted the certificate "Ada" of the user yet .*`bifrost opcua trust [0-9A-F]{40} --users`$/,
    )
    // Trusted as an application it is no person: the two lists are apart.
    await trustFile(folder, person.der, change)
    assert.notEqual(await login(), 'ok')
    await trustCertificate(join(folder, 'users'), parseCertificate(person.der).thumbprint, change)
    assert.equal(await login(), 'ok')
  },
)

test(
  'asyncua as a client of our server: refused until it is trusted, and it takes our certificate as it is',
  { skip: withoutPeer },
  async (t) => {
    const { folder, workshop } = createSite(t)
    const { port, clients } = await startOwnServer(t, folder)
    const peer = workshop.application('asyncua')
    const connectPeer = () =>
      startAsyncuaClient(t, {
        url: `opc.tcp://127.0.0.1:${port}`,
        policy: 'Basic256Sha256/SignAndEncrypt',
        certificate: peer.cert,
        key: peer.key,
        applicationUri: 'urn:test:asyncua',
      })
    await assert.rejects(connectPeer())
    assert.match(clients.refusal!, /^nobody has trusted the certificate "asyncua" of the client yet/)
    await trustCertificate(folder, parseCertificate(peer.der).thumbprint, change)
    const client = await connectPeer()
    const [state] = await client.ask<{ value: unknown }[]>('read', { nodes: ['i=2259'] })
    assert.equal(state!.value, 0)
  },
)

test(
  'asyncua as a server: each refusal with its sentence, and in when it is trusted',
  { skip: withoutPeer },
  async (t) => {
    const site = createSite(t)
    const own = await openOwn(site.folder, { now: now() })
    const serve = async (certificate: Issued) => {
      const { port } = await startAsyncuaServer(t, {
        certificate: certificate.cert,
        key: certificate.key,
        applicationUri: `urn:test:${certificate.name}`,
        policies: ['Basic256Sha256/SignAndEncrypt'],
        trusted: [own.certificateFile],
      })
      return port
    }
    const press = site.workshop.application('press')
    const port = await serve(press)
    assert.match(await connect(port, site), /^nobody has trusted the certificate "press" of the server at opc\.tcp:/)
    await trustCertificate(site.folder, parseCertificate(press.der).thumbprint, change)
    assert.equal(await connect(port, site), 'ok')
    const elsewhere = site.workshop.application('elsewhere', { names: ['DNS:press-7'] })
    await trustFile(site.folder, elsewhere.der, change)
    assert.match(await connect(await serve(elsewhere), site), /is for press-7, not for 127\.0\.0\.1/)
  },
)
