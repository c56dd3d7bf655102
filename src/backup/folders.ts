/**
 * What a backup holds of the data folder: certificates without any key, versions of parameter sets, learned profiles. Restoring adds what is
 * missing and never replaces what is there: a version of a parameter set is what it is, and a device may have taught something newer.
 */
import type { Dirent } from 'node:fs'
import { link, open, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolders } from '../core/folder.ts'
import type { Backup, BackupFile, BackupPart } from './archive.ts'

/** A part that lies in files of the data folder, and the files of it that belong into a backup. */
interface DataPart {
  readonly part: Exclude<BackupPart, 'config'>
  readonly folder: string
  readonly takes: RegExp
}

export const DATA_PARTS: readonly DataPart[] = [
  // Never `own/`: a certificate of ours is of no use without its key, and the key stays where it is.
  { part: 'certificates', folder: 'certificates', takes: /^(trusted|issuers|crl)\/[^/]+\.(der|crt|cer|pem|crl)$/i },
  { part: 'parameters', folder: 'parameters', takes: /^[^/]+\/[^/]+\/\d+\.json$/ },
  { part: 'profiles', folder: 'learned', takes: /^[^/]+\.json$/ },
]

const MOST_FILES = 10_000
const MOST_FILE_BYTES = 8 * 2 ** 20

/** The files of a part that are there; links are passed over. */
export async function filesOfPart(data: string, { part, folder, takes }: DataPart): Promise<BackupFile[]> {
  const files: BackupFile[] = []
  const visit = async (within: string, depth: number): Promise<void> => {
    const entries: Dirent[] = await readdir(join(data, folder, within), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = within === '' ? entry.name : `${within}/${entry.name}`
      if (entry.isDirectory() && depth < 3) await visit(path, depth + 1)
      if (!entry.isFile() || !takes.test(path) || files.length >= MOST_FILES) continue
      const bytes = await readFile(join(data, folder, path)).catch(() => undefined)
      const isSafe = bytes !== undefined && bytes.length <= MOST_FILE_BYTES && !bytes.includes('PRIVATE KEY')
      if (isSafe) files.push({ path: `${part}/${path}`, part, bytes })
    }
  }
  await visit('', 0)
  return files
}

/** What would come of the files of a part. */
export interface PartPlan {
  readonly part: BackupPart
  readonly create: readonly string[]
  readonly same: number
  /** There is another one of that name already: it stays. */
  readonly kept: readonly string[]
  /** Nothing that belongs into this part. */
  readonly refused: readonly string[]
}

export async function planPart(data: string, backup: Backup, one: DataPart): Promise<PartPlan> {
  const create: string[] = []
  const kept: string[] = []
  const refused: string[] = []
  let same = 0
  for (const { path, part } of backup.manifest.files) {
    if (part !== one.part) continue
    const name = path.slice(part.length + 1)
    const bytes = backup.files.get(path)!
    const there = await readFile(join(data, one.folder, name)).catch(() => undefined)
    if (!one.takes.test(name) || bytes.includes('PRIVATE KEY')) refused.push(path)
    else if (there === undefined) create.push(path)
    else if (there.equals(bytes)) same++
    else kept.push(path)
  }
  return { part: one.part, create, same, kept, refused }
}

/** Writes what `planPart` would create; the paths that were. */
export async function restorePart(data: string, backup: Backup, one: DataPart): Promise<readonly string[]> {
  const { create } = await planPart(data, backup, one)
  for (const path of create) {
    const file = join(data, one.folder, path.slice(one.part.length + 1))
    await makeFolders(dirname(file))
    await createWhole(file, backup.files.get(path)!)
  }
  return create
}

/** Whole or not at all; what somebody has put there meanwhile stays. */
async function createWhole(file: string, bytes: Buffer): Promise<void> {
  const beside = `${file}.bifrost-new`
  await rm(beside, { force: true })
  const handle = await open(beside, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await link(beside, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(beside, { force: true })
}
