/**
 * What a server's errors mean for us: those of JetStream by their number (nats-server, server/errors.json), those of connections and
 * logins, each as an error of the catalogue with a sentence that names the cause.
 */
import { BusyError, GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { connectError, endpointOf, type Target } from '../../wire/connect-error.ts'
import { tlsWords } from '../../wire/tls.ts'

/** An error as JetStream answers it. */
export interface JetStreamError {
  readonly code: number
  readonly err_code?: number
  readonly description?: string
}

/** Numbers that concern one message and will not change: larger than its stream takes. */
const REJECTED = new Set([10_054])
/** Numbers after which a person must act: other stream, JetStream not for us, sealed. */
const REFUSED = new Set([10_035, 10_039, 10_052, 10_060, 10_074, 10_076, 10_109])
const BUSY_MS = 1000

/** True when this message, and no other, is refused for good. */
export const isMessageRejected = ({ err_code: number }: JetStreamError): boolean => REJECTED.has(number ?? 0)

export const errorText = ({ description = 'no reason given', err_code: number, code }: JetStreamError): string =>
  `${description} (${number ?? code})`

/** Why a message was not taken, for errors other than those of `isMessageRejected`. */
export function publishRefusal(subject: string, error: JetStreamError): GatewayError {
  const sentence = `the stream did not take a message of subject "${subject}": ${errorText(error)}`
  const details = { errorCode: error.err_code ?? error.code }
  if (REFUSED.has(error.err_code ?? 0)) return new GatewayError('SINK_REFUSED', sentence, { details })
  // 503 is a stream that is full, a store without room, a cluster without a leader: all of them pass.
  if (error.code === 503 || error.code === 429) return new BusyError(sentence, BUSY_MS, { details })
  return new GatewayError('INTERNAL', sentence, { details })
}

/** Why a server cannot be talked to: what is wrong with certificate or login needs a person. */
export function serverError(target: Target, error: unknown, who: string): GatewayError {
  if (error instanceof GatewayError) return error
  const server = endpointOf(target)
  const tls = tlsWords(error)
  if (tls !== undefined) return refused(`no secure connection to ${server}: ${tls}`, error)
  const errors = [...chain(error)]
  const login = errors.find(({ name }) => name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError')
  if (login !== undefined) return refused(`${server} refused ${who}: ${login.message}`, error)
  const seed = errors.find(({ message }) => /^nkeys:|unable to parse credentials/.test(message))
  if (seed !== undefined) return refused(`the seed or credentials cannot be used: ${seed.message}`, error)
  if (errors.some(({ message }) => message.includes("does not support 'tls'")))
    return refused(`${server} offers no TLS; set tls: false if that is meant`, error)
  const system = errors.find((each): each is NodeJS.ErrnoException => 'syscall' in each)
  if (system !== undefined) return connectError(target, system)
  return new NotConnectedError(`${server} ${words(errors[0], target)}`, { cause: error })
}

function words(error: Error | undefined, { connectTimeoutMs }: Target): string {
  // The client's words for a connection that ends before the server has said anything.
  if (error === undefined || error.message.includes('undefined error')) return 'closed the connection at once'
  if (error.name === 'TimeoutError') return `did not answer as a NATS server within ${connectTimeoutMs} ms`
  if (/unexpected response|is not valid JSON|Unexpected token/.test(error.message))
    return 'does not answer as a NATS server; is it the right port?'
  return `cannot be connected: ${error.message}`
}

/** Why a connection ended. */
export function lostError(server: string, error: unknown, who: string): GatewayError {
  const login = [...chain(error)].find(
    ({ name }) => name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError',
  )
  if (login !== undefined) return refused(`${server} no longer accepts ${who}: ${login.message}`, error)
  const why = error instanceof Error ? `: ${messageOf(error)}` : ''
  return new NotConnectedError(`the connection to ${server} is lost${why}`, { cause: error })
}

const refused = (sentence: string, cause: unknown) => new GatewayError('SINK_REFUSED', sentence, { cause })

function* chain(error: unknown, depth = 0): Iterable<Error> {
  if (!(error instanceof Error) || depth > 5) return
  yield error
  yield* chain(error.cause, depth + 1)
}
