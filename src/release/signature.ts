/** Signatures over the bytes of a manifest: `manifest.json.sig`, one or more lines `KEYID BASE64` (FORMAT.md). */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import { keyIdOf, type TrustedKey } from './keys.ts'
import { SIGNATURE_FILE } from './manifest.ts'

/** More is no signature file. */
export const MAX_SIGNATURE_BYTES = 16 * 1024
const LINE = /^([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)$/

/** A line of `manifest.json.sig`, with its newline, by an ed25519 private key in PEM. */
export function signManifest(bytes: Uint8Array, privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem)
  if (key.asymmetricKeyType !== 'ed25519')
    throw new GatewayError('USAGE', `a release is signed with an ed25519 key, not ${key.asymmetricKeyType ?? 'this'}`)
  return `${keyIdOf(createPublicKey(key))} ${sign(null, bytes, key).toString('base64')}\n`
}

/**
 * The id of the first trusted key that signed these bytes; throws RELEASE_REFUSED: no line, a line that is none, no key that is
 * trusted, or a signature that does not fit. One good signature is enough: while keys change, a release has two.
 */
export function verifySignature(bytes: Uint8Array, signatures: string, trusted: readonly TrustedKey[]): string {
  const lines = signatures.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw refusal(`${SIGNATURE_FILE} is empty: the release is not signed`)
  const parsed = lines.map((line, at) => parseLine(line, at + 1))
  const known = parsed.filter(({ id }) => trusted.some((one) => one.id === id))
  if (known.length === 0)
    throw refusal(
      `the release is signed by ${list(parsed)}, and this program trusts only ${list(trusted)}: it is not ours, or you need a newer installer`,
    )
  const good = known.find(({ id, signature }) =>
    trusted.some((one) => one.id === id && verify(null, bytes, one.key, signature)),
  )
  if (good === undefined)
    throw refusal(
      `the signature of key ${list(known)} does not fit the manifest: the file was changed after it was signed, or was not copied whole`,
    )
  return good.id
}

function parseLine(line: string, number: number): { id: string; signature: Buffer } {
  const match = LINE.exec(line.trimEnd())
  if (match === null)
    throw refusal(`${SIGNATURE_FILE}:${number}: expected the id of a key (16 hex digits), a space and base64`)
  return { id: match[1]!, signature: Buffer.from(match[2]!, 'base64') }
}

const list = (keys: readonly { readonly id: string }[]): string => keys.map(({ id }) => id).join(', ')
const refusal = (message: string): GatewayError => new GatewayError('RELEASE_REFUSED', message)
