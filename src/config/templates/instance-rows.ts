/**
 * The devices of one entry with `instances`: rows of a CSV file (column `name`, the parameters, and if wanted `enabled` and
 * `every`), or a list of mappings with the same words.
 */
import { show } from '../issue-words.ts'
import { closestFile, type Loading } from '../loading.ts'
import type { Path } from '../places.ts'
import { formatPath, UNRESOLVED, type YamlMapping } from '../yaml-source.ts'
import { sortOut, type Given, type NamedInstance } from './instance.ts'
import { readInstanceFile } from './instance-file.ts'
import type { Template } from './template.ts'

/** What stands under a key of a mapping of the file, as something that was given. */
export function givenIn(mapping: YamlMapping, key: string, path: Path, { source }: Loading): Given {
  const value = mapping[key]
  const substituted = source.isSubstitutedWithin(mapping, [key])
  const written = source.writtenWithin(mapping, [key])
  return {
    value,
    text: typeof value === 'string' ? value : written,
    untyped: substituted,
    place: () => source.within(mapping, [key]),
    keyPlace: () => source.within(mapping, [key], 'key'),
    path: formatPath([...path, key]),
    substituted,
    written: substituted ? written : undefined,
  }
}

/** The instances that `instances` names or lists; `shared` are the entry's own parameters, which a row's go before. */
export function readInstances(
  list: unknown,
  path: Path,
  shared: ReadonlyMap<string, Given>,
  template: Template,
  loading: Loading,
): NamedInstance[] {
  const { source, problems } = loading
  const at = [...path, 'instances']
  if (list === UNRESOLVED) return []
  if (Array.isArray(list)) return list.flatMap((item: unknown, index) => listed(item, path, index, shared, loading))
  const complain = (message: string, suggestion?: string) =>
    problems.add(source.placeOf(at), formatPath(at), message, suggestion)
  if (typeof list !== 'string') {
    complain(`expected the name of a CSV file or a list, got ${show(list)}`)
    return []
  }
  const rows = readInstanceFile(list, { path, shared, template, loading })
  if (typeof rows !== 'string') return rows
  complain(rows, closestFile(loading.showPath(list)))
  return []
}

function listed(
  item: unknown,
  path: Path,
  index: number,
  shared: ReadonlyMap<string, Given>,
  loading: Loading,
): NamedInstance[] {
  const { source, problems } = loading
  const at = [...path, 'instances', index]
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    const what = `expected a mapping such as { name: meter-1, unit: 3 }, got ${show(item)}`
    problems.add(source.placeOf(at), formatPath(at), what)
    return []
  }
  const mapping = item as YamlMapping
  const given = Object.keys(mapping).map((key) => [key, givenIn(mapping, key, at, loading)] as const)
  const { name } = mapping
  if (typeof name !== 'string') {
    problems.add(source.placeOf(at), formatPath(at), 'name is missing: expected a text')
    return []
  }
  const place = () => source.placeOf(at)
  const namePlace = () => source.placeOf([...at, 'name'])
  return [{ name, path, pathText: formatPath(at), place, origin: place, namePlace, ...sortOut(given, shared) }]
}
