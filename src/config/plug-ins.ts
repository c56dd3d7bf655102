/** What devices and sinks have in common in the file: a list of mappings with unique names, each parsed by the type it names. */
import type { Schema } from '../core/driver.ts'
import type { Loading } from './loading.ts'
import { formatPlace } from './problem.ts'
import { show } from './issue-words.ts'
import { checkSchema } from './schema-check.ts'
import { closest } from './suggestion.ts'
import { nameFault } from './tag-columns.ts'
import { formatPath, UNRESOLVED, type Path, type YamlMapping } from './yaml-source.ts'

export interface Entry {
  readonly path: Path
  readonly mapping: YamlMapping
  /** Empty when the entry has no usable name. */
  readonly name: string
}

/** The mappings of a list, with names checked: present, well-formed, and none twice. */
export function checkedEntries(
  list: unknown,
  key: string,
  kind: 'device' | 'sink',
  { source, problems }: Loading,
): Entry[] {
  if (!Array.isArray(list)) return []
  const first = new Map<string, Path>()
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
    const fault = nameFault(name, kind)
    const earlier = first.get(name)
    if (fault !== undefined) problems.add(source.placeOf(at), formatPath(at), fault)
    if (earlier !== undefined) {
      problems.add(
        source.placeOf(at),
        formatPath(at),
        `the ${kind} "${name}" exists already, at ${formatPlace(source.placeOf(earlier))}`,
      )
    }
    first.set(name, earlier ?? at)
    return [{ path, mapping: mapping as YamlMapping, name }]
  })
}

/** The type that the entry names and its options as that type parses them; `options` is undefined when they have problems. */
export function checkPlugIn<Type extends { readonly name: string; readonly options: Schema }>(
  { path, mapping }: Entry,
  key: 'driver' | 'sink',
  types: readonly Type[],
  { source, problems, openPath }: Loading,
): { type: Type; options: unknown } | undefined {
  const named = mapping[key]
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
    return undefined
  }
  const given = mapping.options ?? {}
  const options = checkSchema(type.options, { source, path: [...path, 'options'], value: given }, problems, openPath)
  return { type, options }
}
