/**
 * What is secret, as it lies on the disk:
 *
 *     sealed = "bifrost:1:" key-id ":" base64url( nonce(12) ciphertext tag(16) )
 *
 * AES-256-GCM (NIST SP 800-38D) with a random nonce; the additional data are version, key id and the place, so that a sealed text that
 * was copied to another place does not open there.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { deriveKey, type Key } from './keyring.ts'

const VERSION = 'bifrost:1:'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORM = /^bifrost:1:([0-9a-f]{16}):([A-Za-z0-9_-]+)$/

/** `place` names what it is and where, such as `accounts/oidc/client-secret`. */
export function sealWith(key: Key, place: string, bytes: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(key, 'seal'), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associated(key.id, place))
  const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return `${VERSION}${key.id}:${sealed.toString('base64url')}`
}

/** The id of the key that a text was sealed with; undefined for what is no sealed text. */
export const keyIdOf = (sealed: string): string | undefined => FORM.exec(sealed)?.[1]

/** Undefined where it was changed, cut, or sealed for another place. */
export function openWith(key: Key, place: string, sealed: string): Buffer | undefined {
  const [, id, text] = FORM.exec(sealed) ?? []
  if (id !== key.id || text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64url')
  // The last letter of base64url has bits to spare: only the one way to write it counts.
  if (bytes.toString('base64url') !== text || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(key, 'seal'), bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associated(id, place))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}

const associated = (id: string, place: string): Buffer => Buffer.from(`${VERSION}${id}:${place}`)
