/**
 * The files of one configuration: the one that was named, then those that it includes, in order. Lists (`devices`, `sinks`, `templates`) may
 * stand in each of them; every other section stands in one. A file that is included twice is read once; one that includes itself is refused.
 */
import { realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { substitute } from './environment.ts'
import { readConfigFile } from './file-reading.ts'
import { includedFiles, MOST_FILES, type Included } from './include.ts'
import { show } from './issue-words.ts'
import { closestFile, type Loading } from './loading.ts'
import { ConfigError, formatPlace, type Place } from './problem.ts'
import { firstForeignLine } from './utf8.ts'
import { formatPath, YamlSource, type YamlMapping } from './yaml-source.ts'

/** One file of a configuration. */
export interface Part {
  /** Absolute. */
  readonly file: string
  readonly source: YamlSource
  readonly root: YamlMapping
  /** For what stands in this file. */
  readonly loading: Loading
}

/** What all parts share. */
export type SharedLoading = Omit<Loading, 'source' | 'openPath' | 'showPath'>

/** Sections that may stand in several files. */
export const LISTS: readonly string[] = ['version', 'include', 'devices', 'sinks', 'templates']

/** The most bytes of one file: 100,000 tags in YAML are about 10 MB. */
export const MOST_FILE_BYTES = 128 * 2 ** 20

/** The parts; throws a ConfigError when the first one is of no use. */
export function readParts(file: string, shared: SharedLoading): readonly [Part, ...Part[]] {
  const main = toPart(file, readMain(file), shared)
  const root = mappingOf(main, shared)
  const first = { ...main, root }
  const parts: [Part, ...Part[]] = [first]
  const known = new Set([realPathOf(first.file)])
  includeInto(parts, first, [realPathOf(first.file)], known, shared)
  refuseTwice(parts, shared)
  return parts
}

/** The part in which a section stands; the first one where it stands nowhere. */
export const partOf = (parts: readonly [Part, ...Part[]], section: string): Part =>
  parts.find(({ root }) => Object.hasOwn(root, section)) ?? parts[0]

function includeInto(parts: Part[], from: Part, above: readonly string[], known: Set<string>, shared: SharedLoading) {
  const { problems } = shared
  const including = { source: from.source, folder: dirname(from.file), problems }
  for (const named of includedFiles(from.root.include, including)) {
    const complain = (message: string) => problems.add(from.source.placeOf(named.path), formatPath(named.path), message)
    const real = realPathOf(named.file)
    if (above.includes(real)) {
      const round = [...above.slice(above.indexOf(real)), real].map((file) => file.split('/').at(-1))
      complain(`${named.shown} includes itself: ${round.join(' → ')}`)
      continue
    }
    if (known.has(real)) continue
    known.add(real)
    if (parts.length >= MOST_FILES) return complain(`a configuration has at most ${MOST_FILES} files`)
    const part = readIncluded(named, complain, shared)
    if (part === undefined) continue
    parts.push(part)
    includeInto(parts, part, [...above, real], known, shared)
  }
}

function readIncluded(named: Included, complain: (message: string) => void, shared: SharedLoading): Part | undefined {
  const { problems } = shared
  let bytes: Buffer
  try {
    bytes = readConfigFile(named.file)
  } catch (error) {
    complain(`${named.shown} cannot be read: ${messageOf(error)}`)
    return undefined
  }
  const fault = faultOf(bytes)
  if (fault !== undefined) {
    problems.add({ file: named.shown, ...fault.at }, '', fault.message)
    return undefined
  }
  const before = problems.count
  const part = toPart(named.shown, bytes.toString('utf8'), shared)
  const { root } = part.source
  if (root === undefined || root === null) return problems.count === before ? { ...part, root: {} } : undefined
  if (typeof root === 'object' && !Array.isArray(root)) return { ...part, root: root as YamlMapping }
  problems.add(part.source.placeOf([]), '', `expected a mapping such as \`devices: […]\`, got ${show(root)}`)
  return undefined
}

function toPart(shown: string, text: string, shared: SharedLoading): Omit<Part, 'root'> {
  const folder = dirname(resolve(shown))
  const openPath = (named: string) => (isAbsolute(named) ? named : join(folder, named))
  const showPath = (named: string) => (isAbsolute(named) ? named : join(dirname(shown), named))
  const { secrets, env, problems } = shared
  shared.onFile(resolve(shown))
  const source = new YamlSource(shown, text, env, problems, {
    secrets,
    onParsed: (scalar) => {
      const named = scalar('secrets', 'folder')
      if (typeof named === 'string' && named !== '') secrets.own ??= openPath(readFolder(named, env))
    },
  })
  const loading: Loading = { ...shared, source, openPath, showPath, files: shared.files.beside(openPath) }
  return { file: resolve(shown), source, loading }
}

/** The folder of secrets may come from the environment; what is wrong with that is told where it stands. */
function readFolder(named: string, env: Loading['env']): string {
  try {
    return substitute(named, env).text
  } catch {
    return named
  }
}

function readMain(file: string): string {
  const refuse = (message: string, at = { line: 1, column: 1 }, suggestion?: string) =>
    new ConfigError(file, [{ file, ...at, path: '', message, ...(suggestion === undefined ? {} : { suggestion }) }])
  let bytes: Buffer
  try {
    bytes = readConfigFile(file)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (missing) throw refuse('there is no such file', undefined, closestFile(file))
    throw refuse(`it cannot be read: ${messageOf(error)}`)
  }
  const fault = faultOf(bytes)
  if (fault !== undefined) throw refuse(fault.message, fault.at)
  return bytes.toString('utf8')
}

/** Why bytes are no text of a configuration. */
function faultOf(bytes: Buffer): { message: string; at: { line: number; column: number } } | undefined {
  if (bytes.length > MOST_FILE_BYTES) {
    const message = `this file has ${bytes.length} bytes, and the most is ${MOST_FILE_BYTES}; long tag lists belong into CSV files`
    return { message, at: { line: 1, column: 1 } }
  }
  const foreign = firstForeignLine(bytes)
  if (foreign !== undefined) return { message: 'this file is not UTF-8; save it as UTF-8', at: foreign }
  const nul = bytes.indexOf(0)
  if (nul < 0) return undefined
  const before = bytes.subarray(0, nul).toString('utf8').split('\n')
  const at = { line: before.length, column: before.at(-1)!.length + 1 }
  return { message: 'this file holds a NUL byte: it is no text, or was not written to its end', at }
}

function mappingOf({ source }: Omit<Part, 'root'>, { problems }: SharedLoading): YamlMapping {
  const { root } = source
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) return root as YamlMapping
  if (problems.problems.length === 0) {
    const message = 'expected a mapping that begins with `version: 1`; `bifrost init` writes an example'
    problems.add(source.placeOf([]), '', message)
  }
  throw new ConfigError(source.file, problems.problems)
}

/** A section that is no list stands in one file. */
function refuseTwice(parts: readonly [Part, ...Part[]], { problems }: SharedLoading): void {
  const first = new Map<string, Place>()
  for (const part of parts)
    for (const key of Object.keys(part.root)) {
      if (LISTS.includes(key)) continue
      const place = part.source.placeOf([key], 'key')
      if (key === 'secrets' && part !== parts[0])
        problems.add(place, key, `\`secrets\` stands in ${parts[0].source.file}, the file that includes the others`)
      const earlier = first.get(key)
      if (earlier === undefined) first.set(key, place)
      else problems.add(place, key, `\`${key}\` stands in one file, and it is at ${formatPlace(earlier)} already`)
    }
}

function realPathOf(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return resolve(file)
  }
}
