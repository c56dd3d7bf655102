/** A broker as clouds have it, for tests of presets: aedes behind TLS, which looks at every CONNECT and lets a test judge it. */
import { readFileSync } from 'node:fs'
import { createServer, type TLSSocket } from 'node:tls'
import { createAuthority, createCertificate } from './certificates.ts'
import { freePort, temporaryFolder, type Cleanup } from './peers.ts'

/** What a CONNECT held, as the broker parsed it. */
export interface Connect {
  readonly clientId: string
  readonly protocolVersion: number
  readonly clean: boolean
  readonly keepalive: number
  readonly username?: string
  readonly password?: Buffer
  readonly will?: { readonly topic: string; readonly retain: boolean }
  /** Of the certificate that the client showed. */
  readonly subject: string | undefined
  readonly serverName: string | false
}

export type CloudJudge = (connect: Connect) => boolean

/** aedes behind TLS at `localhost`; `judge` says who may come in. */
export async function startCloud(t: Cleanup, judge: CloudJudge) {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const own = createCertificate(folder, 'cloud', authority, 'localhost')
  const client = createCertificate(folder, 'client', authority, 'press-gateway')
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker()
  const connects: Connect[] = []
  const published: { topic: string; payload: string; qos: number; retain: boolean; size: number }[] = []
  const sockets = new Map<object, TLSSocket>()
  const known = new WeakMap<object, Connect>()
  aedes.preConnect = (given, packet, done) => {
    const socket = sockets.get(given.conn)!
    const { clientId, protocolVersion, clean, keepalive, username, password, will } = packet as unknown as Connect
    const { CN } = (socket.getPeerCertificate().subject ?? {}) as { CN?: string }
    const connect: Connect = { clientId, protocolVersion, clean, keepalive, subject: CN, serverName: socket.servername ?? false, ...(username && { username }), ...(password && { password }), ...(will && { will }) } // prettier-ignore
    connects.push(connect)
    known.set(given, connect)
    done(null, true)
  }
  aedes.authenticate = (given, _name, _password, done) => {
    const ok = judge(known.get(given)!)
    if (ok) done(null, true)
    else done(Object.assign(new Error('bad'), { returnCode: 4 }), null)
  }
  aedes.on('publish', ({ topic, payload, qos, retain }, from) => {
    if (from !== null) published.push({ topic, payload: payload.toString(), qos, retain, size: payload.length })
  })
  const server = createServer(
    {
      cert: readFileSync(own.cert),
      key: readFileSync(own.key),
      ca: readFileSync(authority.cert),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (socket) => {
      sockets.set(socket, socket)
      socket.on('error', () => undefined)
      aedes.handle(socket)
    },
  )
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(async () => {
    for (const socket of sockets.values()) socket.destroy()
    server.close()
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
  })
  const url = `mqtts://localhost:${port}`
  return { url, ca: authority.cert, cert: client.cert, key: client.key, connects, published, folder }
}
