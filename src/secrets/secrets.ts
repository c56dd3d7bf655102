/**
 * Secrets at rest: what is secret is sealed with the key of this installation before it reaches the disk (`envelope.ts`), and records are
 * signed with keys that are derived from it. DATA/secret.ids names the keys that were ever used here, so that a key that is missing or
 * another one is said at the start, before anything would be written with it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { keyIdOf, openWith, sealWith } from './envelope.ts'
import { KEY_FILE, keySource, readKeys, wordsOf, type KeyOptions, type KeySource } from './key-source.ts'
import { deriveKey, newKeyText, type Key } from './keyring.ts'
import { putFile, putNewFile } from '../core/durable-file.ts'

export interface SecretsOptions extends KeyOptions {
  readonly log: Log
}

export interface Secrets {
  readonly source: KeySource
  /** The id of the key in use; all that can be opened. */
  readonly keyId: string
  readonly keyIds: readonly string[]
  /** A text that only this installation can open, and only for the same place. */
  seal(place: string, bytes: Uint8Array): string
  /** Throws CONFIG_INVALID that says why it does not open; the sealed text is not touched. */
  open(place: string, sealed: string): Buffer
  /** Whether it is sealed with the key in use; what is not should be sealed anew when it is opened. */
  isCurrent(sealed: string): boolean
  /** Signs for one purpose; undefined where the key of this id is not here. */
  signer(purpose: string, keyId?: string): Signer | undefined
}

export interface Signer {
  readonly keyId: string
  /** HMAC-SHA256. */
  sign(...parts: readonly (string | Uint8Array)[]): Buffer
  verify(signature: Uint8Array, ...parts: readonly (string | Uint8Array)[]): boolean
}

const IDS_FILE = 'secret.ids'

/** The secrets of a data folder, which is there. Throws CONFIG_INVALID where its key is missing, unreadable or another one. */
export async function openSecrets(data: string, options: SecretsOptions): Promise<Secrets> {
  const source = keySource(data, options)
  const known = await readIds(data)
  const keys = (await readKeys(source, options)) ?? (await makeKeys(data, source, known, options))
  const held = new Set(keys.map(({ id }) => id))
  if (known.length > 0 && !known.some((id) => held.has(id))) throw anotherKey(data, source, known, keys)
  const current = keys[0]!
  if (!known.includes(current.id)) await putFile(join(data, IDS_FILE), `${[...known, current.id].join('\n')}\n`)
  return createSecrets(keys, source)
}

/** For who only looks, such as a check without a gateway: nothing is made. Undefined where there is no key. */
export async function readSecrets(data: string, options: KeyOptions): Promise<Secrets | undefined> {
  const source = keySource(data, options)
  const keys = await readKeys(source, options)
  return keys && createSecrets(keys, source)
}

/** Adds a new key in front of the others in DATA/secret.key; the next start takes it. Throws USAGE where the key comes from elsewhere. */
export async function rotateKey(data: string, options: KeyOptions): Promise<{ from: string; to: string }> {
  const source = keySource(data, options)
  if (source.kind !== 'data')
    throw new GatewayError(
      'USAGE',
      `The key comes from ${wordsOf(source)}: put a new one (\`bifrost secrets key\`) as its first line there, leave the old one below it, and start the gateway anew.`,
    )
  const keys = await readKeys(source, options)
  if (keys === undefined) throw new GatewayError('NOT_FOUND', `There is no ${source.name}: the first start makes it.`)
  const lines = [newKeyText(), ...keys.map(({ bytes }) => bytes.toString('base64'))]
  await putFile(source.name, keyFileText(lines))
  const [now] = (await readKeys(source, options))!
  return { from: keys[0]!.id, to: now!.id }
}

function createSecrets(keys: readonly Key[], source: KeySource): Secrets {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const current = keys[0]!
  return {
    source,
    keyId: current.id,
    keyIds: [...byId.keys()],
    seal: (place, bytes) => sealWith(current, place, bytes),
    open(place, sealed) {
      const id = keyIdOf(sealed)
      if (id === undefined) throw new GatewayError('CONFIG_INVALID', `The secret ${place} is no sealed text.`)
      const key = byId.get(id)
      if (key === undefined)
        throw new GatewayError(
          'CONFIG_INVALID',
          `The secret ${place} is sealed with the key ${id}, which is not among those of ${wordsOf(source)}: add that key as a further line.`,
        )
      const opened = openWith(key, place, sealed)
      if (opened !== undefined) return opened
      throw new GatewayError('CONFIG_INVALID', `The secret ${place} was changed, or was sealed for another place.`)
    },
    isCurrent: (sealed) => keyIdOf(sealed) === current.id,
    signer(purpose, keyId = current.id) {
      const key = byId.get(keyId)
      return key && createSigner(keyId, deriveKey(key, `sign ${purpose}`))
    },
  }
}

function createSigner(keyId: string, key: Buffer): Signer {
  const sign = (...parts: readonly (string | Uint8Array)[]): Buffer => {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }
  return {
    keyId,
    sign,
    verify(signature, ...parts) {
      const own = sign(...parts)
      return own.length === signature.length && timingSafeEqual(own, signature)
    },
  }
}

/** Only DATA/secret.key is ever made by us, and never in place of one that is missing. */
async function makeKeys(data: string, source: KeySource, known: readonly string[], options: SecretsOptions) {
  if (source.kind !== 'data')
    throw new GatewayError('CONFIG_INVALID', `The key of secrets: ${wordsOf(source)} is not there.`)
  if (known.length > 0) throw missingKey(data, known)
  await putNewFile(source.name, keyFileText([newKeyText()]))
  options.log.info(
    { file: source.name },
    `A key for secrets was made: ${source.name}. Keep it apart from backups of the data folder.`,
  )
  return (await readKeys(source, options))!
}

const keyFileText = (lines: readonly string[]): string =>
  ['# Opens the secrets of this gateway, signs its audit log. The first is in use. Keep it apart from backups.', ...lines, ''].join('\n') // prettier-ignore

async function readIds(data: string): Promise<string[]> {
  const text = await readFile(join(data, IDS_FILE), 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').filter((line) => /^[0-9a-f]{16}$/.test(line))
}

const WAY_OUT = (data: string): string =>
  `Without it, what was sealed stays closed for ever; only then remove ${join(data, IDS_FILE)} to begin anew.`

const missingKey = (data: string, known: readonly string[]): GatewayError =>
  new GatewayError(
    'CONFIG_INVALID',
    `The key of secrets is missing: ${join(data, KEY_FILE)} is not there, and secrets are sealed with ${known.at(-1)}. Bring it back from where you keep it. ${WAY_OUT(data)}`,
  )

const anotherKey = (data: string, source: KeySource, known: readonly string[], keys: readonly Key[]): GatewayError =>
  new GatewayError(
    'CONFIG_INVALID',
    `The key of secrets is another one: ${wordsOf(source)} has ${keys.map(({ id }) => id).join(', ')}, and ${data} was used with ${known.at(-1)}. Nothing was changed. Add the key of before as a second line. ${WAY_OUT(data)}`,
  )
