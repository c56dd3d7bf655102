/**
 * A file system in memory for tests: it knows what was synced, so that a power cut can take the rest away, and it can be told to
 * fail. Content counts as kept after `sync`, a name after `syncFolder`.
 */
import { dirname } from 'node:path'
import type { FileSystem, OpenFile, OpenMode } from './files.ts'

interface MemoryFile {
  content: Buffer
  length: number
  synced: Buffer
  /** Stretches written since the last sync. A sync that fails forgets them, as the kernel does: they never reach the disk. */
  dirty: [start: number, end: number][]
}

type Fault = 'ENOSPC' | 'EIO'

export class MemoryFiles implements FileSystem {
  #names = new Map<string, MemoryFile>()
  #syncedNames = new Map<string, MemoryFile>()
  readonly #links = new Map<string, string>()
  /** Fails writes or syncs until it is taken away. */
  writeFault: Fault | undefined
  syncFault: Fault | undefined
  truncateFault: Fault | undefined
  /** True: sync and syncFolder say yes and keep nothing, as a lying disk does. */
  isLying = false

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    let file = this.#names.get(path)
    if (file === undefined && mode === 'read') throw failure('ENOENT', path)
    if ((file !== undefined || this.#links.has(path)) && mode === 'create') throw failure('EEXIST', path)
    if (file === undefined) {
      if (this.writeFault !== undefined) throw failure(this.writeFault, path)
      file = { content: Buffer.alloc(0), length: 0, synced: Buffer.alloc(0), dirty: [] }
      this.#names.set(path, file)
    }
    return this.#opened(file, path)
  }

  async list(folder: string): Promise<string[]> {
    return [...this.#names.keys()]
      .filter((path) => dirname(path) === folder)
      .map((path) => path.slice(folder.length + 1))
  }

  async makeFolder(): Promise<void> {}

  async rename(from: string, to: string): Promise<void> {
    const file = this.#names.get(from)
    if (file === undefined) throw failure('ENOENT', from)
    this.#names.delete(from)
    this.#names.set(to, file)
  }

  async remove(path: string): Promise<void> {
    this.#names.delete(path)
    this.#links.delete(path)
  }

  async makeLink(path: string, text: string): Promise<void> {
    if (this.#links.has(path) || this.#names.has(path)) throw failure('EEXIST', path)
    this.#links.set(path, text)
  }

  async readLink(path: string): Promise<string | undefined> {
    return this.#links.get(path)
  }

  /** Each is a machine of its own. */
  async hold(): Promise<() => void> {
    return () => undefined
  }

  async syncFolder(folder: string): Promise<void> {
    if (this.syncFault !== undefined) throw failure(this.syncFault, folder)
    if (this.isLying) return
    for (const path of this.#syncedNames.keys()) {
      if (dirname(path) === folder && !this.#names.has(path)) this.#syncedNames.delete(path)
    }
    for (const [path, file] of this.#names) if (dirname(path) === folder) this.#syncedNames.set(path, file)
  }

  /** What the next process finds after kill -9: everything that was written, and no lock of a living process. */
  afterKill(): MemoryFiles {
    const after = new MemoryFiles()
    for (const path of this.#names.keys()) if (!path.endsWith('/LOCK')) after.put(path, this.get(path))
    return after
  }

  /** What is on the disk after a power cut: only what was synced, and no lock of a living process. */
  afterPowerCut(): MemoryFiles {
    const after = new MemoryFiles()
    for (const [path, { synced }] of this.#syncedNames) {
      if (!path.endsWith('/LOCK')) after.put(path, synced)
    }
    return after
  }

  paths(pattern: RegExp): string[] {
    return [...this.#names.keys()].filter((path) => pattern.test(path)).sort()
  }

  get(path: string): Buffer {
    const file = this.#names.get(path)
    if (file === undefined) throw failure('ENOENT', path)
    return Buffer.from(file.content.subarray(0, file.length))
  }

  /** Puts content there as if it had always been. */
  put(path: string, bytes: Uint8Array): void {
    const file = { content: Buffer.from(bytes), length: bytes.length, synced: Buffer.from(bytes), dirty: [] }
    this.#names.set(path, file)
    this.#syncedNames.set(path, file)
  }

  #opened(file: MemoryFile, path: string): OpenFile {
    return {
      write: async (bytes, position) => {
        if (this.writeFault !== undefined) throw failure(this.writeFault, path)
        const end = position + bytes.length
        if (end > file.content.length) {
          const larger = Buffer.alloc(Math.max(end, file.content.length * 2))
          file.content.copy(larger, 0, 0, file.length)
          file.content = larger
        }
        file.content.set(bytes, position)
        file.length = Math.max(file.length, end)
        file.dirty.push([position, end])
      },
      read: async (into, position) => {
        const bytes = file.content.subarray(position, Math.min(file.length, position + into.length))
        into.set(bytes)
        return bytes.length
      },
      size: async () => file.length,
      truncate: async (size) => {
        if (this.truncateFault !== undefined) throw failure(this.truncateFault, path)
        file.length = Math.min(file.length, size)
        file.content.fill(0, file.length)
      },
      sync: async () => {
        const dirty = file.dirty.splice(0)
        if (this.syncFault !== undefined) throw failure(this.syncFault, path)
        if (!this.isLying) keep(file, dirty)
      },
      close: async () => {},
    }
  }
}

function keep(file: MemoryFile, dirty: readonly [number, number][]): void {
  const synced = Buffer.alloc(file.length)
  file.synced.copy(synced)
  for (const [start, end] of dirty) file.content.copy(synced, start, start, Math.min(end, file.length))
  file.synced = synced
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
