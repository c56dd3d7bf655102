/** A certificate revocation list (RFC 5280, 5): whose it is, how long it holds, which serial numbers it names, and its signature. */
import { verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import { context, readElement, readInside, readOid, readTime, Tag, type Element } from './der.ts'

export interface RevocationList {
  readonly der: Buffer
  /** As encoded, to be compared. */
  readonly issuerName: Buffer
  /** ms since 1970. */
  readonly thisUpdate: number
  /** Undefined: it does not say. */
  readonly nextUpdate: number | undefined
  /** Serial numbers in capital hex → when each was revoked, ms since 1970. */
  readonly revoked: ReadonlyMap<string, number>
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
  const entries = rest[0]?.tag === Tag.sequence ? readInside(rest.shift()) : []
  const begun = readTime(thisUpdate!)
  if (issuer?.tag !== Tag.sequence || Number.isNaN(begun)) throw new RangeError('an element is missing')
  const isSigned = signedBy(list.raw, signature.content.subarray(1), readInside(algorithm))
  return {
    der,
    issuerName: issuer.raw,
    thisUpdate: begun,
    nextUpdate,
    revoked: new Map(entries.map(revokedOf)),
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

function revokedOf(entry: Element): readonly [string, number] {
  const [serial, at] = readInside(entry)
  return [serialText(serial!.content), readTime(at!)]
}

/** As Node writes the serial number of a certificate. */
const serialText = (bytes: Buffer): string => {
  const hex = bytes
    .toString('hex')
    .toUpperCase()
    .replace(/^(00)+(?=.)/, '')
  return hex === '' ? '00' : hex
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
