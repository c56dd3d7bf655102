/**
 * One request of a session, sent as it is: the library's own way would make a new session in silence when the server has lost
 * ours, and with it every subscription. Errors come out as a status of the service or as a lost connection.
 */
import type { OPCUAClient, ClientSession } from 'node-opcua-client'
import { NotConnectedError } from '../../../core/errors.ts'
import type { StatusCode } from '../../../core/status.ts'

/** The server refused the whole request. */
export class ServiceError extends Error {
  readonly status: StatusCode
  /** The standard's name: `BadSessionIdInvalid`. */
  readonly statusName: string

  constructor(status: StatusCode, statusName: string, message: string) {
    super(message)
    this.name = 'ServiceError'
    this.status = status
    this.statusName = statusName
  }
}

/** No answer in time; the connection may still be there. */
export class NoAnswerError extends Error {}

/** What the library's requests and answers have in common. */
interface Message {
  readonly requestHeader: { requestHandle: number; timeoutHint: number; authenticationToken: unknown }
}
interface Answer {
  readonly responseHeader: {
    readonly timestamp: Date | null
    readonly serviceResult: { readonly value: number; readonly name: string }
  }
}

interface Inner {
  performMessageTransaction(
    request: unknown,
    callback: (error: Error | null | undefined, answer?: Answer) => void,
  ): void
}

/** Statuses that mean: this session, or its channel, is no more. */
const LOST = new Set([
  'BadSessionIdInvalid',
  'BadSessionClosed',
  'BadSessionNotActivated',
  'BadSecureChannelIdInvalid',
  'BadSecureChannelClosed',
  'BadConnectionClosed',
  'BadTcpSecureChannelUnknown',
  'BadSecureChannelTokenUnknown',
  'BadServerHalted',
  'BadShutdown',
])

export const endsSession = (error: unknown): boolean =>
  error instanceof NotConnectedError || (error instanceof ServiceError && LOST.has(error.statusName))

/** A request may be sent again and again: its handle is set back, as the library wants it. */
const NO_HANDLE = 0xdeadbeef

/** Resolves with the answer; rejects with ServiceError, NoAnswerError or NotConnectedError. */
export function transact<T>(
  client: OPCUAClient,
  session: ClientSession,
  request: object,
  timeoutMs: number,
): Promise<T> {
  const { requestHeader } = request as Message
  requestHeader.authenticationToken = session.authenticationToken
  requestHeader.requestHandle = NO_HANDLE
  requestHeader.timeoutHint = timeoutMs
  const name = request.constructor.name.replace(/Request$/, '')
  return new Promise<T>((resolve, reject) => {
    ;(client as unknown as Inner).performMessageTransaction(request, (error, answer) => {
      // Cancelled with a channel that was closed in good order: the library gives neither an error nor an answer.
      if (answer === undefined && !(error instanceof Error))
        return reject(new NotConnectedError(`the connection was closed during ${name}`))
      if (error instanceof Error) return reject(toError(error, name, timeoutMs))
      const { serviceResult } = answer!.responseHeader
      if (serviceResult.value !== 0 && serviceResult.value >= 0x8000_0000)
        return reject(new ServiceError(serviceResult.value, serviceResult.name, `${name}: ${serviceResult.name}`))
      resolve(answer as T)
    })
  })
}

/** What the library threw, sorted. */
function toError(error: Error & { response?: Answer }, name: string, timeoutMs: number): Error {
  const result = error.response?.responseHeader?.serviceResult
  if (result !== undefined) return new ServiceError(result.value, result.name, `${name}: ${result.name}`)
  if (/timed out/i.test(error.message)) return new NoAnswerError(`no answer to ${name} within ${timeoutMs} ms`)
  return new NotConnectedError(`the connection was lost during ${name}: ${error.message}`, { cause: error })
}
