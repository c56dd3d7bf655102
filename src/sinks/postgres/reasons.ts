/**
 * What PostgreSQL's SQLSTATE codes (Appendix A) and the errors of its sockets mean for us, each as an error of the catalogue
 * with a sentence that says what to do.
 */
import { BusyError, GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { connectError } from '../../wire/connect-error.ts'
import { tlsWords } from '../../wire/tls.ts'
import { parseServer } from './options.ts'

const BUSY_MS = 2000
const CONFLICT_MS = 100

/** An error that the server itself reported. */
export interface ServerError extends Error {
  readonly code: string
  readonly where?: string
  readonly detail?: string
  readonly constraint?: string
  readonly table?: string
  readonly severity: string
}

export const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && 'severity' in error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code))

/** Who speaks with whom, for sentences. */
export interface Place {
  readonly url: string
  readonly username: string
  readonly schema: string
}

/**
 * Data that this row brings and the table will not have: its type's limits (22), its constraints (23), a trigger's own words
 * (P0001). Which row it was stands in `lineOf`.
 */
export const isAboutData = (error: unknown): error is ServerError =>
  isServerError(error) && (/^2[23]/.test(error.code) || error.code === 'P0001')

/** The row of a COPY that the error is about, counted from 1; undefined where the server does not say. */
export function lineOf(error: ServerError): number | undefined {
  const line = /^COPY .*?, line (\d+)/m.exec(error.where ?? '')?.[1]
  return line === undefined ? undefined : Number(line)
}

/** Any error of the connection or of a statement. */
export function postgresError(place: Place, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return isServerError(error) ? fromServer(place, error) : fromSocket(place, error)
}

function fromServer(place: Place, error: ServerError): GatewayError {
  const { url, username } = place
  const { code, message } = error
  const extra = { cause: error, details: { sqlState: code } }
  const refused = (sentence: string) => new GatewayError('SINK_REFUSED', sentence, extra)
  switch (code) {
    case '28P01':
      return refused(`${url} refused user "${username}": wrong user name or password (${message})`)
    case '28000':
      return refused(`${url} does not let user "${username}" in: ${message}`)
    case '3D000':
      return refused(`${url}: ${message}; create it: CREATE DATABASE … OWNER "${username}"`)
    case '42501':
      return refused(`${url}: ${message}; ${grantFor(place, message)}`)
    case '54011':
    case '54000':
      return refused(`${url}: ${message}; layout: narrow has no such limit`)
    case '25006':
      return new NotConnectedError(`${url} is read only, perhaps a standby: ${message}`, extra)
    case '42P01':
    case '42703':
      return new NotConnectedError(`${url}: ${message}; the tables are looked at again with the next connection`, extra)
    case '57014':
      return new GatewayError('TIMEOUT', `${url} gave up a statement: ${message}`, extra)
    case '57P03':
    case '55P03':
      return new BusyError(`${url} is busy: ${message}`, BUSY_MS, extra)
    case '40001':
    case '40P01':
      return new BusyError(`${url} asks to try again: ${message}`, CONFLICT_MS, extra)
  }
  if (code.startsWith('28')) return refused(`${url} does not let user "${username}" in: ${message}`)
  if (/^(53|58)/.test(code)) return new BusyError(`${url} has no room at the moment: ${message}`, BUSY_MS, extra)
  if (/^(08|57P)/.test(code)) return new NotConnectedError(`${url} ended the connection: ${message}`, extra)
  if (/^(0A|3F|42)/.test(code)) return refused(`${url} does not take our statement: ${message} (${code})`)
  return new GatewayError('INTERNAL', `${url}: ${message} (${code})`, extra)
}

/** The grant that a "permission denied" asks for. */
function grantFor({ username, schema }: Place, message: string): string {
  const role = `"${username}"`
  const [, kind = '', name = ''] =
    /permission denied for (table|relation|sequence|schema|database|view) (.+)$/.exec(message) ?? []
  if (kind === 'schema') return `GRANT USAGE, CREATE ON SCHEMA "${name.replaceAll('"', '')}" TO ${role}`
  if (kind === 'database') return `GRANT CREATE, TEMPORARY ON DATABASE "${name.replaceAll('"', '')}" TO ${role}`
  if (kind === 'sequence') return `GRANT USAGE ON SEQUENCE "${schema}"."${name}" TO ${role}`
  if (kind !== '') return `GRANT SELECT, INSERT, UPDATE ON "${schema}"."${name}" TO ${role}`
  if (message.includes('temporary tables')) return `GRANT TEMPORARY ON DATABASE … TO ${role}`
  if (message.startsWith('must be owner'))
    return `make ${role} its owner, or set createSchema: false and run the statement as the owner`
  return `grant it to ${role}`
}

function fromSocket({ url, username }: Place, error: unknown): GatewayError {
  const words = tlsWords(error)
  const message = messageOf(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (words !== undefined)
    return new GatewayError('SINK_REFUSED', `no secure connection to ${url}: ${words}`, { cause: error })
  if (message.includes('does not support SSL'))
    return new GatewayError('SINK_REFUSED', `${url} offers no TLS; turn it on there (ssl = on), or set tls: false for an open connection`, { cause: error }) // prettier-ignore
  if (message.includes('SSL connection'))
    return new NotConnectedError(`${url} did not answer as a PostgreSQL server`, { cause: error })
  if (/password must be a/.test(message))
    return new GatewayError('SINK_REFUSED', `${url} wants a password of user "${username}", and none is configured`, { cause: error }) // prettier-ignore
  if (message.startsWith('SASL'))
    return new GatewayError('SINK_REFUSED', `${url} and we do not agree on a login: ${message}`, { cause: error })
  if (message.startsWith('Connection terminated'))
    return new NotConnectedError(`${url} closed the connection`, { cause: error })
  if (code === undefined) return new NotConnectedError(`${url} cannot be used: ${message}`, { cause: error })
  return connectError({ ...parseServer(url), connectTimeoutMs: 0 }, { code, message })
}
