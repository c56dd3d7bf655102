/**
 * What became of a request, as the status of its points (field guide §1; exception codes: Modbus Application Protocol
 * V1.1b3, clause 7). Only a lost connection and the caller's own abort are not a status: they are thrown on.
 */
import { GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { EXCEPTIONS, ModbusException } from '../../protocols/modbus/index.ts'

const BY_EXCEPTION: Record<number, StatusCode> = {
  0x01: Status.BadNotSupported,
  0x02: Status.BadConfigurationError,
  0x03: Status.BadOutOfRange,
  0x04: Status.BadDeviceFailure,
  0x05: Status.BadResourceUnavailable,
  0x06: Status.BadResourceUnavailable,
  0x08: Status.BadDeviceFailure,
  0x0a: Status.BadNoCommunication,
  0x0b: Status.BadTimeout,
}

/** The status of every point of a request that failed. Throws the error itself when the connection is lost or the caller gave up. */
export function statusOfFailure(error: unknown): StatusCode {
  if (error instanceof ModbusException) return BY_EXCEPTION[error.exceptionCode] ?? Status.BadUnexpectedError
  if (!(error instanceof GatewayError) || error instanceof NotConnectedError) throw error
  if (error.code === 'TIMEOUT') return Status.BadTimeout
  if (error.code === 'PROTOCOL_VIOLATION') return Status.BadUnknownResponse
  if (error.code === 'BUSY') return Status.BadResourceUnavailable
  if (error.code === 'INVALID_REQUEST') return Status.BadConfigurationError
  throw error
}

/** As `statusOfFailure`, for a write: a device that acknowledges (05) goes on by itself. */
export function statusOfWriteFailure(error: unknown): StatusCode {
  if (error instanceof ModbusException && error.exceptionCode === 0x05) return Status.GoodCompletesAsynchronously
  return statusOfFailure(error)
}

/** Why a read gave no values, and what that may say about its registers. */
export interface Failure {
  /**
   * 'address': the device has no such registers, or not so many (exceptions 02, 03): the fault of one part of the block.
   * 'refused': another answer without values (01, 04, 08, a cut reply): the fault of a part only when it stays.
   * 'silent': no answer, or a gateway that got none (0A, 0B). 'cut': the connection was lost while it was read. 'busy': says
   * nothing about the registers (05, 06).
   */
  readonly kind: 'address' | 'refused' | 'silent' | 'cut' | 'busy'
  readonly status: StatusCode
  /** `answers exception 02 (illegal data address)`: continues a sentence that begins with the device. */
  readonly words: string
}

/** The connection was lost while this was read; it may be what the device cannot bear. */
export const CUT: Failure = { kind: 'cut', status: Status.BadNoCommunication, words: 'cuts the connection' }

/** The outcome of a read that failed. Throws the error itself when the connection is lost or the caller gave up. */
export function failureOf(error: unknown): Failure {
  const status = statusOfFailure(error)
  if (error instanceof ModbusException) {
    const code = error.exceptionCode
    const name = EXCEPTIONS[code]?.name.toLowerCase() ?? "a code of the vendor's own"
    const number = code.toString(16).toUpperCase().padStart(2, '0')
    const hint = error.hint === undefined ? '' : `, ${error.hint}`
    return { kind: kindOfException(code), status, words: `answers exception ${number} (${name})${hint}` }
  }
  if (status === Status.BadTimeout) return { kind: 'silent', status, words: 'does not answer' }
  if (status === Status.BadResourceUnavailable) return { kind: 'busy', status, words: 'is busy' }
  return { kind: 'refused', status, words: `answers what does not fit (${messageOf(error)})` }
}

function kindOfException(code: number): Failure['kind'] {
  if (code === 0x02 || code === 0x03) return 'address'
  if (code === 0x05 || code === 0x06) return 'busy'
  return code === 0x0a || code === 0x0b ? 'silent' : 'refused'
}
