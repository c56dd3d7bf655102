/**
 * Which id belongs to which tag, for ever: an append-only file of checked lines (FORMAT.md). The key is device, name and type,
 * so a changed type is a new id.
 */
import { join } from 'node:path'
import type { DataType, TagId } from '../core/value.ts'
import { crc32c } from './crc32c.ts'
import { readWhole, type FileSystem } from './files.ts'

/** After damage, ids that may have been on the lost lines are left out. */
const DAMAGE_MARGIN = 100_000

export interface TagName {
  readonly device: string
  readonly name: string
  readonly type: DataType
}

export interface TagFile {
  /** The name that an id was given to. */
  name(id: TagId): TagName | undefined
  /** Ids for these names, in order; resolves when new ones are on the disk. */
  allocate(names: readonly TagName[]): Promise<TagId[]>
}

/** Reads the dictionary. `highestUsed`: the highest id seen in the log; a lost line must not bring it back. */
export async function openTagFile(files: FileSystem, dir: string, highestUsed: number): Promise<TagFile> {
  const path = join(dir, 'tags')
  const byKey = new Map<string, TagId>()
  const byId: (TagName | undefined)[] = []
  const bytes = await readWhole(files, path)
  let end = bytes?.length ?? 0
  let next = 1
  let damaged = false
  for (const line of bytes?.toString('utf8').split('\n') ?? []) {
    const entry = parseLine(line)
    if (entry === undefined) {
      damaged ||= line !== ''
      continue
    }
    const [id, name] = entry
    remember(id, name)
    next = Math.max(next, id + 1)
  }
  if (damaged || highestUsed >= next) next = Math.max(next, highestUsed + 1) + (damaged ? DAMAGE_MARGIN : 0)
  let mustBreak = end > 0 && bytes![end - 1] !== 10

  function remember(id: TagId, name: TagName): void {
    byId[id] = name
    byKey.set(keyOf(name), id)
  }

  async function allocate(names: readonly TagName[]): Promise<TagId[]> {
    const fresh = new Map<string, [TagId, TagName]>()
    for (const name of names) {
      const key = keyOf(name)
      if (!byKey.has(key) && !fresh.has(key)) fresh.set(key, [next++, name])
    }
    if (fresh.size > 0) await append([...fresh.values()])
    for (const [id, name] of fresh.values()) remember(id, name)
    return names.map((name) => byKey.get(keyOf(name))!)
  }

  async function append(entries: readonly [TagId, TagName][]): Promise<void> {
    const text = Buffer.from((mustBreak ? '\n' : '') + entries.map(([id, name]) => formatLine(id, name)).join(''))
    const file = await files.open(path, 'write')
    try {
      await file.write(text, end)
      await file.sync()
      await files.syncFolder(dir)
    } finally {
      await file.close()
    }
    end += text.length
    mustBreak = false
  }

  return { name: (id) => byId[id], allocate }
}

const keyOf = ({ device, name, type }: TagName): string => JSON.stringify([device, name, type])

function formatLine(id: TagId, { device, name, type }: TagName): string {
  const json = JSON.stringify([id, device, name, type])
  return `${crc32c(Buffer.from(json)).toString(16).padStart(8, '0')} ${json}\n`
}

function parseLine(line: string): [TagId, TagName] | undefined {
  const json = line.slice(9)
  if (line.length < 10 || crc32c(Buffer.from(json)).toString(16).padStart(8, '0') !== line.slice(0, 8)) return undefined
  const [id, device, name, type] = JSON.parse(json) as [number, string, string, DataType]
  return [id, { device, name, type }]
}
