/**
 * Text in registers, two characters each. It is UTF-8, as far as the bytes are; what is not valid UTF-8 is Latin-1, which
 * older devices use for ° and µ. Unused places at the end are NUL or blank and are not part of the text.
 */
import { isUtf8 } from 'node:buffer'

const NUL = 0x00
const BLANK = 0x20

/** The text in `bytes`, without the NULs and blanks at its end. */
export function decodeText(bytes: Uint8Array): string {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === NUL || bytes[end - 1] === BLANK)) end--
  const used = Buffer.from(bytes.buffer, bytes.byteOffset, end)
  return used.toString(isUtf8(used) ? 'utf8' : 'latin1')
}

/** The text's UTF-8 bytes, filled up with NUL to `length`; undefined when it is longer. */
export function encodeText(text: string, length: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length > length) return undefined
  const padded = new Uint8Array(length)
  padded.set(bytes)
  return padded
}
