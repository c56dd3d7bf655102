/**
 * A backup as one file (FORMAT.md): tar within gzip, `manifest.json` first, which names every other file with its length and SHA-256. What is
 * read comes from strangers: it is bounded before it is unpacked, and nothing of it is believed that the manifest does not say.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from 'zod'
import { GatewayError, messageOf } from '../core/errors.ts'
import { tarBytes } from '../formats/tar.ts'

const FORMAT = 'bifrost-backup'
const FORMAT_VERSION = 1

/** What a file belongs to. */
export const PARTS = ['config', 'certificates', 'parameters', 'profiles'] as const
export type BackupPart = (typeof PARTS)[number]

const fileSchema = z.object({
  path: z.string(),
  part: z.enum(PARTS),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Secrets that are `***` in it. */
  masked: z.int().min(0),
})

export const manifestSchema = z.object({
  format: z.literal(FORMAT),
  version: z.int().min(1),
  createdAt: z.string(),
  /** Of the gateway that made it. */
  gateway: z.object({ version: z.string() }),
  /** `none`: they are `***`, and have to be there, or given, where it is restored. */
  secrets: z.literal('none'),
  config: z.object({ main: z.string(), hash: z.string(), version: z.int().min(0) }),
  files: z.array(fileSchema),
  /** What is not in it although people might think so. */
  leftOut: z.array(z.object({ what: z.string(), why: z.string() })),
})
export type Manifest = z.output<typeof manifestSchema>

/** A file on its way into a backup; the path begins with its part. */
export interface BackupFile {
  readonly path: string
  readonly part: BackupPart
  readonly bytes: Uint8Array
  readonly masked?: number
}

export interface Backup {
  readonly manifest: Manifest
  /** By path. */
  readonly files: ReadonlyMap<string, Buffer>
}

/** Unpacked; configuration and certificates are text of a few MiB. */
const MOST_UNPACKED_BYTES = 192 * 2 ** 20
const MOST_ENTRIES = 20_000
const MANIFEST = 'manifest.json'

/** The file. */
export async function encodeBackup(
  about: Omit<Manifest, 'format' | 'version' | 'secrets' | 'files'>,
  files: readonly BackupFile[],
): Promise<Buffer> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const manifest: Manifest = {
    format: FORMAT,
    version: FORMAT_VERSION,
    ...about,
    secrets: 'none',
    files: sorted.map(({ path, part, bytes, masked = 0 }) => ({ path, part, bytes: bytes.length, sha256: sha256(bytes), masked })), // prettier-ignore
  }
  const text = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)
  const entries = [{ path: MANIFEST, bytes: text }, ...sorted].map(({ path, bytes }) => ({ name: path, bytes }))
  return promisify(gzip)(Buffer.concat(await Array.fromAsync(tarBytes(entries, Date.parse(about.createdAt)))))
}

/** Throws INVALID_REQUEST with a sentence for what is no backup, damaged, of a newer format, or made to harm. */
export async function decodeBackup(bytes: Uint8Array): Promise<Backup> {
  const entries = await unpack(bytes)
  const files = new Map<string, Buffer>()
  for (const { header, data = new Uint8Array() } of entries) {
    if (header.type !== 'file') throw refused(`it holds ${quoted(header.name)}, which is no plain file (${header.type})`) // prettier-ignore
    if (!isPlainPath(header.name))
      throw refused(`it holds a file named ${quoted(header.name)}, which would lie outside`)
    if (files.has(header.name)) throw refused(`it holds ${quoted(header.name)} twice`)
    files.set(header.name, Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  }
  const manifest = manifestOf(files.get(MANIFEST))
  files.delete(MANIFEST)
  for (const { path, part, bytes: length, sha256: hash } of manifest.files) {
    const content = files.get(path)
    if (content === undefined) throw refused(`${quoted(path)} is missing`)
    if (content.length !== length || sha256(content) !== hash) throw refused(`${quoted(path)} is damaged: it is not what the manifest says`) // prettier-ignore
    if (!path.startsWith(`${part}/`)) throw refused(`${quoted(path)} does not belong to ${part}`)
  }
  const named = new Set(manifest.files.map(({ path }) => path))
  const foreign = [...files.keys()].find((path) => !named.has(path))
  if (foreign !== undefined) throw refused(`it holds ${quoted(foreign)}, which its manifest does not name`)
  if (named.size !== manifest.files.length) throw refused('its manifest names a file twice')
  return { manifest, files }
}

async function unpack(bytes: Uint8Array) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw refused('this is no file of `GET /api/v1/backup` (.tar.gz)')
  let tar: Buffer
  try {
    tar = await promisify(gunzip)(bytes, { maxOutputLength: MOST_UNPACKED_BYTES })
  } catch (error) {
    const isBomb = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw refused(isBomb ? `unpacked it has more than ${MOST_UNPACKED_BYTES / 2 ** 20} MiB` : `it is damaged: ${messageOf(error)}`) // prettier-ignore
  }
  const { unpackTar } = await import('modern-tar')
  let count = 0
  const filter = (): boolean => ++count <= MOST_ENTRIES
  try {
    const entries = await unpackTar(tar, { strict: true, filter })
    if (count > MOST_ENTRIES) throw refused(`it holds more than ${MOST_ENTRIES} files`)
    return entries
  } catch (error) {
    throw error instanceof GatewayError ? error : refused(`it is damaged: ${messageOf(error)}`)
  }
}

function manifestOf(bytes: Buffer | undefined): Manifest {
  if (bytes === undefined) throw refused('it has no manifest.json: it is no backup of a Bifrost gateway')
  let given: unknown
  try {
    given = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw refused(`its manifest is damaged: ${messageOf(error)}`)
  }
  const { format, version } = (given ?? {}) as { format?: unknown; version?: unknown }
  if (format !== FORMAT) throw refused('its manifest is not that of a Bifrost gateway')
  if (typeof version === 'number' && version > FORMAT_VERSION)
    throw refused(`it is of format ${version}, and this gateway reads up to ${FORMAT_VERSION}: restore it with a newer Bifrost`) // prettier-ignore
  const parsed = manifestSchema.safeParse(given)
  if (!parsed.success) throw refused(`its manifest is not whole: ${parsed.error.issues[0]!.path.join('.')}`)
  return parsed.data
}

/** Relative, and nowhere else than it says. */
function isPlainPath(path: string): boolean {
  if (path.length > 1024 || /[\0\\]/.test(path)) return false
  return path.split('/').every((step) => step !== '' && step !== '.' && step !== '..')
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const quoted = (text: string): string => JSON.stringify(text.slice(0, 200))

function refused(why: string): GatewayError {
  const detail = `the backup is refused: ${why}`
  return new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/archive' }] } })
}
