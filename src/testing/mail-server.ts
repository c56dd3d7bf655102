/** smtp-server from npm as a mail server that nobody here wrote: records mails, with TLS, STARTTLS, log-in and refusals as the test says. */
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { freePort } from './peers.ts'

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly user: string | undefined
  /** Whether it came over TLS. */
  readonly isSecure: boolean
  /** Headers and body, as they travelled. */
  readonly text: string
}

export interface MailServer {
  readonly port: number
  readonly mails: Mail[]
}

export interface MailServerOptions {
  readonly security: 'tls' | 'starttls' | 'none'
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Only this user may send. */
  readonly user?: { readonly name: string; readonly password: string }
  /** The answer to this recipient. */
  readonly refuse?: { readonly to: string; readonly code: number }
  /** Takes the connection and never says a word after DATA. */
  readonly hangs?: boolean
}

export async function startMailServer(t: TestContext, options: MailServerOptions): Promise<MailServer> {
  const { SMTPServer } = await import('smtp-server')
  const { security, tls, user, refuse, hangs = false } = options
  const mails: Mail[] = []
  const port = await freePort()
  const server = new SMTPServer({
    secure: security === 'tls',
    disabledCommands: [...(security === 'starttls' ? [] : ['STARTTLS']), ...(user === undefined ? ['AUTH'] : [])],
    authOptional: user === undefined,
    allowInsecureAuth: false,
    ...(tls === undefined ? {} : { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }),
    onAuth: ({ username, password }, _session, done) =>
      username === user?.name && password === user?.password
        ? done(null, { user: username })
        : done(new Error('wrong user or password')),
    onRcptTo: ({ address }, _session, done) =>
      address === refuse?.to
        ? done(Object.assign(new Error('no such mailbox'), { responseCode: refuse.code }))
        : done(),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (hangs) return
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: session.user as string | undefined,
          isSecure: session.secure,
          text: Buffer.concat(chunks).toString(),
        })
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port, mails }
}
