/**
 * The public keys whose signatures this program trusts (ed25519, RFC 8410). Two are pinned: one signs, the other lies in a safe,
 * so that a lost or stolen key is replaced by a release that the spare one signs. `deploy/edge/install.sh` has the same two; a
 * test compares them. These are development keys: `docs/guide/edge.md` tells how to put your own here before a first release.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { GatewayError, messageOf } from '../core/errors.ts'

export const PINNED_KEYS = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEANKsnLCqZ8yboy580CjjLHRkwKEMdaPCLPeQah0ZeMlI=
-----END PUBLIC KEY-----
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAQEiPGF7rF5/LlmRLzGQM3jkufTSXXyQD5+OIdgEKEsI=
-----END PUBLIC KEY-----
`

export interface TrustedKey {
  /** First 16 hex digits of the SHA-256 of the raw 32 bytes of the public key. */
  readonly id: string
  readonly key: KeyObject
}

/** Every public key in a PEM text; throws where one is not ed25519 or there is none. `from` names the text in errors. */
export function parseTrustedKeys(pem: string, from = 'the pinned keys'): readonly TrustedKey[] {
  const blocks = pem.match(/-----BEGIN [^-]+-----[\s\S]*?-----END [^-]+-----/g) ?? []
  if (blocks.length === 0) throw new GatewayError('USAGE', `${from}: there is no PEM public key in it`)
  return blocks.map((block) => trustedKey(block, from))
}

/** The keys of this program. */
export const pinnedKeys = (): readonly TrustedKey[] => parseTrustedKeys(PINNED_KEYS)

function trustedKey(block: string, from: string): TrustedKey {
  if (!block.startsWith('-----BEGIN PUBLIC KEY-----'))
    throw new GatewayError('USAGE', `${from}: expected PUBLIC KEY blocks, and found ${block.split('\n')[0]!}`)
  let key: KeyObject
  try {
    key = createPublicKey(block)
  } catch (cause) {
    throw new GatewayError('USAGE', `${from}: not a public key (${messageOf(cause)})`, { cause })
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new GatewayError('USAGE', `${from}: expected ed25519 keys, and found ${key.asymmetricKeyType ?? 'none'}`)
  return { id: keyIdOf(key), key }
}

/** The id under which a signature names its key. */
export function keyIdOf(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  // RFC 8410: the last 32 bytes of an ed25519 SubjectPublicKeyInfo are the key itself.
  return createHash('sha256').update(spki.subarray(-32)).digest('hex').slice(0, 16)
}
