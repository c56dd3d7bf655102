/** What of our files is in the folder at the start: half conversions go, parts are sorted into those that go on and those that are finished. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileNames, KnownFile } from './file-name.ts'
import { codeOf } from './words.ts'

export interface FolderScan {
  /** The newest part of each device (by its part of a path), where one is there. */
  readonly newest: ReadonlyMap<string, KnownFile>
  /** Parts that came before those. */
  readonly older: readonly KnownFile[]
  readonly finished: readonly KnownFile[]
}

/** Throws what the file system says when the folder is not there. */
export async function scanFolder(folder: string, names: FileNames, signal: AbortSignal): Promise<FolderScan> {
  if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  const known: KnownFile[] = []
  for await (const path of pathsBelow(folder, '', signal)) {
    const file = names.read(path)
    if (file !== undefined) known.push(file)
  }
  const newest = new Map<string, KnownFile>()
  const older: KnownFile[] = []
  const finished = known.filter(({ state }) => state === 'finished')
  const done = new Set(finished.map(({ path }) => path.replace(/\.(gz|zst)$/, '')))
  for (const file of known.toSorted((a, b) => a.seq - b.seq || (a.path < b.path ? -1 : 1))) {
    if (file.state === 'finished') continue
    // Of a conversion that was broken off, and of one that was done but for this, the other side is whole.
    if (file.state === 'making' || done.has(file.path.replace(/\.part$/, ''))) {
      await rm(join(folder, file.path), { force: true })
      continue
    }
    const before = newest.get(file.device)
    if (before !== undefined) older.push(before)
    newest.set(file.device, file)
  }
  return { newest, older, finished }
}

/** Every file, as a path below the folder with slashes. */
async function* pathsBelow(folder: string, below: string, signal: AbortSignal): AsyncGenerator<string> {
  signal.throwIfAborted()
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((error: unknown) => {
    // Others may tidy up there meanwhile.
    if (below !== '' && codeOf(error) === 'ENOENT') return []
    throw error
  })
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) yield* pathsBelow(folder, path, signal)
    else if (entry.isFile()) yield path
  }
}
