/**
 * Exception replies of a device, with the names of Modbus Application Protocol V1.1b3, clause 7. The connection stays:
 * an exception is an answer.
 */
import { GatewayError } from '../../core/errors.ts'

/** Names and what they mean for people; other codes are the vendor's own. */
export const EXCEPTIONS: Readonly<Record<number, { readonly name: string; readonly meaning: string }>> = {
  1: { name: 'ILLEGAL FUNCTION', meaning: 'the device does not know this function' },
  2: { name: 'ILLEGAL DATA ADDRESS', meaning: 'the device has no such address, or the block reaches past its end' },
  3: { name: 'ILLEGAL DATA VALUE', meaning: 'the device does not accept this quantity or value' },
  4: { name: 'SERVER DEVICE FAILURE', meaning: 'the device failed while it answered' },
  5: { name: 'ACKNOWLEDGE', meaning: 'the device is still working on it' },
  6: { name: 'SERVER DEVICE BUSY', meaning: 'the device is busy' },
  8: { name: 'MEMORY PARITY ERROR', meaning: 'the device found its memory damaged' },
  10: { name: 'GATEWAY PATH UNAVAILABLE', meaning: 'the gateway in between has no path to this unit' },
  11: { name: 'GATEWAY TARGET DEVICE FAILED TO RESPOND', meaning: 'the unit behind the gateway did not answer' },
}

/** `exception 02 ILLEGAL DATA ADDRESS: the device has no such address …`. */
export function describeException(code: number): string {
  const known = EXCEPTIONS[code]
  const text = `exception ${code.toString(16).toUpperCase().padStart(2, '0')}`
  return known === undefined ? `${text}, a code of the vendor's own` : `${text} ${known.name}: ${known.meaning}`
}

/** A device answered with an exception (client), or a unit wants it answered (server). */
export class ModbusException extends GatewayError {
  /** 1…255. */
  readonly exceptionCode: number
  /** What else it may mean on this connection: `or the role in our client certificate …`. */
  readonly hint: string | undefined

  constructor(
    exceptionCode: number,
    message = describeException(exceptionCode),
    details: Record<string, unknown> = {},
    hint?: string,
  ) {
    super('DEVICE_REFUSED', message, { details: { ...details, exceptionCode } })
    this.name = 'ModbusException'
    this.exceptionCode = exceptionCode
    this.hint = hint
  }
}
