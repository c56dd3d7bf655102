/**
 * Alerts by e-mail, over SMTP (RFC 5321) with TLS from the first byte or by STARTTLS (RFC 3207), which is demanded then. The connection is the
 * gateway's own `dial`, so that it goes only where the configuration lets it.
 */
import type { Socket } from 'node:net'
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { oneLine } from '../../core/one-line.ts'
import { tlsOptions } from '../../core/tls-options.ts'
import { tlsOptionsOf, tlsWords } from '../../wire/tls.ts'
import { subjectOf, textOf } from '../message.ts'
import { defineReceiver } from '../receiver.ts'

const address = () => z.string().max(320).regex(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, 'expected an address such as ops@plant.example') // prettier-ignore

export const email = defineReceiver({
  name: 'email',
  summary: 'A mail by SMTP, as text.',
  options: z.object({
    host: z.string().min(1).describe('The mail server.'),
    port: z.int().min(1).max(65_535).optional().describe('465 with `security: tls`, else 587, where nothing is said.'),
    security: z
      .enum(['tls', 'starttls', 'none'])
      .default('tls')
      .describe(
        'tls: from the first byte. starttls: demanded, nothing is sent before it. none: anybody on the way can read and change the mails.',
      ),
    username: z.string().min(1).optional().describe('User name at the mail server.'),
    password: z.string().min(1).optional().describe('Password of the user.').meta({ secret: true }),
    from: address().describe('Who sends.'),
    to: z.array(address()).min(1).max(50).describe('Who is told.'),
    ...tlsOptions,
    timeout: duration({ minMs: 1000, maxMs: 30_000 }).prefault('20s').describe('How long the mail server may take.'),
  }),
  create(options, { name, dial, log, sender }) {
    const { host, security, username, password, from, to, ca, cert, key, insecure, timeout } = options
    const port = options.port ?? (security === 'tls' ? 465 : 587)
    const where = `${host}:${port}`
    const tls = { ca, cert, key, insecure }
    return {
      where: `${to.join(', ')} by ${where}`,
      async send(message, signal) {
        const { createTransport } = await import('nodemailer')
        const endpoint = { host, port, connectTimeoutMs: timeout, ...(security === 'tls' ? { tls } : {}) }
        const socket = (await dial(endpoint, signal)) as Socket
        const onAbort = () => socket.destroy()
        signal.addEventListener('abort', onAbort, { once: true })
        try {
          const transport = createTransport({
            host,
            port,
            secure: security === 'tls',
            requireTLS: security === 'starttls',
            ignoreTLS: security === 'none',
            tls: security === 'starttls' ? await tlsOptionsOf({ ...tls, serverName: host }) : {},
            ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
            greetingTimeout: timeout,
            socketTimeout: timeout,
            disableFileAccess: true,
            disableUrlAccess: true,
            getSocket: (_options: unknown, done: (error: null, given: object) => void) =>
              done(null, { connection: socket, secured: security === 'tls' }),
          } as Parameters<typeof createTransport>[0])
          const { rejected } = (await transport.sendMail({
            from,
            to: [...to],
            subject: oneLine(subjectOf(message, sender)),
            text: textOf(message, sender),
            messageId: `<${message.id}@bifrost.invalid>`,
          })) as { rejected?: readonly unknown[] }
          // Some took it: to send it again would tell those twice.
          if (rejected !== undefined && rejected.length > 0)
            log.warn({ receiver: name, recipients: rejected.map(String) }, 'The mail server does not take alerts for some of the addresses; the others are told.') // prettier-ignore
        } catch (error) {
          throw signal.aborted ? signal.reason : mailError(where, error)
        } finally {
          signal.removeEventListener('abort', onAbort)
          socket.destroy()
        }
      },
      close: () => undefined,
    }
  },
})

/** What of the server's answer means that it will never take this mail (RFC 5321, 4.2.1: 5yz), its log-in left out: that is put right by people. */
function mailError(where: string, error: unknown): GatewayError {
  const words = tlsWords(error)
  if (words !== undefined) return new GatewayError('SINK_REFUSED', `no secure connection to ${where}: ${words}`, { cause: error }) // prettier-ignore
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number }
  const said = oneLine(messageOf(error)).slice(0, 300)
  // After STARTTLS the library puts a code of its own in the place of that of TLS.
  if (/certificate|altnames/i.test(said) && code === 'ESOCKET')
    return new GatewayError('SINK_REFUSED', `no secure connection to ${where}: ${said}; give the certificate of its authority as ca`, { cause: error }) // prettier-ignore
  if (code === 'EAUTH') return new GatewayError('SINK_REFUSED', `${where} does not accept this user: ${said}`, { cause: error }) // prettier-ignore
  if (code === 'ETLS') return new GatewayError('SINK_REFUSED', `${where} offers no STARTTLS: ${said}`, { cause: error })
  if (responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE'))
    return new GatewayError('SINK_REJECTED', `${where} does not take this mail: ${said}`, { cause: error })
  return new NotConnectedError(`${where} did not take the mail: ${said}`, { cause: error })
}
