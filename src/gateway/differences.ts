/** What differs between two configurations, part by part. Where a part is written in its file makes no difference. */
import { isDeepStrictEqual } from 'node:util'
import type { Config, DeviceConfig, SinkConfig, TagConfig } from '../config/config.ts'
import type { ChangedPart, PartChanges } from '../core/change-report.ts'
import { areSame } from '../core/tags.ts'

/** A device that is to get other tags, on the connection that it has, or to begin anew. */
export interface DeviceDifference extends ChangedPart {
  readonly before: DeviceConfig
  readonly after: DeviceConfig
}

/** Undefined: it is the same. */
export function compareDevice(before: DeviceConfig, after: DeviceConfig): DeviceDifference | undefined {
  const what = [
    ...(before.type === after.type ? [] : ['driver']),
    ...(before.enabled === after.enabled ? [] : ['enabled']),
    ...optionsThatDiffer(before.options, after.options),
  ]
  const tags = compareTags(before.tags, after.tags)
  const how = what.length === 0 ? 'kept' : 'restarted'
  if (before.area !== after.area) what.push('area')
  if (!isDeepStrictEqual(before.parameters, after.parameters)) what.push('parameterSets')
  if (tags !== undefined) what.push('tags')
  if (what.length === 0) return undefined
  return { name: after.name, how, what, ...(tags === undefined ? {} : { tags }), before, after }
}

/** Undefined: it is the same. */
export function compareSink(before: SinkConfig, after: SinkConfig): ChangedPart | undefined {
  const what = [
    ...(before.type === after.type ? [] : ['sink']),
    ...(before.enabled === after.enabled ? [] : ['enabled']),
    ...(isDeepStrictEqual(before.replay, after.replay) ? [] : ['replay']),
    ...optionsThatDiffer(before.options, after.options),
  ]
  return what.length === 0 ? undefined : { name: after.name, how: 'restarted', what }
}

/** The same tag of a device: another address, type or settings are a change of it. */
export const isSameTag = (a: TagConfig, b: TagConfig): boolean =>
  a === b || (areSame(a.settings, b.settings) && (a.address === b.address || isDeepStrictEqual(a.address, b.address)))

function compareTags(before: readonly TagConfig[], after: readonly TagConfig[]): ChangedPart['tags'] | undefined {
  if (before === after) return undefined
  // Lists are long and differ in little: what is the very same at both ends is left out.
  let from = 0
  while (from < before.length && before[from] === after[from]) from++
  let same = 0
  while (same < Math.min(before.length, after.length) - from && before.at(-1 - same) === after.at(-1 - same)) same++
  const known = new Map(before.slice(from, before.length - same).map((tag) => [tag.settings.name, tag]))
  let [added, changed] = [0, 0]
  for (const tag of after.slice(from, after.length - same)) {
    const other = known.get(tag.settings.name)
    if (other === undefined) added++
    else if (!isSameTag(other, tag)) changed++
    known.delete(tag.settings.name)
  }
  const removed = known.size
  if (added + changed + removed > 0) return { added, changed, removed }
  const isInOrder = before.every(({ settings }, at) => settings.name === after[at]!.settings.name)
  return isInOrder ? undefined : { added, changed, removed }
}

/** `options.host`: the names of those that differ. No values: some of them are secret. */
function optionsThatDiffer(before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return []
  const [a, b] = [before, after] as Record<string, unknown>[]
  const names = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])]
  const differ = names.filter((name) => !isDeepStrictEqual(a?.[name], b?.[name])).map((name) => `options.${name}`)
  return differ.length === 0 ? ['options'] : differ
}

/** What of the configuration itself is no setting, and what the parts of the gateway take over by themselves. */
const NO_SETTINGS = new Set([
  'version',
  'file',
  'files',
  'templates',
  'roles',
  'warnings',
  'devices',
  'sinks',
  'discovery',
])
/** What can be changed while the gateway runs. */
const IN_PLACE = new Set([
  'assets',
  'discovery',
  'log.level',
  'log.levels',
  'log.patterns',
  'store.maxBytes',
  'store.maxAgeMs',
  'store.policy',
  'store.trends',
])
const isInPlace = (name: string): boolean =>
  IN_PLACE.has(name) || /^(access|network)\.|^(alerts|reports)(\.|$)/.test(name)

export interface SettingDifferences {
  readonly inPlace: readonly string[]
  readonly needsRestart: readonly string[]
}

/** Settings beside devices and sinks, as `section.name`. */
export function compareSettings(before: Config, after: Config): SettingDifferences {
  const all = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const differ = all.filter((key) => !NO_SETTINGS.has(key)).flatMap((key) => differencesIn(key, before, after))
  if (!isDeepStrictEqual(before.discovery, after.discovery)) differ.push('discovery')
  return {
    inPlace: differ.filter(isInPlace),
    needsRestart: differ.filter((name) => !isInPlace(name)),
  }
}

function differencesIn(key: string, before: Config, after: Config): string[] {
  const [a, b] = [before, after].map((config) => (config as unknown as Record<string, unknown>)[key])
  if (isDeepStrictEqual(a, b)) return []
  if (!isRecord(a) || !isRecord(b)) return [key]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names.filter((name) => !isDeepStrictEqual(a[name], b[name])).map((name) => `${key}.${name}`)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `next`, with what needs a restart as it runs now: that is what the gateway does. */
export function runningConfig(before: Config, next: Config, needsRestart: readonly string[]): Config {
  const running = { ...next } as unknown as Record<string, unknown>
  const old = before as unknown as Record<string, unknown>
  for (const name of needsRestart) {
    const [section, setting] = name.split('.') as [string, string | undefined]
    if (setting === undefined) running[section] = old[section]
    else {
      const kept = (old[section] as Record<string, unknown>)[setting]
      running[section] = { ...(running[section] as object), [setting]: kept }
    }
  }
  return running as unknown as Config
}

/** By name: which are new, which are gone, and what `compare` finds in those that stay. */
export function compareParts<Part extends { readonly name: string }, Difference extends ChangedPart>(
  before: readonly Part[],
  after: readonly Part[],
  compare: (before: Part, after: Part) => Difference | undefined,
): { added: readonly Part[]; changed: readonly Difference[]; removed: readonly Part[]; report: PartChanges } {
  const known = new Map(before.map((part) => [part.name, part]))
  const added = after.filter(({ name }) => !known.has(name))
  const changed = after.flatMap((part) => {
    const other = known.get(part.name)
    return (other !== undefined && other !== part && compare(other, part)) || []
  })
  const names = new Set(after.map(({ name }) => name))
  const removed = before.filter(({ name }) => !names.has(name))
  const report = {
    added: added.map(({ name }) => name),
    changed: changed.map(({ name, how, what, tags }) => ({ name, how, what, ...(tags === undefined ? {} : { tags }) })),
    removed: removed.map(({ name }) => name),
    untouched: after.length - added.length - changed.length,
  }
  return { added, changed, removed, report }
}
