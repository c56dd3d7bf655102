/**
 * What is secret leaves this machine only as files of age (age-encryption.org/v1), for the keys of a file of recipients. The private key is not
 * here: who takes the machine cannot open the backups of before. Plain text is piped, never written beside.
 */
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { GatewayError, messageOf } from '../core/errors.ts'
import { tarBytes, type TarEntry } from '../formats/tar.ts'
import { runProgram } from './program.ts'

/** The lines that count of a file of recipients. Throws CONFIG_INVALID for what is none. */
export async function readRecipients(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const how = 'make a key with `age-keygen -o key.txt`, keep key.txt in a safe, and put its public key there'
    throw new GatewayError('CONFIG_INVALID', `recipients: ${file} cannot be read: ${messageOf(cause)}; ${how}`, { cause }) // prettier-ignore
  })
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')) // prettier-ignore
  if (lines.some((line) => line.startsWith('AGE-SECRET-KEY')))
    throw new GatewayError('CONFIG_INVALID', `recipients: ${file} holds a private key: only the public one (age1…) belongs there, the other into a safe`) // prettier-ignore
  if (lines.length === 0) throw new GatewayError('CONFIG_INVALID', `recipients: ${file} has no public key (age1…)`)
  return lines
}

/** A tar of these files, encrypted, as `out`. */
export async function seal(entries: AsyncIterable<TarEntry>, recipients: string, out: string): Promise<void> {
  const { code, stderr } = await runProgram('age', ['-R', recipients, '-o', out], { stdin: tarBytes(entries, 0) })
  if (code !== 0) throw new GatewayError('BACKUP_FAILED', `age could not encrypt: ${stderr.trim()}`)
}

/** Hands the files of a sealed tar to `take`, one by one. Throws BACKUP_REFUSED where the key does not fit or a byte is another one. */
export async function unseal(file: string, identity: string, take: (entry: TarEntry) => Promise<void>): Promise<void> {
  const { unpackTar } = await import('modern-tar')
  const chunks: Buffer[] = []
  const onStdout = async (stdout: Readable): Promise<void> => {
    for await (const chunk of stdout as AsyncIterable<Buffer>) chunks.push(chunk)
  }
  const { code, stderr } = await runProgram('age', ['-d', '-i', identity, file], { onStdout })
  // A byte that was changed ends the plain text early: nothing of it is used.
  if (code !== 0) throw new GatewayError('BACKUP_REFUSED', `${file} cannot be opened with ${identity}: ${stderr.trim()}`) // prettier-ignore
  for (const { header, data } of await unpackTar(Buffer.concat(chunks), { strict: true })) {
    if (header.type !== 'file' || !isPlainPath(header.name))
      throw new GatewayError('BACKUP_REFUSED', `${file} holds ${JSON.stringify(header.name.slice(0, 200))}, which is no plain file of a backup`) // prettier-ignore
    await take({ name: header.name, bytes: data ?? new Uint8Array(), mode: (header.mode ?? 0o600) & 0o777 })
  }
}

/** Relative, and nowhere else than it says. */
export function isPlainPath(path: string): boolean {
  if (path.length > 1024 || /[\0\\]/.test(path)) return false
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..')
}
