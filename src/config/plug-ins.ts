/** What devices and sinks have in common in the file: a list of mappings with unique names, each parsed by the type it names. */
import type { Schema } from '../core/driver.ts'
import { nameFault } from '../core/name.ts'
import type { Loading } from './loading.ts'
import { formatPlace, type Place, type ProblemList } from './problem.ts'
import { show } from './issue-words.ts'
import { checkSchema } from './schema-check.ts'
import { closest } from './suggestion.ts'
import type { Path, Places } from './places.ts'
import { formatPath, UNRESOLVED, type YamlMapping } from './yaml-source.ts'

export interface Entry {
  readonly path: Path
  readonly mapping: YamlMapping
  /** Empty when the entry has no usable name. */
  readonly name: string
}

/** Complains about a name that is not well-formed, or that another one has: `first` knows those so far. */
export function checkName(
  { name, kind, place, path }: { name: string; kind: 'device' | 'sink'; place: Place; path: string },
  first: Map<string, Place>,
  problems: ProblemList,
): void {
  const fault = nameFault(name, kind)
  const earlier = first.get(name)
  if (fault !== undefined) problems.add(place, path, fault)
  if (earlier !== undefined)
    problems.add(place, path, `the ${kind} "${name}" exists already, at ${formatPlace(earlier)}`)
  else first.set(name, place)
}

/** The mappings of a list, with names checked: present, well-formed, and none twice. */
export function checkedEntries(
  list: unknown,
  key: string,
  kind: 'device' | 'sink',
  { source, problems }: Loading,
  first = new Map<string, Place>(),
): Entry[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((mapping: unknown, index) => {
    const path = [key, index]
    if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) {
      problems.add(
        source.placeOf(path),
        formatPath(path),
        `expected a mapping that describes a ${kind}, got ${show(mapping)}`,
      )
      return []
    }
    const { name } = mapping as YamlMapping
    if (typeof name !== 'string' || name === UNRESOLVED) return [{ path, mapping: mapping as YamlMapping, name: '' }]
    const at = [...path, 'name']
    checkName({ name, kind, place: source.placeOf(at), path: formatPath(at) }, first, problems)
    return [{ path, mapping: mapping as YamlMapping, name }]
  })
}

/** The type that the entry names and its options as that type parses them; `options` is undefined when they have problems. */
export function checkPlugIn<Type extends { readonly name: string; readonly options: Schema }>(
  { path, mapping }: Entry,
  key: 'driver' | 'sink',
  types: readonly Type[],
  { source, problems, files }: Loading,
): { type: Type; options: unknown } | undefined {
  const type = namedPlugIn(mapping[key], key, types, { source, path, problems })
  if (type === undefined) return undefined
  const given = mapping.options ?? {}
  const options = checkSchema(type.options, { source, path: [...path, 'options'], value: given }, problems, files)
  return { type, options }
}

/** The type of that name; undefined, and told, where there is none. */
export function namedPlugIn<Type extends { readonly name: string }>(
  named: unknown,
  key: 'driver' | 'sink',
  types: readonly Type[],
  { source, path, problems }: { source: Places; path: Path; problems: ProblemList },
): Type | undefined {
  if (typeof named !== 'string' || named === UNRESOLVED) return undefined
  const type = types.find((one) => one.name === named)
  const at = [...path, key]
  if (type === undefined) {
    const names = types.map((one) => one.name)
    const nearest = closest(named, names)
    const known = nearest === undefined ? `; known are ${names.join(', ')}` : ''
    problems.add(
      source.placeOf(at),
      formatPath(at),
      `unknown ${key} "${named}"${known}`,
      nearest === undefined ? undefined : `"${nearest}"`,
    )
  }
  return type
}
