/** Who owns an object: the entry of a YAML file in which it is written, or why it is written in no single place. */
import { GatewayError } from '../../core/errors.ts'
import type { Path } from '../places.ts'
import { partOf, type Part } from '../parts.ts'
import { formatPlace } from '../problem.ts'
import { closest } from '../suggestion.ts'
import type { YamlMapping } from '../yaml-source.ts'
import type { EditedFiles } from './edited-files.ts'
import type { EditChoice } from './object-name.ts'

/** An entry of a YAML file. */
export interface Entry {
  readonly part: Part
  readonly path: Path
  readonly mapping: YamlMapping
}

/** Where the tags of a device are written. */
export type TagsOwner =
  | { readonly kind: 'csv'; readonly file: string; readonly shown: string }
  | { readonly kind: 'inline'; readonly entry: Entry; readonly rows: readonly Entry[] }

const entriesOf = (files: EditedFiles, list: 'devices' | 'sinks'): Entry[] =>
  files.parts.flatMap((part) => {
    const given = part.root[list]
    if (!Array.isArray(given)) return []
    return given.flatMap((mapping: unknown, at) => (isMapping(mapping) ? [{ part, path: [list, at], mapping }] : []))
  })

/** The entry of a device or sink. Throws NOT_FOUND, or CONFLICT for a device that is one of many made from an entry. */
export function ownerOf(kind: 'device' | 'sink', name: string, files: EditedFiles): Entry {
  const entries = entriesOf(files, kind === 'device' ? 'devices' : 'sinks')
  const found = entries.find(({ mapping }) => mapping.name === name && !('instances' in mapping))
  if (found !== undefined) return found
  if (kind === 'device') refuseInstance(name, files)
  const names = entries.flatMap(({ mapping }) => (typeof mapping.name === 'string' ? [mapping.name] : []))
  const nearest = closest(name, names)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  throw new GatewayError('NOT_FOUND', `there is no ${kind} "${name}" in the configuration${hint}`)
}

/** A device that an entry with `instances` makes: its row and the template own it together. */
function refuseInstance(name: string, files: EditedFiles): void {
  const device = files.load().devices.find((one) => one.name === name)
  if (device?.origin === undefined) return
  const { line, column, via, file } = device.origin
  const row = formatPlace({ file, line, column })
  throw new GatewayError(
    'CONFLICT',
    `device "${name}" is made from the template "${via?.template}" (${via?.place}) by ${row}: edit that row, or the template for all of them`,
    { details: { file, line, choices: [] } },
  )
}

/** Where a section stands; the first file where it stands nowhere. */
export function sectionOwner(name: string, files: EditedFiles): Entry {
  if (['devices', 'sinks', 'templates', 'include', 'version'].includes(name))
    throw new GatewayError('INVALID_REQUEST', `${name} is no section with settings of its own`)
  const part = partOf(files.parts, name)
  const given = part.root[name]
  return { part, path: [name], mapping: isMapping(given) ? given : {} }
}

/** Where the tags of a device are. Throws CONFLICT where they are those of a template, or a list that others have too. */
export function tagsOwner(entry: Entry, files: EditedFiles, choice: EditChoice | undefined): TagsOwner {
  const { part, path, mapping } = entry
  const { tags } = mapping
  if (typeof tags !== 'string') {
    const list: unknown[] = Array.isArray(tags) ? tags : []
    const rows = list.flatMap((row, at) =>
      isMapping(row) ? [{ part, path: [...path, 'tags', at], mapping: row }] : [],
    )
    return { kind: 'inline', entry, rows }
  }
  const file = part.loading.openPath(tags)
  const shown = part.loading.showPath(tags)
  const others = entriesOf(files, 'devices').filter(
    (other) =>
      typeof other.mapping.tags === 'string' &&
      other.part.loading.openPath(other.mapping.tags) === file &&
      other.mapping.name !== mapping.name,
  )
  if (others.length > 0 && choice !== 'shared') {
    const names = others.map((other) => String(other.mapping.name))
    const some = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
    throw new GatewayError(
      'CONFLICT',
      `${shown} is the tag list of ${some} too: give this device a list of its own at ${placeOf(entry, ['tags'])}, or change it for all of them`,
      { details: { file, choices: ['shared'] } },
    )
  }
  return { kind: 'csv', file, shown }
}

/** `conf.d/a.yaml:12`, of an entry or of something within it. */
export function placeOf({ part, path }: Entry, within: Path = []): string {
  const { file, line } = part.source.placeOf([...path, ...within])
  return `${file}:${line}`
}

export const isMapping = (value: unknown): value is YamlMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where a tag is written: its row, and the place of a setting where that stands for itself. */
export interface TagPlace {
  /** `press-1.csv:7` */
  readonly row: string
  of(setting: string): string | undefined
}

/** Undefined where it stands in no row of its own: a member of an array, or of a template. */
export function placeOfTag(device: string, name: string, files: EditedFiles): TagPlace | undefined {
  const entries = entriesOf(files, 'devices')
  const entry = entries.find(({ mapping }) => mapping.name === device && !('instances' in mapping))
  const owner = entry && tagsOwner(entry, files, 'shared')
  if (owner === undefined) return undefined
  if (owner.kind === 'csv') {
    const list = files.list(owner.file, owner.shown)
    const row = `${owner.shown}:${list.lineOf(name)}`
    return list.has(name) ? { row, of: () => row } : undefined
  }
  const row = owner.rows.find(({ mapping }) => String(mapping.name) === name)
  if (row === undefined) return undefined
  return {
    row: placeOf(row),
    of: (setting) => (Object.hasOwn(row.mapping, setting) ? placeOf(row, [setting]) : undefined),
  }
}

/** Where each tag of a device is written, by its name: `press-1.csv:7`. Members of arrays and tags of a template stand in no row of their own. */
export function placesOfTags(device: string, files: EditedFiles): ReadonlyMap<string, string> {
  const entry = entriesOf(files, 'devices').find(({ mapping }) => mapping.name === device && !('instances' in mapping))
  const owner = entry && tagsOwner(entry, files, 'shared')
  if (owner === undefined) return new Map()
  if (owner.kind === 'inline') return new Map(owner.rows.map((row) => [String(row.mapping.name), placeOf(row)]))
  const list = files.list(owner.file, owner.shown)
  return new Map([...list.names].map((name) => [name, `${owner.shown}:${list.lineOf(name)}`]))
}
