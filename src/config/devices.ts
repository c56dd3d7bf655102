/** The devices of a configuration: name, driver, the driver's own options, and the tags from CSV or inline. */
import type { DriverType } from '../core/driver.ts'
import type { DeviceConfig, TagConfig } from './config.ts'
import { deviceSchema } from './file-schema.ts'
import { toOrigin, type TagListOrigin } from './origin.ts'
import { formatPlace, type Place } from './problem.ts'
import { loadParameters, refuseRuledAddresses } from './parameter-sets.ts'
import { loadTemplateDevices } from './templates/template-devices.ts'
import type { TemplateSet } from './templates/template-set.ts'
import { closestFile, type Loading } from './loading.ts'
import { checkedEntries, checkPlugIn, type Entry } from './plug-ins.ts'
import { show } from './issue-words.ts'
import { outsideOptions } from './outside-options.ts'
import { checkSchema } from './schema-check.ts'
import { readTagCsv } from './tag-csv.ts'
import { readTagInline } from './tag-inline.ts'
import type { TagListContext } from './tag-list.ts'
import { formatPath, UNRESOLVED } from './yaml-source.ts'

/** Every device of the list; those with problems are left out or incomplete, and the problems are in the list. */
export function loadDevices(
  list: unknown,
  templates: TemplateSet,
  loading: Loading,
  names: Map<string, Place>,
): DeviceConfig[] {
  return checkedEntries(list, 'devices', 'device', loading, names).flatMap((entry) =>
    'template' in entry.mapping
      ? loadTemplateDevices(entry, templates, names, loading)
      : loadPlainDevice(entry, loading),
  )
}

function loadPlainDevice(entry: Entry, loading: Loading): DeviceConfig[] {
  const head = checkSchema(
    deviceSchema,
    { source: loading.source, path: entry.path, value: entry.mapping },
    loading.problems,
  )
  const checked = checkPlugIn<DriverType>(entry, 'driver', loading.drivers, loading)
  if (checked === undefined) return []
  const { type, options } = checked
  const tags = loadTags(entry, { type, everyMs: head?.every ?? 1000, problems: loading.problems }, loading)
  const { enabled = true, every: everyMs = 1000, area } = head ?? {}
  const parameters = loadParameters(entry, type, loading)
  const { source } = loading
  const setsPath = [...entry.path, 'parameterSets']
  refuseRuledAddresses(parameters, tags, type, (message) =>
    loading.problems.add(source.placeOf(setsPath), formatPath(setsPath), message),
  )
  const at = source.placeOf(entry.path)
  const config: DeviceConfig = {
    name: entry.name,
    type,
    options,
    enabled,
    everyMs,
    area,
    tags,
    parameters,
    origin: toOrigin(at),
    tagsOrigin: tagsOriginOf(entry, loading),
    ...outsideOptions(entry.mapping.options, source),
  }
  const path = [...entry.path, 'options']
  const origin = formatPlace(at)
  loading.onDevice?.({
    config,
    origin,
    options: entry.mapping.options ?? {},
    places: source,
    path,
    mapping: entry.mapping,
  })
  return [config]
}

function tagsOriginOf({ mapping, path }: Entry, { source, openPath }: Loading): TagListOrigin | undefined {
  const { tags } = mapping
  if (tags === undefined || tags === null) return undefined
  if (typeof tags === 'string') return { file: openPath(tags), line: 1, column: 1, kind: 'csv' }
  return { ...toOrigin(source.placeOf([...path, 'tags'])), kind: 'inline' }
}

function loadTags({ mapping, path }: Entry, context: TagListContext, loading: Loading): TagConfig[] {
  const { source, problems } = loading
  const { tags } = mapping
  const at = [...path, 'tags']
  if (tags === undefined || tags === null || tags === UNRESOLVED) return []
  if (Array.isArray(tags)) return readTagInline(source, at, tags, context)
  if (typeof tags !== 'string') {
    problems.add(source.placeOf(at), formatPath(at), `expected the name of a CSV file or a list, got ${show(tags)}`)
    return []
  }
  const read = readTagFile(tags, context, loading)
  if (typeof read !== 'string') return read
  problems.add(source.placeOf(at), formatPath(at), read, closestFile(loading.showPath(tags)))
  return []
}

/**
 * Devices of one driver and interval that name the same file have the same list, the very objects: a thousand machines of one
 * kind are read, and kept, once. Nobody writes to tags once they are read.
 */
function readTagFile(named: string, context: TagListContext, { tagLists, ...loading }: Loading): TagConfig[] | string {
  const path = loading.openPath(named)
  const key = JSON.stringify([path, context.type.name, context.everyMs])
  const known = tagLists.get(key)
  if (known !== undefined) return known
  loading.onFile(path)
  const shown = loading.showPath(named)
  const read = loading.tagListCache?.read(path, shown, context) ?? readTagCsv(path, shown, context)
  tagLists.set(key, read)
  return read
}
