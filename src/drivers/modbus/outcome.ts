/**
 * What became of a request, as the status of its points (field guide §1; exception codes: Modbus Application Protocol
 * V1.1b3, clause 7). Only a lost connection and the caller's own abort are not a status: they are thrown on.
 */
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { ModbusException } from '../../protocols/modbus/index.ts'

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

/** The device has no such address, or not so many: one part of the block may be at fault (exceptions 02 and 03). */
export const blamesBlock = (error: unknown): boolean =>
  error instanceof ModbusException && (error.exceptionCode === 0x02 || error.exceptionCode === 0x03)
