/**
 * Registers that say nothing: what devices put where they have no value (SunSpec Device Information Model, 4.2, and common
 * practice). Zeros fit every type, a marker looks like a number in the wrong ones: nothing is to be concluded from them.
 */

/** Patterns of the first registers, in hex, and what they are. */
const MARKERS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^(0000)+$/, 'Only zeros, which are the same in every type'],
  [/^(ffff)+$/, 'All bits are set: so devices mark registers without a value'],
  [/^(8000)+$/, '8000 in every register: so devices mark an int16 without a value'],
  [/^(80000000)+$/, '8000 0000: so devices mark an int32 without a value'],
  [/^[7f]fc00000/, 'Not a number, read as float32 ABCD: so devices mark a float without a value'],
  [/^0000[7f]fc0/, 'Not a number, read as float32 CDAB: so devices mark a float without a value'],
]

/** What they are when every read says the same nothing; undefined: there is something. */
export function blankReason(reads: readonly Uint8Array[]): string | undefined {
  const [first] = reads
  const same = first !== undefined && reads.every((read) => Buffer.compare(read, first) === 0)
  if (!same) return undefined
  const hex = Buffer.from(first).toString('hex')
  return MARKERS.find(([pattern]) => pattern.test(hex))?.[1]
}
