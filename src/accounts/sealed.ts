/** Small objects that a browser keeps for us and can neither read nor change: AES-256-GCM with a key of this process. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const LONGEST = 4096

export class Sealer {
  readonly #key = randomBytes(32)

  seal(value: object): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')
  }

  /** Undefined for what this process did not seal. */
  open(sealed: string): unknown {
    if (sealed.length > LONGEST) return undefined
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < 29) return undefined
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAuthTag(bytes.subarray(12, 28))
      const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
      return JSON.parse(text.toString('utf8'))
    } catch {
      return undefined
    }
  }
}
