/**
 * Where the keys of this installation come from, the first that is there: a file (BIFROST_SECRETS_KEY_FILE, then `secrets.keyFile`), a
 * credential of systemd (systemd.exec(5), LoadCredential=), a command that asks a KMS, or DATA/secret.key, made at the first start.
 * The last one lies beside what it protects: it keeps a backup that leaves it out, or a disk without it, from telling anything.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { GatewayError, messageOf } from '../core/errors.ts'
import { parseKeys, type Key } from './keyring.ts'

export interface KeyOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `secrets.keyFile`, absolute. */
  readonly keyFile?: string | undefined
  /** `secrets.keyCommand`: program and arguments, run without a shell; prints the keys as a key file has them. */
  readonly keyCommand?: readonly string[] | undefined
}

export type KeyKind = 'file' | 'credential' | 'command' | 'data'

export interface KeySource {
  readonly kind: KeyKind
  /** The file, or the program. */
  readonly name: string
}

export const KEY_FILE = 'secret.key'
const CREDENTIAL = 'bifrost-key'
const COMMAND_MS = 10_000
const COMMAND_BYTES = 16_384

/** Which of them is meant; its content is not read. */
export function keySource(data: string, { env, keyFile, keyCommand }: KeyOptions): KeySource {
  const named = env.BIFROST_SECRETS_KEY_FILE
  if (named !== undefined && named !== '') return { kind: 'file', name: named }
  if (keyFile !== undefined) return { kind: 'file', name: keyFile }
  // The folder may hold the credentials of something else only.
  const credential = join(env.CREDENTIALS_DIRECTORY ?? '', CREDENTIAL)
  if (isAbsolute(credential) && existsSync(credential)) return { kind: 'credential', name: credential }
  if (keyCommand !== undefined) return { kind: 'command', name: keyCommand[0]! }
  return { kind: 'data', name: join(data, KEY_FILE) }
}

/** The keys of a source, the one in use first; undefined where the file is not there. Throws CONFIG_INVALID for what is no key. */
export async function readKeys(source: KeySource, { keyCommand = [] }: KeyOptions): Promise<Key[] | undefined> {
  const content = source.kind === 'command' ? await run(keyCommand) : await readFileOf(source.name)
  if (content === undefined) return undefined
  const keys = parseKeys(content)
  content.fill(0)
  if (typeof keys === 'string')
    throw new GatewayError('CONFIG_INVALID', `The key of secrets: ${wordsOf(source)} ${keys}.`)
  return keys
}

/** `the file /run/key`. */
export const wordsOf = ({ kind, name }: KeySource): string =>
  kind === 'command'
    ? `what the command ${name} prints`
    : `the ${kind === 'credential' ? 'credential' : 'file'} ${name}`

async function readFileOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const detail = `The key of secrets, ${path}, cannot be read: ${messageOf(cause)}. Give the user of the gateway the right to read it.`
    throw new GatewayError('CONFIG_INVALID', detail, { cause })
  }
}

/** Neither output is ever shown: a KMS may say the key in its errors, too. */
function run([program = '', ...args]: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { timeout: COMMAND_MS, killSignal: 'SIGKILL', maxBuffer: COMMAND_BYTES, encoding: 'buffer', windowsHide: true } as const // prettier-ignore
    execFile(program, args, options, (error, stdout) => {
      if (error === null) return resolve(stdout)
      const why = error.killed === true ? `took longer than ${COMMAND_MS / 1000} s or said too much` : endOf(error)
      const detail = `The key of secrets: the command ${program} ${why}. Run it by hand as the user of the gateway.`
      reject(new GatewayError('CONFIG_INVALID', detail))
    }).stdin?.end()
  })
}

const endOf = ({ code }: { code?: string | number | null | undefined }): string =>
  typeof code === 'number' ? `ended with exit code ${code}` : `could not be run (${code ?? 'ended by a signal'})`
