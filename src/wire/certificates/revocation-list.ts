/** A certificate revocation list (RFC 5280, 5): whose it is, how long it holds, which serial numbers it names, and its signature. */
import { verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import { context, readElement, readHeader, readInside, readOid, readTime, Tag, type Element } from './der.ts'

export interface RevocationList {
  readonly der: Buffer
  /** As encoded, to be compared. */
  readonly issuerName: Buffer
  /** ms since 1970. */
  readonly thisUpdate: number
  /** Undefined: it does not say. */
  readonly nextUpdate: number | undefined
  /** When the certificate with this serial number (hex, as Node writes it) was revoked, ms since 1970; undefined: it was not. */
  revokedAt(serial: string): number | undefined
  /** How many it names. */
  readonly count: number
  /** It has something critical that we do not know: it cannot be relied on. */
  readonly isPartial: boolean
  isSignedBy(key: KeyObject): boolean
}

/** Throws an Error with a sentence where the bytes are no list. */
export function parseRevocationList(bytes: Uint8Array): RevocationList {
  try {
    return parse(Buffer.from(readElement(Buffer.from(bytes)).raw))
  } catch (cause) {
    throw new Error('it is no certificate revocation list', { cause })
  }
}

function parse(der: Buffer): RevocationList {
  const [list, algorithm, signature] = readInside(readElement(der))
  if (list === undefined || signature?.tag !== Tag.bitString) throw new RangeError('an element is missing')
  const fields = readInside(list)
  if (fields[0]?.tag === Tag.integer) fields.shift()
  const [, issuer, thisUpdate, ...rest] = fields
  const nextUpdate = isTime(rest[0]) ? readTime(rest.shift()!) : undefined
  const entries = rest[0]?.tag === Tag.sequence ? rest.shift()!.content : Buffer.alloc(0)
  // All of them are walked over once: a list that is damaged is none.
  let count = 0
  walk(entries, () => void count++)
  const begun = readTime(thisUpdate!)
  if (issuer?.tag !== Tag.sequence || Number.isNaN(begun)) throw new RangeError('an element is missing')
  const isSigned = signedBy(list.raw, signature.content.subarray(1), readInside(algorithm))
  return {
    der,
    issuerName: issuer.raw,
    thisUpdate: begun,
    nextUpdate,
    count,
    revokedAt: (serial) => revokedAt(entries, serial, begun),
    isPartial: hasUnknownCritical(rest.find(({ tag }) => tag === context(0, true))),
    isSignedBy: (key) => {
      try {
        return isSigned(key)
      } catch {
        return false
      }
    },
  }
}

const isTime = (element: Element | undefined): boolean =>
  element?.tag === Tag.utcTime || element?.tag === Tag.generalizedTime

/** `otherwise`: where the list does not say when in a way that can be read. */
function revokedAt(entries: Buffer, serial: string, otherwise: number): number | undefined {
  const wanted = integerOf(serial)
  let found: number | undefined
  walk(entries, (at, start, end) => {
    if (entries.compare(wanted, 0, wanted.length, start, end) !== 0) return false
    const time = readTime(readInside(readElement(entries, at))[1]!)
    found = Number.isNaN(time) ? otherwise : time
    return true
  })
  return found
}

/** The content of the INTEGER that Node writes as hex, with a sign where it is negative. */
function integerOf(serial: string): Buffer {
  const number = serial.startsWith('-') ? -BigInt(`0x${serial.slice(1)}`) : BigInt(`0x${serial}`)
  let bytes = 1
  while (BigInt.asIntN(8 * bytes, number) !== number) bytes++
  return Buffer.from(
    BigInt.asUintN(8 * bytes, number)
      .toString(16)
      .padStart(2 * bytes, '0'),
    'hex',
  )
}

/**
 * Calls `visit` for each entry, with where it begins and where the bytes of its serial number are, until that returns true. No object an entry: a list
 * may have 100,000 of them, and is read for each verdict.
 */
function walk(entries: Buffer, visit: (at: number, start: number, end: number) => boolean | void): void {
  for (let at = 0; at < entries.length;) {
    const entry = readHeader(entries, at)
    const serial = readHeader(entries, entry.start)
    if (entry.tag !== Tag.sequence || serial.tag !== Tag.integer || serial.end > entry.end)
      throw new RangeError('an element is missing or of another type')
    let { start } = serial
    // Zeros in front that DER does not allow say the same number.
    while (start + 1 < serial.end && entries[start] === 0 && entries[start + 1]! < 0x80) start++
    if (visit(at, start, serial.end) === true) return
    at = entry.end
  }
}

/** CRL number, authority key identifier: what a whole list has. A delta or a list of some certificates only is marked as critical. */
function hasUnknownCritical(element: Element | undefined): boolean {
  if (element === undefined) return false
  const known = new Set(['2.5.29.20', '2.5.29.35'])
  return readInside(readElement(element.content)).some((extension) => {
    const [oid, critical] = readInside(extension)
    return critical?.tag === Tag.boolean && critical.content[0] !== 0 && !known.has(readOid(oid!))
  })
}

const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

/** SHA-1 is not among them: anybody with some money can make two lists with one signature. */
function signedBy(bytes: Buffer, signature: Buffer, [oid]: readonly Element[]): (key: KeyObject) => boolean {
  const hash = HASHES[readOid(oid!)]
  return (key) => {
    const input: VerifyKeyObjectInput = { key }
    return hash !== undefined && verify(hash, bytes, input, signature)
  }
}
