/**
 * The files of a configuration while it is edited: as they were read, and as they would be. Nothing is written here. YAML is read again
 * after each change of it, so that places are those of the text at hand; a CSV file is parsed once for all edits of it.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Config, ConfigSources } from '../config.ts'
import { givenFiles, withFiles, type FileTexts } from '../file-reading.ts'
import { openConfig, sharedLoading } from '../load.ts'
import { readParts, type Part } from '../parts.ts'
import { ConfigError, ProblemList } from '../problem.ts'
import { CsvEdit } from './csv-edit.ts'
import { editYaml, type YamlEdit } from './yaml-edit.ts'

/** What is to become of one file. */
export interface FileChange {
  /** Absolute. */
  readonly file: string
  /** SHA-256 (hex) of its bytes as they were read; null: there was no such file. */
  readonly before: string | null
  /** The whole text after the change, a byte order mark included. */
  readonly after: string
  /** The whole text before; empty where there was no file. */
  readonly was: string
}

/** SHA-256 in hex, as `FileChange.before` has it. */
export const hashOfFile = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

export class EditedFiles {
  /** As it was named. */
  readonly main: string
  readonly #sources: ConfigSources
  /** By absolute path; null: there is none. */
  readonly #read = new Map<string, Buffer | null>()
  readonly #texts = new Map<string, string>()
  readonly #lists = new Map<string, CsvEdit>()
  /** What whoever reads gives in place of what is on the disk. */
  readonly #given = givenFiles()
  #parts: readonly [Part, ...Part[]] | undefined
  /** What was found in the YAML files as they are. */
  readonly #found = new Map<string, unknown>()

  constructor(main: string, sources: ConfigSources) {
    this.main = main
    this.#sources = sources
  }

  /** The YAML files as they would be. Throws ConfigError where one cannot be read. */
  get parts(): readonly [Part, ...Part[]] {
    if (this.#parts !== undefined) return this.#parts
    const problems = new ProblemList()
    const read = new Map<string, Buffer>()
    const instead = this.#instead()
    const shared = sharedLoading(this.#sources, problems, () => undefined)
    const parts = withFiles(instead, read, () => readParts(this.main, shared))
    if (problems.problems.length > 0) throw new ConfigError(this.main, problems.problems)
    for (const [file, bytes] of read) if (!instead.has(file) && !this.#read.has(file)) this.#read.set(file, bytes)
    return (this.#parts = parts)
  }

  /** The text of a file as it would be; undefined: there is none. */
  textOf(file: string): string | undefined {
    const at = resolve(file)
    return this.#lists.get(at)?.text ?? this.#texts.get(at) ?? this.#bytesOf(at)?.toString('utf8')
  }

  /** Changes a YAML file; `shown` is how messages call it. */
  editYaml(file: string, shown: string, edits: readonly YamlEdit[]): void {
    this.write(file, editYaml(this.textOf(file) ?? '', edits, shown))
  }

  /** A file as it shall be, or a new one. */
  write(file: string, text: string): void {
    const at = resolve(file)
    this.#bytesOf(at)
    this.#texts.set(at, text)
    this.#parts = undefined
    this.#found.clear()
  }

  /** What `find` finds in the YAML files, found once until one of them changes: thousands of edits ask for the same list. */
  once<T>(name: string, find: () => T): T {
    if (!this.#found.has(name)) this.#found.set(name, find())
    return this.#found.get(name) as T
  }

  /** A tag list; what is changed in it counts. */
  list(file: string, shown: string): CsvEdit {
    const at = resolve(file)
    const known = this.#lists.get(at)
    if (known !== undefined) return known
    const bytes = this.#bytesOf(at)
    if (bytes === null) throw new GatewayError('CONFLICT', `there is no file ${shown}`)
    const list = new CsvEdit(bytes.toString('utf8'), shown)
    this.#lists.set(at, list)
    return list
  }

  /** What differs from the files as they were read, new files first, so that nothing names one that is not there yet. */
  get changes(): FileChange[] {
    const texts = [...this.#texts, ...[...this.#lists].map(([file, list]) => [file, list.text] as const)]
    const changes = texts.flatMap(([file, after]) => {
      const bytes = this.#bytesOf(file)
      const was = bytes?.toString('utf8') ?? ''
      return bytes !== null && was === after ? [] : [{ file, before: bytes && hashOfFile(bytes), after, was }]
    })
    return changes.sort((a, b) => Number(a.before !== null) - Number(b.before !== null))
  }

  /** Loads and checks the configuration as it would be. Throws ConfigError. */
  load(): Config {
    return withFiles(this.#instead(), new Map(), () => openConfig(this.main, this.#sources).config)
  }

  #instead(): FileTexts {
    return new Map([...this.#given, ...this.changes.map(({ file, after }) => [file, Buffer.from(after)] as const)])
  }

  #bytesOf(file: string): Buffer | null {
    const known = this.#read.get(file)
    if (known !== undefined) return known
    const bytes = this.#given.get(file) ?? readIfThere(file)
    this.#read.set(file, bytes)
    return bytes
  }
}

function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new GatewayError('CONFLICT', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
