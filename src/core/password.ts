/** Passwords against their hashes, PHC strings: `$scrypt$ln=15,r=8,p=1$salt$hash` and, where Node has it, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
import * as crypto from 'node:crypto'
import { promisify } from 'node:util'

const scrypt = promisify(crypto.scrypt) as (
  password: string,
  salt: Buffer,
  length: number,
  options: crypto.ScryptOptions,
) => Promise<Buffer>

interface Hash {
  readonly kind: 'scrypt' | 'argon2id'
  readonly parameters: Readonly<Record<string, number>>
  readonly salt: Buffer
  readonly hash: Buffer
}

/** A hash that takes more than this would be a way to stop the server: 2^17 × 8 × 128 bytes are 128 MiB. */
const MOST_LN = 17
const MOST_ARGON_KIB = 262_144
/** Checked where there is no such user. */
const NOBODY = '$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

export const isPasswordHash = (text: string): boolean => parseHash(text) !== undefined

/** Undefined in place of a hash takes as long and is never right. */
export async function verifyPassword(hash: string | undefined, password: string): Promise<boolean> {
  const wanted = parseHash(hash ?? NOBODY)!
  const made = await derive(wanted, password)
  return crypto.timingSafeEqual(made, wanted.hash) && hash !== undefined
}

/** The hash of a password, to be put into the file of users. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.randomBytes(16)
  const parameters = { ln: 15, r: 8, p: 1 }
  const hash = await derive({ kind: 'scrypt', parameters, salt, hash: Buffer.alloc(32) }, password)
  return `$scrypt$ln=15,r=8,p=1$${bare(salt)}$${bare(hash)}`
}

const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

function parseHash(text: string): Hash | undefined {
  const [, kind, parameters = '', salt = '', hash = ''] =
    /^\$(scrypt|argon2id)\$(?:v=19\$)?([a-z0-9=,]+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text) ?? []
  const numbers = Object.fromEntries(
    parameters.split(',').map((each) => [each.split('=')[0]!, Number(each.split('=')[1])]),
  )
  const bytes = Buffer.from(hash, 'base64')
  if (bytes.length < 16 || bytes.length > 64) return undefined
  const isSound =
    kind === 'scrypt'
      ? within(numbers.ln, 10, MOST_LN) && within(numbers.r, 1, 8) && within(numbers.p, 1, 4)
      : kind === 'argon2id' &&
        'argon2' in crypto &&
        within(numbers.m, 8, MOST_ARGON_KIB) &&
        within(numbers.t, 1, 16) &&
        within(numbers.p, 1, 4)
  if (!isSound) return undefined
  return { kind: kind as Hash['kind'], parameters: numbers, salt: Buffer.from(salt, 'base64'), hash: bytes }
}

const within = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && Number.isInteger(value) && value >= least && value <= most

async function derive({ kind, parameters, salt, hash }: Hash, password: string): Promise<Buffer> {
  const { ln, r, p, m, t } = parameters
  if (kind === 'scrypt')
    return scrypt(password, salt, hash.length, { N: 2 ** ln!, r: r!, p: p!, maxmem: 2 ** ln! * r! * 256 })
  const argon2 = promisify(crypto.argon2)
  return Buffer.from(
    await argon2('argon2id', {
      message: password,
      nonce: salt,
      parallelism: p!,
      tagLength: hash.length,
      memory: m!,
      passes: t!,
    }),
  )
}
