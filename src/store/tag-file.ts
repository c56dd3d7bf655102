/**
 * Which id belongs to which tag, for ever: an append-only file of checked lines (FORMAT.md). The key is device, name and type,
 * so a changed type is a new id.
 */
import { join } from 'node:path'
import type { DataType, TagId } from '../core/value.ts'
import { crc32c } from './crc32c.ts'
import { readDamaged, type FileSystem } from './files.ts'

/** After damage, ids that may have been on the lost lines are left out. */
const DAMAGE_MARGIN = 100_000
const LINES_A_WRITE = 4096

export interface TagName {
  readonly device: string
  readonly name: string
  readonly type: DataType
}

/** A tag that wants an id. */
export interface TagWanted {
  readonly device: string
  readonly settings: { readonly name: string; readonly type: DataType }
}

export interface TagFile {
  /** The name that an id was given to. */
  name(id: TagId): TagName | undefined
  /** One more than the highest id. */
  readonly capacity: number
  /** Ids for these tags, in order; resolves when new ones are on the disk. */
  allocate(tags: readonly TagWanted[]): Promise<TagId[]>
}

/**
 * Reads the dictionary. `highestUsed`: the highest id seen in the log; a lost line must not bring it back. `elsewhere` is asked when
 * lines are lost: the names that the log still has.
 */
export async function openTagFile(
  files: FileSystem,
  dir: string,
  highestUsed: number,
  elsewhere: (isKnown: (id: TagId) => boolean) => Promise<ReadonlyMap<TagId, TagName>> = async () => new Map(),
): Promise<TagFile> {
  const path = join(dir, 'tags')
  const names = new NameColumns()
  const bytes = await readDamaged(files, path)
  let end = bytes?.length ?? 0
  let next = 1
  let damaged = false
  const words = new Map<string, string>()
  for (const line of bytes?.toString('utf8').split('\n') ?? []) {
    const entry = parseLine(line)
    if (entry === undefined) {
      damaged ||= line !== ''
      continue
    }
    const [id, { device, name, type }] = entry
    names.set(id, oneOf(words, device), oneOf(words, name), type)
    next = Math.max(next, id + 1)
  }
  let mustBreak = end > 0 && bytes![end - 1] !== 10
  if (damaged || highestUsed >= next) {
    next = Math.max(next, highestUsed + 1) + (damaged ? DAMAGE_MARGIN : 0)
    await restore(await elsewhere((id) => names.at(id) !== undefined))
  }

  // Gateways that hand on their tags come at the same time: each writes where the one before has ended.
  let turn: Promise<unknown> = Promise.resolve()
  function allocate(tags: readonly TagWanted[]): Promise<TagId[]> {
    const ids = turn.then(() => allocateNow(tags))
    turn = ids.catch(() => undefined)
    return ids
  }

  async function allocateNow(tags: readonly TagWanted[]): Promise<TagId[]> {
    const index = new NameIndex(names)
    const first = next
    const ids = tags.map(({ device, settings: { name, type } }) => {
      const known = index.find(device, name, type)
      if (known !== undefined) return known
      names.set(next, device, name, type)
      index.add(next)
      return next++
    })
    try {
      if (next > first) await append(first, next)
    } catch (error) {
      names.cut(first)
      throw error
    }
    return ids
  }

  /** A disk that refuses costs another search at the next start. */
  async function restore(lost: ReadonlyMap<TagId, TagName>): Promise<void> {
    if (lost.size === 0) return
    for (const [id, { device, name, type }] of lost) names.set(id, oneOf(words, device), oneOf(words, name), type)
    await write([[...lost].map(([id, name]) => formatLine(id, name)).join('')]).catch(() => undefined)
  }

  /** Ids of a failed attempt are not given out again: lines of it may be on the disk. */
  function append(from: TagId, to: TagId): Promise<void> {
    return write(names.pieces(from, to))
  }

  async function write(pieces: Iterable<string>): Promise<void> {
    const file = await files.open(path, 'write')
    let at = end
    try {
      for (const piece of pieces) {
        const text = Buffer.from((mustBreak && at === end ? '\n' : '') + piece)
        await file.write(text, at)
        at += text.length
      }
      await file.sync()
      await files.syncFolder(dir)
    } finally {
      await file.close()
    }
    end = at
    mustBreak = false
  }

  return {
    name: (id) => names.at(id),
    get capacity() {
      return names.length
    },
    allocate,
  }
}

/** Names by id as columns: three references a tag, and strings that the tags' settings hold anyway. */
class NameColumns {
  readonly #device: string[] = []
  readonly #name: string[] = []
  readonly #type: DataType[] = []

  /** One more than the highest id. */
  get length(): number {
    return this.#device.length
  }

  set(id: TagId, device: string, name: string, type: DataType): void {
    this.#device[id] = device
    this.#name[id] = name
    this.#type[id] = type
  }

  at(id: TagId): TagName | undefined {
    const device = this.#device[id]
    return device === undefined ? undefined : { device, name: this.#name[id]!, type: this.#type[id]! }
  }

  cut(from: TagId): void {
    for (const column of [this.#device, this.#name, this.#type]) column.length = Math.min(column.length, from)
  }

  /** Their lines, so many at a time as one write should have. */
  *pieces(from: TagId, to: TagId): Generator<string> {
    for (let first = from; first < to; first += LINES_A_WRITE) {
      let text = ''
      for (let id = first; id < Math.min(to, first + LINES_A_WRITE); id++) text += formatLine(id, this.at(id)!)
      yield text
    }
  }
}

/** Names to ids, made when ids are wanted and let go afterwards. The same device and name with another type is another tag. */
class NameIndex {
  readonly #names: NameColumns
  readonly #devices = new Map<string, Map<string, TagId>>()
  /** The ids that a later one with another type displaced. */
  readonly #displaced = new Map<string, TagId>()

  constructor(names: NameColumns) {
    this.#names = names
    for (let id = 0; id < names.length; id++) this.add(id)
  }

  add(id: TagId): void {
    const tag = this.#names.at(id)
    if (tag === undefined) return
    const device = this.#devices.get(tag.device)
    if (device === undefined) {
      this.#devices.set(tag.device, new Map([[tag.name, id]]))
      return
    }
    const before = device.get(tag.name)
    if (before !== undefined) this.#displaced.set(keyOf(this.#names.at(before)!), before)
    device.set(tag.name, id)
  }

  find(device: string, name: string, type: DataType): TagId | undefined {
    const id = this.#devices.get(device)?.get(name)
    if (id === undefined || this.#names.at(id)!.type === type) return id
    return this.#displaced.get(keyOf({ device, name, type }))
  }
}

/** The word as it was first seen: a word that many lines repeat is one string. */
function oneOf(words: Map<string, string>, word: string): string {
  const known = words.get(word)
  if (known !== undefined) return known
  words.set(word, word)
  return word
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
