/** Every file of a configuration is UTF-8; one that is not would be read as other words than were written. */
import { isUtf8 } from 'node:buffer'

/** Line and column of the first line that is not UTF-8; undefined when all of it is. */
export function firstForeignLine(bytes: Buffer): { line: number; column: number } | undefined {
  if (isUtf8(bytes)) return undefined
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const lineBreak = bytes.indexOf(10, start)
    const end = lineBreak < 0 ? bytes.length : lineBreak + 1
    if (!isUtf8(bytes.subarray(start, end))) return { line, column: 1 }
    start = end
  }
  return { line: 1, column: 1 }
}
