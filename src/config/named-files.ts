/**
 * The files and folders that options name, such as certificates: found beside the configuration, as everything that it names. They are read only
 * when a connection is made, and may be mounted later than the gateway starts: that one is missing is a problem to `bifrost check`
 * and a warning to all others.
 */
import { accessSync, constants, statSync } from 'node:fs'
import type { z } from 'zod'
import { messageOf } from '../core/errors.ts'
import { closestFile } from './loading.ts'
import { isFile, isFolder, objectIn, optionOf } from './option-marks.ts'
import type { Path, Places } from './places.ts'
import type { ProblemList } from './problem.ts'
import { formatPath, UNRESOLVED } from './yaml-source.ts'

interface Fault {
  readonly message: string
  readonly suggestion?: string | undefined
}

export class NamedFiles {
  /** The path by which a file named in the configuration is opened. */
  readonly resolve: (named: string) => string
  readonly #isRequired: boolean
  /** By path: a thousand devices have the same certificate. */
  readonly #faults: Map<string, Fault | undefined>
  readonly #warned: Set<string>

  constructor(resolve: (named: string) => string, isRequired: boolean, known?: NamedFiles) {
    this.resolve = resolve
    this.#isRequired = isRequired
    this.#faults = known === undefined ? new Map() : known.#faults
    this.#warned = known === undefined ? new Set() : known.#warned
  }

  /** The same for another file of the configuration, which names its files from where it lies. */
  beside(resolve: (named: string) => string): NamedFiles {
    return new NamedFiles(resolve, this.#isRequired, this)
  }

  /** Says which of the files that these options name cannot be read. */
  check(schema: z.core.$ZodType, options: unknown, at: Path, source: Places, problems: ProblemList): void {
    for (const { path, named, isFolder } of filesOf(schema, options)) {
      const file = this.resolve(named)
      const fault = this.#fault(file, isFolder)
      if (fault === undefined) continue
      const place = source.within(options, path)
      const whole = formatPath([...at, ...path])
      if (this.#isRequired) problems.add(place, whole, fault.message, fault.suggestion)
      else if (!this.#warned.has(file)) problems.warn(place, whole, fault.message, fault.suggestion)
      this.#warned.add(file)
    }
  }

  /** Puts into the parsed options the paths by which the files are opened. */
  place(schema: z.core.$ZodType, options: unknown): void {
    for (const { parent, key, named } of filesOf(schema, options)) parent[key] = this.resolve(named)
  }

  #fault(file: string, isFolder: boolean): Fault | undefined {
    if (!this.#faults.has(file)) this.#faults.set(file, isFolder ? faultOfFolder(file) : faultOf(file))
    return this.#faults.get(file)
  }
}

interface NamedFile {
  readonly parent: Record<string, unknown>
  readonly key: string
  readonly path: Path
  readonly named: string
  readonly isFolder: boolean
}

/** The options marked as files or folders that have a value, at every depth. */
function filesOf(schema: z.core.$ZodType, value: unknown, path: Path = []): NamedFile[] {
  const shape = objectIn(schema)?.shape
  if (shape === undefined || typeof value !== 'object' || value === null) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap((key) => {
    const option = optionOf(shape, key)
    const named = parent[key]
    if (option === undefined || named === UNRESOLVED) return []
    if (typeof named !== 'string') return filesOf(option, named, [...path, key])
    const found = { parent, key, path: [...path, key], named }
    if (isFolder(option)) return [{ ...found, isFolder: true }]
    return isFile(option) ? [{ ...found, isFolder: false }] : []
  })
}

function faultOfFolder(folder: string): Fault | undefined {
  try {
    return statSync(folder).isDirectory() ? undefined : { message: `${folder} is a file: expected a folder` }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isMissing) return { message: `${folder} cannot be used: ${messageOf(error)}` }
    return { message: `there is no folder ${folder}`, suggestion: closestFile(folder) }
  }
}

function faultOf(file: string): Fault | undefined {
  try {
    if (statSync(file).isDirectory()) return { message: `${file} is a folder: expected a file` }
    accessSync(file, constants.R_OK)
    return undefined
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isMissing) return { message: `${file} cannot be read: ${messageOf(error)}` }
    return { message: `there is no file ${file}`, suggestion: closestFile(file) }
  }
}
