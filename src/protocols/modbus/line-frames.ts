/**
 * What finding frames on a serial line gives, the same for RTU and ASCII, client and server: a frame, bytes that were passed
 * over, or "not yet". Pure: no time and no stream; who holds the line says when it was silent.
 */

/** A frame whose check was right. Views: to be used or copied before the next `push`. */
export interface LineFrame {
  readonly kind: 'frame'
  readonly unit: number
  readonly pdu: Uint8Array
  /** The whole frame as it came. */
  readonly bytes: Uint8Array
}

/** Bytes that are no frame: noise, a damaged or an unfinished one. */
export interface PassedOver {
  readonly kind: 'passed'
  readonly bytes: Uint8Array
  /** Why, for people: `CRC is 1234, should be ABCD`. */
  readonly reason: string
  /** A frame was there whose check was wrong. */
  readonly damaged: boolean
  /** It begins like the expected reply: the right unit and function. */
  readonly awaited: boolean
}

/** `push(chunk)`, then `next()` until it gives undefined. Holds at most two frames' worth of bytes between the calls. */
export interface FrameFinder {
  push(chunk: Uint8Array): void
  /** undefined: not yet. */
  next(): LineFrame | PassedOver | undefined
  /** The line was silent: nothing more belongs to what is unfinished. Then `next` until undefined. */
  silence(): void
  /** For a client, whose reply is awaited from now on; a server never calls it. */
  expect(unit: number, request: Uint8Array): void
  /** How many bytes are kept that nothing was said about yet. */
  readonly pending: number
}

/** Modbus over Serial Line V1.02, 2.2: the unit id of a broadcast, which nobody answers. */
export const BROADCAST_UNIT = 0

export const toHex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')
