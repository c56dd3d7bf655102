/**
 * `include: [conf.d/*.yaml]`: the files that a configuration consists of. Names are relative to the file that includes; `*` and `?` stand
 * for what they do in a shell, and what they find is sorted. No `${…}`: which files are read must not depend on the environment.
 */
import { readdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { givenFilesIn, isGiven, isGone, lookedInto } from './file-reading.ts'
import { show } from './issue-words.ts'
import { closestFile } from './loading.ts'
import type { Path } from './places.ts'
import type { ProblemList } from './problem.ts'
import { formatPath, type YamlSource } from './yaml-source.ts'

/** The most files that one configuration may consist of. */
export const MOST_FILES = 1000

/** A file that is named by `include`. */
export interface Included {
  /** By which it is opened. */
  readonly file: string
  /** For messages. */
  readonly shown: string
  /** Where it is named. */
  readonly path: Path
}

/** Where an `include` stands. */
export interface Including {
  readonly source: YamlSource
  /** Folder of the file, for opening and for messages. */
  readonly folder: string
  readonly problems: ProblemList
}

/** The files that `include` names, in order; what is wrong with it is in the list of problems. */
export function includedFiles(include: unknown, including: Including): Included[] {
  if (include === undefined || include === null) return []
  const list: readonly unknown[] = Array.isArray(include) ? include : [include]
  return list.flatMap((named, index) => {
    const path = Array.isArray(include) ? ['include', index] : ['include']
    const complain = complainAt(path, including)
    if (writtenAt(path, including.source)?.includes('${') === true) {
      complain('no ${…} stands in `include`: which files are read does not depend on the environment')
      return []
    }
    if (typeof named !== 'string' || named.trim() === '') {
      complain(`expected the name of a file such as conf.d/*.yaml, got ${show(named)}`)
      return []
    }
    return filesOf(named, path, including)
  })
}

function filesOf(named: string, path: Path, including: Including): Included[] {
  const complain = complainAt(path, including)
  if (/[\0\r\n]/.test(named)) {
    complain('the name of a file holds no line break and no NUL')
    return []
  }
  const folder = dirname(including.source.file)
  const shownOf = (file: string) => (isAbsolute(file) ? file : join(folder, file))
  const openOf = (file: string) => (isAbsolute(file) ? file : join(including.folder, file))
  if (named.includes('**')) {
    complain('`**` is not understood: name each folder, such as conf.d/*.yaml and conf.d/*/*.yaml')
    return []
  }
  if (!/[*?]/.test(named)) {
    const fault = faultOf(openOf(named))
    if (fault === undefined) return [{ file: openOf(named), shown: shownOf(named), path }]
    const isMissing = fault === 'missing'
    complain(
      isMissing ? `there is no file ${shownOf(named)}` : `${shownOf(named)} ${fault}`,
      isMissing ? closestFile(openOf(named), shownOf(named)) : undefined,
    )
    return []
  }
  try {
    return matches(named, openOf).map((file) => ({ file: openOf(file), shown: shownOf(file), path }))
  } catch (error) {
    complain(messageOf(error))
    return []
  }
}

/** What a pattern finds, sorted. A folder that does not exist holds nothing. */
function matches(pattern: string, openOf: (file: string) => string): string[] {
  let found = [isAbsolute(pattern) ? '/' : '']
  const segments = pattern.split('/').filter((segment) => segment !== '')
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1
    found = found.flatMap((folder) => {
      if (!/[*?]/.test(segment)) return [join(folder, segment)]
      return entriesOf(openOf(folder === '' ? '.' : folder))
        .filter((name) => patternOf(segment).test(name) && (!name.startsWith('.') || segment.startsWith('.')))
        .map((name) => join(folder, name))
        .filter((file) => (isLast ? isFile(openOf(file)) : true))
    })
  }
  return found.sort()
}

function patternOf(segment: string): RegExp {
  const source = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}

function entriesOf(folder: string): string[] {
  lookedInto(folder)
  const given = givenFilesIn(folder)
  try {
    return [...new Set([...readdirSync(folder), ...given])]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return given
    throw error
  }
}

const isFile = (file: string): boolean => faultOf(file) === undefined

/** Why a file cannot be included, in words that follow its name. */
function faultOf(file: string): string | undefined {
  if (isGiven(file)) return undefined
  if (isGone(file)) return 'missing'
  try {
    const stats = statSync(file)
    if (stats.isDirectory()) return 'is a folder: name its files, such as conf.d/*.yaml'
    return stats.isFile() ? undefined : 'is no plain file'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : `cannot be read: ${messageOf(error)}`
  }
}

const complainAt =
  (path: Path, { source, problems }: Including) =>
  (message: string, suggestion?: string) =>
    problems.add(source.placeOf(path), formatPath(path), message, suggestion)

const writtenAt = (path: Path, source: YamlSource): string | undefined => source.writtenWithin(source.root, path)
