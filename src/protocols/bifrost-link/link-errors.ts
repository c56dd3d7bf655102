/** How a link ends or waits, as the errors that a runner decides by (`delivery/decide.ts`). */
import { BusyError, GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { violation } from '../../wire/reader.ts'
import { tlsWords } from '../../wire/tls.ts'
import type { Refused } from './hello.ts'
import type { Busy } from './messages.ts'

/** What follows from a refusal: waiting, or a person. */
export function refusalError(endpoint: string, { code, reason, retryAfterMs }: Refused): GatewayError {
  const sentence = `${endpoint} refuses the link: ${reason}`
  if (code === 'wait') return new BusyError(sentence, retryAfterMs)
  return code === 'violation' ? violation(sentence) : new GatewayError('SINK_REFUSED', sentence)
}

/** The server asks for patience. */
export const busyError = (endpoint: string, busy: Busy | undefined): BusyError =>
  new BusyError(`${endpoint} asks for patience: ${busy?.reason ?? 'it is busy'}`, busy?.retryAfterMs ?? 1000)

/** Why the stream ended; what TLS refuses wants a person. */
export function lossOf(endpoint: string, error: Error | undefined): GatewayError {
  if (error === undefined) return new NotConnectedError(`${endpoint} closed the connection`)
  const words = tlsWords(error)
  return words === undefined
    ? new NotConnectedError(`the connection to ${endpoint} is lost: ${error.message}`, { cause: error })
    : new GatewayError('SINK_REFUSED', `no secure connection to ${endpoint}: ${words}`, { cause: error })
}

/** What the far side sent is not of this protocol. */
export function brokenBy(endpoint: string, error: unknown): GatewayError {
  if (!(error instanceof GatewayError) || error.code !== 'PROTOCOL_VIOLATION')
    return error instanceof GatewayError ? error : new GatewayError('INTERNAL', messageOf(error), { cause: error })
  return violation(`${endpoint} does not speak as an upstream gateway does (${error.message}); is it the right port?`)
}
