/**
 * TLS on a connected socket: TLS 1.2 or newer (RFC 8446, RFC 5246), the far side's certificate checked unless one endpoint says
 * `insecure`, our own shown where there is one. What goes wrong is said in words: whose certificate, and which option helps.
 */
import { readFile } from 'node:fs/promises'
import { isIP, type Socket } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TlsSettings } from '../core/driver.ts'
import { GatewayError, messageOf, NotConnectedError } from '../core/errors.ts'
import { endpointOf, type Target } from './connect-error.ts'
import { carriedBy } from './reset.ts'

const UNKNOWN_AUTHORITY = "its certificate's authority is unknown; give the authority's certificate as ca"
const BAD_CERTIFICATE = 'it refuses our client certificate; give as cert and key what it knows'
const NO_COMMON_GROUND = 'no TLS version, cipher or client certificate suits both sides'
const TOO_OLD = 'it speaks no TLS version from 1.2 on; allow 1.2 or 1.3 on the device, older ones are not safe'
const NO_TLS = 'it does not speak TLS on this port; is it the right one?'

const WORDS: Record<string, string> = {
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it on the device, and check the clocks',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed and its authority is unknown; give the certificate as ca',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_REVOKED: 'its certificate was revoked; the device needs a new one',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'it does not know the authority of our client certificate; make it known on the device, or give another cert and key',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate; give cert and key',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NO_COMMON_GROUND,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: TOO_OLD,
  ERR_SSL_UNSUPPORTED_PROTOCOL: TOO_OLD,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: BAD_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: BAD_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: BAD_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: BAD_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'our client certificate has expired; renew cert and key',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'our client certificate was revoked; give another cert and key',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
}

/** The PEM files of an endpoint, read. */
export type TlsFiles = Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>

/** Reads the files that the settings name; CONFIG_INVALID names option and file. */
export async function readTlsFiles(settings: TlsSettings): Promise<TlsFiles> {
  const files: TlsFiles = {}
  for (const option of ['ca', 'cert', 'key'] as const) {
    const file = settings[option]
    if (file !== undefined) files[option] = await pem(option, file)
  }
  return files
}

/**
 * The same for a client library that makes its connections by itself: what `tls.connect` takes. The library's errors get their
 * words from `tlsWords`.
 */
export async function tlsOptionsOf(settings: TlsSettings): Promise<ConnectionOptions> {
  const { serverName, insecure } = settings
  return {
    ...(await readTlsFiles(settings)),
    ...(serverName === undefined ? {} : { servername: serverName }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: insecure !== true,
  }
}

/** What is wrong with a TLS connection, in words; undefined when TLS is not to blame. Looks through `cause`. */
export function tlsWords(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const words = wordsFor(at)
    if (words !== undefined) return words
  }
  return undefined
}

async function pem(option: string, file: string): Promise<Buffer> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the file of ${option} cannot be read: ${messageOf(cause)}`, { cause })
  }
  if (!bytes.includes('-----BEGIN '))
    throw new GatewayError('CONFIG_INVALID', `the file of ${option} is not PEM: ${file}`)
  return bytes
}

/**
 * Resolves when the far side is verified. Rejects with NotConnectedError, `details.tls` saying why in words where TLS is to
 * blame; the socket is destroyed then. With TLS 1.3 a far side may refuse our certificate only after that: its error says so.
 */
export function secure(
  raw: Socket,
  target: Target,
  settings: TlsSettings,
  files: TlsFiles,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    let settled = false
    const settle = (then: () => void) => {
      if (settled) return
      settled = true
      raw.setTimeout(0)
      raw.off('timeout', onTimeout)
      signal?.removeEventListener('abort', onAbort)
      then()
    }
    const fail = (error: unknown) =>
      settle(() => {
        raw.on('error', () => undefined)
        raw.destroy()
        socket?.destroy()
        reject(error)
      })
    const onAbort = () => fail(signal?.reason)
    const onTimeout = () =>
      fail(cut(target, `did not finish the TLS handshake within ${target.connectTimeoutMs} ms`, 'ETIMEDOUT'))
    const socket = startTls(raw, target, settings, files, fail)
    if (socket === undefined) return
    carriedBy(socket, raw)
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    raw.setTimeout(target.connectTimeoutMs)
    raw.once('timeout', onTimeout)
    // Stays: an error after the handshake gets its words before anybody else sees it.
    socket.on('error', (error) => (settled ? explain(error) : fail(handshakeError(target, error))))
    socket.once('close', () => fail(handshakeCut(target)))
    socket.once('secureConnect', () => settle(() => resolve(socket)))
  })
}

/** `tls.connect` throws at once when a certificate or key cannot be parsed. */
function startTls(
  raw: Socket,
  { host }: Target,
  { serverName, insecure, ca, cert, key }: TlsSettings,
  files: TlsFiles,
  fail: (error: unknown) => void,
): TLSSocket | undefined {
  const name = serverName ?? host
  try {
    return connect({
      socket: raw,
      host: name,
      // RFC 6066, 3: no addresses in the server name indication.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...files,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: insecure !== true,
    })
  } catch (cause) {
    const named = Object.entries({ ca, cert, key }).flatMap(([option, file]) => (file ? [`${option} ${file}`] : []))
    const message = `certificate or key cannot be used (${named.join(', ')}): ${messageOf(cause)}`
    queueMicrotask(() => fail(new GatewayError('CONFIG_INVALID', message, { cause })))
    return undefined
  }
}

function handshakeError(target: Target, error: NodeJS.ErrnoException): NotConnectedError {
  if (error.code === 'ECONNRESET') return handshakeCut(target)
  const why = wordsFor(error) ?? error.message
  const endpoint = endpointOf(target)
  return new NotConnectedError(`no secure connection to ${endpoint}: ${why}`, {
    details: { endpoint, reason: error.code ?? 'UNKNOWN', tls: why },
    cause: error,
  })
}

/** Puts words in place of a message such as `tlsv13 alert certificate required:…`. */
function explain(error: NodeJS.ErrnoException): void {
  const words = wordsFor(error)
  // Others, such as an AbortError, may not let their message be changed.
  if (words !== undefined) error.message = words
}

function wordsFor(error: NodeJS.ErrnoException): string | undefined {
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `host name mismatch: ${error.message}; connect to a name that it has, or give that as serverName where there is this option`
  // OpenSSL renamed its alerts from SSLV3_ to SSL/TLS_.
  // An AbortError has a number for its code.
  return typeof error.code === 'string' ? WORDS[error.code.replace('SSL/TLS_ALERT_', 'SSLV3_ALERT_')] : undefined
}

const handshakeCut = (target: Target) =>
  cut(
    target,
    'closed the connection during the TLS handshake; perhaps it does not speak TLS on this port, or wants a client certificate',
    'ECONNRESET',
  )

function cut(target: Target, what: string, reason: string): NotConnectedError {
  const endpoint = endpointOf(target)
  return new NotConnectedError(`${endpoint} ${what}`, { details: { endpoint, reason } })
}
