/**
 * The templates that a configuration can use: those under `templates:` (mappings, or names of files), then those of the
 * library, which are read only when a device asks for them. A template of the configuration goes before one of the library.
 */
import { dirname, isAbsolute, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { OwnedName } from '../config.ts'
import { readConfigFile } from '../file-reading.ts'
import { toOrigin } from '../origin.ts'
import { closestFile, type Loading } from '../loading.ts'
import type { Path } from '../places.ts'
import { ConfigError, formatPlace, ProblemList, type Place } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { firstForeignLine } from '../utf8.ts'
import { formatPath, UNRESOLVED, YamlSource } from '../yaml-source.ts'
import { LIBRARY, libraryFile, libraryNames } from './library.ts'
import { readTemplate, type Template } from './template.ts'

export class TemplateSet {
  readonly #loading: Loading
  readonly #folder: string
  /** By name; undefined for one that has problems, so that they are told once. */
  readonly #known = new Map<string, Template | undefined>()
  readonly #places = new Map<string, Place>()

  constructor(loading: Loading) {
    this.#loading = loading
    this.#folder = loading.library ?? LIBRARY
  }

  /** Where the templates of the configuration are written. */
  origins(): OwnedName[] {
    return [...this.#places].map(([name, place]) => ({ name, origin: toOrigin(place) }))
  }

  /** Reads the list under `templates:` of one file. */
  readList(list: unknown, loading: Loading): void {
    if (!Array.isArray(list)) return
    for (const [index, item] of list.entries()) {
      const path = ['templates', index]
      if (item === UNRESOLVED) continue
      if (typeof item === 'string') this.#readNamedFile(item, path, loading)
      else this.#add(item, { source: loading.source, path, loading })
    }
  }

  /** The template of that name; where there is none, or none that can be used, the problem is told. */
  find(name: string, place: Place, path: string): Template | undefined {
    if (this.#known.has(name)) return this.#known.get(name)
    const names = libraryNames(this.#folder)
    if (names.includes(name)) {
      const template = this.#readFile(libraryFile(this.#folder, name), `templates/${name}.yaml`)
      this.#known.set(name, template)
      return template
    }
    const nearest = closest(name, [...this.#known.keys(), ...names])
    const known = nearest === undefined ? '; `bifrost templates` lists those of the library' : ''
    this.#loading.problems.add(
      place,
      path,
      `unknown template "${name}"${known}`,
      nearest === undefined ? undefined : `"${nearest}"`,
    )
    return undefined
  }

  #add(mapping: unknown, at: Parameters<typeof readTemplate>[1]): void {
    const template = readTemplate(mapping, at)
    const name = template?.name ?? nameOf(mapping)
    if (name === undefined) return
    const where = [...at.path, 'name']
    const place = at.source.placeOf(where)
    const earlier = this.#places.get(name)
    if (earlier !== undefined) {
      const message = `the template "${name}" exists already, at ${formatPlace(earlier)}`
      this.#loading.problems.add(place, formatPath(where), message)
      return
    }
    this.#places.set(name, place)
    this.#known.set(name, template)
  }

  #readNamedFile(named: string, path: Path, loading: Loading): void {
    const { source, problems } = loading
    const complain = (message: string, suggestion?: string) =>
      problems.add(source.placeOf(path), formatPath(path), message, suggestion)
    const shown = loading.showPath(named)
    try {
      const at = openTemplate(loading.openPath(named), shown, loading)
      if (at !== undefined) this.#add(at.source.root, at)
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (missing) complain(`there is no file ${shown}`, closestFile(shown))
      else complain(`${shown} cannot be read: ${messageOf(error)}`)
    }
  }

  #readFile(file: string, shown: string): Template | undefined {
    const at = openTemplate(file, shown, this.#loading)
    return at === undefined ? undefined : readTemplate(at.source.root, at)
  }
}

/** A template's file, ready to be read; undefined when it is not YAML. Throws what the file system says. */
function openTemplate(
  file: string,
  shown: string,
  loading: Pick<Loading, 'drivers' | 'problems' | 'env' | 'onFile'> & Partial<Pick<Loading, 'secrets'>>,
): Parameters<typeof readTemplate>[1] | undefined {
  const { problems } = loading
  loading.onFile(file)
  const bytes = readConfigFile(file)
  const foreign = firstForeignLine(bytes)
  if (foreign !== undefined) {
    problems.add({ file: shown, ...foreign }, '', 'this file is not UTF-8; save it as UTF-8')
    return undefined
  }
  const before = problems.count
  const source = new YamlSource(shown, bytes.toString('utf8'), loading.env, problems, { secrets: loading.secrets })
  if (source.root === undefined && problems.count !== before) return undefined
  const beside = (folder: string) => (named: string) => (isAbsolute(named) ? named : join(folder, named))
  return {
    source,
    path: [],
    loading: {
      drivers: loading.drivers,
      problems,
      onFile: loading.onFile,
      openPath: beside(dirname(file)),
      showPath: beside(dirname(shown) === '.' && !shown.includes('/') ? '' : dirname(shown)),
    },
  }
}

function nameOf(mapping: unknown): string | undefined {
  const name = typeof mapping === 'object' && mapping !== null ? (mapping as { name?: unknown }).name : undefined
  return typeof name === 'string' ? name : undefined
}

/** Every template of the library, in order; throws a ConfigError when one of them has problems. */
export function readLibrary(drivers: Loading['drivers'], folder = LIBRARY): Template[] {
  const problems = new ProblemList()
  const templates = libraryNames(folder).map((name) => readOne(name, drivers, folder, problems))
  if (problems.problems.length > 0) throw new ConfigError('templates', problems.problems)
  return templates.filter((template) => template !== undefined)
}

/** One at a time, for whoever must not be held up by all of them; one with problems is left out. */
export function* eachOfLibrary(drivers: Loading['drivers'], folder = LIBRARY): Generator<Template | undefined> {
  for (const name of libraryNames(folder)) yield readOne(name, drivers, folder, new ProblemList())
}

function readOne(
  name: string,
  drivers: Loading['drivers'],
  folder: string,
  problems: ProblemList,
): Template | undefined {
  const place = { drivers, problems, env: {}, onFile: () => undefined }
  const at = openTemplate(libraryFile(folder, name), `templates/${name}.yaml`, place)
  return at === undefined ? undefined : readTemplate(at.source.root, at)
}
