/** `manifest.json` of a snapshot (FORMAT.md): what is in it, to be held against what comes back. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { isPlainPath } from '../seal.ts'
import { SNAPSHOT } from './parts.ts'

const FORMAT = 'bifrost-snapshot'
/** What this version writes, and the newest that it reads. */
export const FORMATS = { snapshot: 1, segment: 1, trend: 2, accounts: 1 } as const

const fileSchema = z.object({
  path: z.string().refine(isPlainPath),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type SnapshotFile = z.output<typeof fileSchema>

const witnessSchema = z.object({ seq: z.number(), tag: z.int(), time: z.number(), status: z.int(), value: z.number().optional() }) // prettier-ignore

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  version: z.int().min(1),
  /** Of everything in it that has a version; a reader refuses what is newer than it knows. */
  formats: z.record(z.string(), z.int()),
  createdAt: z.iso.datetime(),
  name: z.string(),
  gateway: z.object({ version: z.string() }),
  /** Whether a gateway ran, and told how far its log was durable. */
  source: z.enum(['running', 'stopped']),
  /** Where the configuration lay, and the file that is the first. */
  config: z.object({ folder: z.string(), main: z.string() }),
  data: z.string(),
  log: z.object({
    logId: z.string(),
    oldestSeq: z.number(),
    endSeq: z.number(),
    endOrdinal: z.number(),
    firstReceived: z.number().nullable(),
    lastReceived: z.number().nullable(),
    /** What the gateway said was durable when this was begun. */
    toldDurable: z.number().nullable(),
  }),
  /** The last rows of the log, for a drill to find again. */
  witnesses: z.array(witnessSchema),
  files: z.array(fileSchema),
})
export type SnapshotManifest = z.output<typeof manifestSchema>

export const newManifest = (about: Omit<SnapshotManifest, 'format' | 'version' | 'formats'>): SnapshotManifest => ({
  format: FORMAT,
  version: FORMATS.snapshot,
  formats: FORMATS,
  ...about,
})

/** Throws BACKUP_REFUSED with a sentence for what is no snapshot, damaged, or of a newer version. */
export async function readManifest(folder: string): Promise<SnapshotManifest> {
  let given: unknown
  try {
    given = JSON.parse(await readFile(join(folder, SNAPSHOT.manifest), 'utf8'))
  } catch (error) {
    throw refused(`its manifest cannot be read: ${messageOf(error)}`)
  }
  const { format, formats = {} } = (given ?? {}) as { format?: unknown; formats?: Record<string, unknown> }
  if (format !== FORMAT) throw refused('its manifest is not that of a snapshot of Bifrost')
  for (const [what, version] of Object.entries(formats)) {
    const known = (FORMATS as Record<string, number>)[what]
    if (known === undefined || typeof version !== 'number' || version > known)
      throw refused(`its ${what} has format ${String(version)}, and this Bifrost reads up to ${known ?? 'none'}: restore it with the version that made it, or a newer one`) // prettier-ignore
  }
  const parsed = manifestSchema.safeParse(given)
  if (!parsed.success) throw refused(`its manifest is not whole: ${parsed.error.issues[0]!.path.join('.')}`)
  return parsed.data
}

/** What differs between a folder and its manifest; empty: every byte is what it was. */
export async function differences(folder: string, { files }: Pick<SnapshotManifest, 'files'>): Promise<string[]> {
  const found: string[] = []
  const named = new Set(files.map(({ path }) => path))
  for (const { path, bytes, sha256 } of files) {
    const file = join(folder, path)
    const there = await stat(file).catch(() => undefined)
    if (there === undefined) found.push(`${path} is missing`)
    else if (there.size !== bytes) found.push(`${path} has ${there.size} bytes in place of ${bytes}`)
    else if ((await hashFile(file)) !== sha256) found.push(`${path} is damaged: its SHA-256 is another one`)
  }
  for (const path of await filesIn(folder))
    if (!named.has(path) && path !== SNAPSHOT.manifest) found.push(`${path} is not in the manifest`)
  return found
}

/** Relative paths of all plain files below a folder, in order; links are passed over. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(folder.length + 1)).sort() // prettier-ignore
}

export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export const refused = (why: string): GatewayError =>
  new GatewayError('BACKUP_REFUSED', `the backup is refused: ${why}`)
