/**
 * What a broker's codes mean for us: MQTT 5.0 reason codes (2.4), MQTT 3.1.1 CONNACK return codes (3.2.2.3), and the errors of
 * TLS and sockets, each as an error of the catalogue with a sentence that names the cause.
 */
import { BusyError, GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'

const WORDS: Record<number, string> = {
  1: 'it does not speak this MQTT version',
  2: 'it refuses the client id',
  3: 'it is not available',
  4: 'wrong user name or password',
  5: 'not authorized: wrong user name or password, or no permission',
  0x80: 'unspecified error',
  0x81: 'malformed packet',
  0x82: 'protocol error',
  0x83: 'implementation specific error',
  0x84: 'it does not speak this MQTT version',
  0x85: 'it refuses the client id',
  0x86: 'wrong user name or password',
  0x87: 'not authorized: wrong user name or password, or no permission',
  0x88: 'it is not available',
  0x89: 'it is busy',
  0x8a: 'this client is banned',
  0x8b: 'it is shutting down',
  0x8c: 'it wants another way of authentication',
  0x8d: 'it heard nothing from us for too long',
  0x8e: 'another client connected with the same client id',
  0x90: 'the topic name is invalid',
  0x93: 'more messages in flight than it takes',
  0x95: 'the packet is too large',
  0x96: 'the message rate is too high',
  0x97: 'the quota is exceeded',
  0x98: 'closed by its administrator',
  0x99: 'the payload format is invalid',
  0x9a: 'it keeps no retained messages',
  0x9b: 'it does not support this quality of service',
  0x9c: 'it wants us to use another server',
  0x9d: 'it has moved to another server',
  0x9f: 'too many connections in a short time',
}

/** Codes after which only a person can help: credentials, permissions, settings. */
const REFUSED = new Set([1, 2, 4, 5, 0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x9a, 0x9b, 0x9c, 0x9d])
/** The broker wants the other `protocolVersion`. */
const VERSION = new Set([1, 0x84])
const BUSY = new Set([0x89, 0x96, 0x97])
/** Codes that concern one message and will not change. */
const REJECTED = new Set([0x90, 0x95, 0x99])
const BUSY_MS = 1000

export const reasonText = (code: number): string =>
  `${WORDS[code] ?? 'unknown reason'} (0x${code.toString(16).padStart(2, '0')})`

/** True when this message, and no other, is refused for good. */
export const isMessageRejected = (code: number): boolean => REJECTED.has(code)

/** Why a CONNECT was refused. */
export function connectRefusal(broker: string, code: number, user: string | undefined): GatewayError {
  const who = user === undefined ? 'us (no username is configured)' : `user "${user}"`
  const sentence = `${broker} refused ${who}: ${reasonText(code)}`
  const details = { reasonCode: code }
  if (VERSION.has(code)) {
    const advice = 'protocolVersion: 4 is MQTT 3.1.1, 5 is MQTT 5.0'
    return new GatewayError('SINK_REFUSED', `${broker} refused us: ${reasonText(code)}; ${advice}`, { details })
  }
  if (code === 0x90)
    return new GatewayError('SINK_REFUSED', `${broker} refused the status topic: ${reasonText(code)}`, { details })
  if (REFUSED.has(code)) return new GatewayError('SINK_REFUSED', sentence, { details })
  return BUSY.has(code) ? new BusyError(sentence, BUSY_MS, { details }) : new NotConnectedError(sentence, { details })
}

/** Why a message was not taken, for codes other than those of `isMessageRejected`. */
export function publishRefusal(broker: string, topic: string, code: number): GatewayError {
  const details = { reasonCode: code, topic }
  const sentence = `${broker} did not take a message: ${reasonText(code)}`
  if (REFUSED.has(code)) return new GatewayError('SINK_REFUSED', `${sentence}; topic "${topic}"`, { details })
  return BUSY.has(code)
    ? new BusyError(sentence, BUSY_MS, { details })
    : new GatewayError('INTERNAL', sentence, { details })
}

/** Why the broker closed the connection (MQTT 5 DISCONNECT); undefined: it did not say. */
export function disconnection(broker: string, code: number | undefined, cause?: unknown): GatewayError {
  if (code === undefined) {
    const why = cause === undefined ? '' : `: ${messageOf(cause)}`
    return new NotConnectedError(`the connection to ${broker} is lost${why}`, cause === undefined ? {} : { cause })
  }
  const sentence = `${broker} closed the connection: ${reasonText(code)}`
  const details = { reasonCode: code }
  // One of the messages is to blame, nobody says which: an unknown failure, so that the runner looks for it.
  if (REJECTED.has(code) || code === 0x81) return new GatewayError('INTERNAL', sentence, { details })
  if (REFUSED.has(code)) return new GatewayError('SINK_REFUSED', sentence, { details })
  return BUSY.has(code) ? new BusyError(sentence, BUSY_MS, { details }) : new NotConnectedError(sentence, { details })
}

/** Codes of Node and OpenSSL for certificates and handshakes; the words are in the error already. */
const TLS_CODES = /^(ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/

/** An error of the connection: what TLS refuses needs a person; errors of the catalogue pass as they are. */
export function transportError(broker: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) {
    const { tls } = error.details
    return typeof tls === 'string' ? untrusted(broker, tls, error) : error
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (TLS_CODES.test(code)) return untrusted(broker, messageOf(error), error)
  return new NotConnectedError(`${broker} cannot be connected: ${messageOf(error)}`, {
    cause: error,
    details: { code },
  })
}

const untrusted = (broker: string, why: string, cause: unknown) =>
  new GatewayError('SINK_REFUSED', `no secure connection to ${broker}: ${why}`, { cause })

/** The same for a listener who only has to know that the connection is gone. */
export const toNotConnected = (error: GatewayError): NotConnectedError =>
  error instanceof NotConnectedError ? error : new NotConnectedError(messageOf(error), { cause: error })
