/**
 * Keys of an installation as text: one a line, the first is in use, the others open what was sealed before. A key is 32 random
 * bytes, in base64 or hexadecimal; a file of exactly 32 bytes is one key as it is. Lines that begin with # say something to people.
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto'

export const KEY_BYTES = 32
const MOST_KEYS = 32
const HEX = /^[0-9a-fA-F]{64}$/
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/

/** One key of the installation. */
export interface Key {
  /** Tells keys apart and gives nothing away: the first 8 bytes of a hash, in hexadecimal. */
  readonly id: string
  readonly bytes: Buffer
}

/** The keys in the content of a key file; a sentence where it is none. What the file holds is never part of the sentence. */
export function parseKeys(content: Buffer): Key[] | string {
  if (content.length === KEY_BYTES) return [toKey(Buffer.from(content))]
  const lines = content.toString('latin1').split(/\r?\n/).map((line) => line.trim()) // prettier-ignore
  const texts = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (texts.length === 0) return 'holds no key'
  if (texts.length > MOST_KEYS) return `holds more than ${MOST_KEYS} lines`
  const wrong = texts.findIndex((text) => !HEX.test(text) && !BASE64.test(text))
  if (wrong >= 0)
    return `is no file of keys: each line is 32 random bytes in base64 or hexadecimal (the key number ${wrong + 1} is not); \`bifrost secrets key\` makes one`
  const keys = texts.map((text) => toKey(HEX.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')))
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) return 'holds the same key twice'
  if (keys.some(({ bytes }) => bytes.every((byte) => byte === bytes[0]))) return 'holds a key that is not random'
  return keys
}

/** A new key, as a line of a key file. */
export const newKeyText = (): string => randomBytes(KEY_BYTES).toString('base64')

/** A key for one purpose alone (HKDF, RFC 5869): what is known of one says nothing of another. */
export const deriveKey = ({ bytes }: Key, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), `bifrost ${purpose}`, KEY_BYTES))

const toKey = (bytes: Buffer): Key => ({
  bytes,
  id: createHash('sha256').update('bifrost key id ').update(bytes).digest('hex').slice(0, 16),
})
