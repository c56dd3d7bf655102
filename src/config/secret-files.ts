/**
 * `${secret:name}`: a file of that name in the folder that `secrets.folder` names (a Kubernetes mount is one), else among the credentials
 * of systemd ($CREDENTIALS_DIRECTORY), else in /run/secrets, where containers have theirs. What is in it is never shown.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError, messageOf } from '../core/errors.ts'
import { secretRead } from './file-reading.ts'

/** A secret is a password, a token or a key, not a file of data. */
export const MOST_SECRET_BYTES = 64 * 1024

/** Where containers find theirs. */
const CONTAINER_SECRETS = '/run/secrets'

/** Where the secrets of one configuration lie. */
export class SecretFiles {
  /** The folder that the configuration names, absolute; set while it is read. */
  own: string | undefined
  readonly #others: readonly string[]

  constructor(env: Readonly<Record<string, string | undefined>>, container = CONTAINER_SECRETS) {
    const systemd = env.CREDENTIALS_DIRECTORY
    this.#others = [...(systemd === undefined || systemd === '' ? [] : [systemd]), container]
  }

  /** The one line that the secret's file holds; throws CONFIG_INVALID with a sentence that never shows it. */
  read(name: string): string {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name) || name.length > 255)
      throw invalid(
        `"${name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 80)}" is no name of a secret: letters, digits, dots, dashes and underscores, and no folder`,
      )
    const folders = [...(this.own === undefined ? [] : [this.own]), ...this.#others]
    for (const folder of folders) {
      const file = join(folder, name)
      secretRead(file, null)
      const text = readOne(file, name)
      if (text === undefined) continue
      secretRead(file, text)
      return text
    }
    throw invalid(
      `there is no secret "${name}": looked in ${folders.join(', ')}; \`secrets.folder\` names another folder`,
    )
  }
}

/** Undefined where there is no such file. */
function readOne(file: string, name: string): string | undefined {
  let text: string
  try {
    const stats = statSync(file)
    if (!stats.isFile()) throw invalid(`the secret "${name}" is no file: ${file}`)
    if (stats.size > MOST_SECRET_BYTES)
      throw invalid(`the secret "${name}" has ${stats.size} bytes, and the most is ${MOST_SECRET_BYTES}: ${file}`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof GatewayError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw invalid(`the secret "${name}" cannot be read: ${messageOf(error)}`, error)
  }
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw invalid(`the secret "${name}" is empty: ${file}`)
  if (/[\r\n\0]/.test(line)) throw invalid(`the secret "${name}" holds more than one line: ${file}`)
  return line
}

const invalid = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('CONFIG_INVALID', message, cause === undefined ? {} : { cause })
