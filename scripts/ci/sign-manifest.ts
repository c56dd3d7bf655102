/**
 * Signs what was built and verified elsewhere: `sign-manifest.ts --dir DIR --key FILE` writes manifest.json.sig beside manifest.json, whose bytes stay
 * as they are. A line is `KEYID BASE64`: ed25519 over the bytes of the file, KEYID the first 16 hex digits of the SHA-256 of the raw public key.
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** The line for these bytes, with its newline. */
export function signatureLine(bytes: Uint8Array, privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem)
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`a release is signed with an ed25519 key, not ${key.asymmetricKeyType}`)
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const id = createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex').slice(0, 16)
  return `${id} ${sign(null, bytes, key).toString('base64')}\n`
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { dir: { type: 'string' }, key: { type: 'string' } } })
  if (values.dir === undefined || values.key === undefined) {
    console.error('usage: sign-manifest.ts --dir DIR --key FILE')
    process.exit(2)
  }
  const line = signatureLine(readFileSync(join(values.dir, 'manifest.json')), readFileSync(values.key, 'utf8'))
  writeFileSync(join(values.dir, 'manifest.json.sig'), line)
  console.log(`signed by ${line.split(' ', 1)[0]}`)
}
