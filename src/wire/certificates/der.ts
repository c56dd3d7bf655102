/**
 * The part of DER (ITU-T X.690) that X.509 certificates, signing requests and revocation lists are made of: reading for what
 * Node's own X509Certificate does not tell, writing for our own certificate.
 */

/** One element: tag, length, content. `raw` is all of it. */
export interface Element {
  readonly tag: number
  readonly content: Buffer
  readonly raw: Buffer
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Context-specific tags: `[0]` as primitive (IMPLICIT of a string) or constructed (EXPLICIT, or IMPLICIT of a sequence). */
export const context = (number: number, isConstructed = false): number => (isConstructed ? 0xa0 : 0x80) | number

/** The element at `at`; throws a RangeError where the bytes are none. */
export function readElement(bytes: Buffer, at = 0): Element {
  const { tag, start, end } = readHeader(bytes, at)
  return { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) }
}

/** Tag of the element at `at`, and where its content begins and ends; throws a RangeError where the bytes are none. */
export function readHeader(bytes: Buffer, at: number) {
  const tag = byteAt(bytes, at)
  if ((tag & 0x1f) === 0x1f) throw new RangeError('a tag of several bytes has no place here')
  let start = at + 2
  let length = byteAt(bytes, at + 1)
  if (length > 0x80 && length <= 0x84) {
    const count = length & 0x7f
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, start + i)
    start += count
  } else if (length >= 0x80) throw new RangeError('a length that DER does not allow')
  if (start + length > bytes.length) throw new RangeError('it ends in the middle')
  return { tag, start, end: start + length }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('it ends in the middle')
  return byte
}

/** The elements that stand one after the other in `bytes`. */
function readAll(bytes: Buffer): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length;) {
    const element = readElement(bytes, at)
    elements.push(element)
    at += element.raw.length
  }
  return elements
}

/** What a SEQUENCE (or what else `tag` says) holds. */
export function readInside(element: Element | undefined, tag: number = Tag.sequence): Element[] {
  if (element?.tag !== tag) throw new RangeError('an element is missing or of another type')
  return readAll(element.content)
}

/** `1.2.840.113549.1.1.11` */
export function readOid({ content }: Element): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - 40 * root, ...rest].join('.')
}

/** A UTCTime or GeneralizedTime of RFC 5280 (4.1.2.5), in ms since 1970; NaN where it is none. */
export function readTime({ tag, content }: Element): number {
  const text = content.toString('latin1')
  const digits = tag === Tag.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/** One element out of its content, in pieces. */
export function write(tag: number, ...pieces: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(pieces)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content])
}

export const writeSequence = (...pieces: readonly Uint8Array[]): Buffer => write(Tag.sequence, ...pieces)

export const writeUtf8 = (text: string): Buffer => write(Tag.utf8String, Buffer.from(text))

/** An integer that is not negative, given as its bytes. */
export function writeInteger(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const shortest = start < 0 ? Buffer.from([0]) : bytes.subarray(start)
  return write(Tag.integer, shortest[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), shortest]) : shortest)
}

export function writeOid(oid: string): Buffer {
  const [root = 0, second = 0, ...rest] = oid.split('.').map(Number)
  return write(Tag.oid, Buffer.from([root * 40 + second, ...rest].flatMap(arcBytes)))
}

function arcBytes(arc: number): number[] {
  const bytes = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128))
  return bytes
}

/** RFC 5280, 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
export function writeTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return text < '2050' ? write(Tag.utcTime, Buffer.from(text.slice(2))) : write(Tag.generalizedTime, Buffer.from(text))
}

/** A BIT STRING of whole bytes, or with so many unused bits at its end. */
export const writeBits = (bytes: Uint8Array, unused = 0): Buffer => write(Tag.bitString, Buffer.from([unused]), bytes)
