/**
 * What differs between two loaded configurations, object by object: what comes (+), changes (~) and goes (−), with the value of each setting
 * before and after, as it would stand in a file. Where an object is written makes no difference. What is secret, or came from the environment
 * or a file, is never shown: only that it differs.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Schema } from '../../core/driver.ts'
import { areSame } from '../../core/tags.ts'
import type { Config, DeviceConfig, SinkConfig, TagConfig } from '../config.ts'
import { toTag } from '../render.ts'
import { shownParameters } from './shown-parameters.ts'
import { differingOptions, flatten, shownSettings, type Shown } from './shown-options.ts'

/** One setting of an object; undefined: it is not there. Secrets are `***`. */
export interface SettingChange {
  /** `options.host`, `every`, `replay.order`, `tags`. */
  readonly setting: string
  readonly before: Shown | undefined
  readonly after: Shown | undefined
}

/** One object that differs. */
export interface Difference {
  readonly sign: '+' | '~' | '-'
  readonly kind: 'device' | 'tag' | 'sink' | 'section'
  /** Of a tag its device and its name: `press-1/level`; of a section its name: `store`. */
  readonly name: string
  /** The settings that differ; of an object that comes or goes what it is: driver or sink, address, type, how many tags. */
  readonly changes: readonly SettingChange[]
}

/** By device (each followed by its tags), sink and section, in the order of the configurations; what goes stands last. */
export function compareConfigs(before: Config, after: Config): Difference[] {
  return [
    ...compareByName(before.devices, after.devices, compareDevice, deviceFacts, 'device'),
    ...compareByName(before.sinks, after.sinks, compareSink, sinkFacts, 'sink'),
    ...compareSections(before, after),
  ]
}

/** How many of each: for a line such as `2 added, 1 changed, 0 removed`. */
export interface DifferenceCounts {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

export function countDifferences(differences: readonly Difference[]): DifferenceCounts {
  const count = (sign: Difference['sign']) => differences.filter((one) => one.sign === sign).length
  return { added: count('+'), changed: count('~'), removed: count('-') }
}

function compareByName<Part extends { readonly name: string }>(
  before: readonly Part[],
  after: readonly Part[],
  compare: (before: Part, after: Part) => Difference[],
  facts: (part: Part) => SettingChange[],
  kind: Difference['kind'],
): Difference[] {
  const known = new Map(before.map((part) => [part.name, part]))
  const names = new Set(after.map(({ name }) => name))
  const stays = after.flatMap((part): Difference[] => {
    const other = known.get(part.name)
    if (other === undefined) return [{ sign: '+', kind, name: part.name, changes: facts(part) }]
    return other === part ? [] : compare(other, part)
  })
  const gone = before.filter(({ name }) => !names.has(name))
  return [
    ...stays,
    ...gone.map((part): Difference => ({ sign: '-', kind, name: part.name, changes: turned(facts(part)) })),
  ]
}

const turned = (facts: readonly SettingChange[]): SettingChange[] =>
  facts.map(({ setting, after }) => ({ setting, before: after, after: undefined }))

const fact = (setting: string, after: Shown): SettingChange => ({ setting, before: undefined, after })

const deviceFacts = ({ type, tags }: DeviceConfig) => [fact('driver', type.name), fact('tags', tags.length)]
const sinkFacts = ({ type }: SinkConfig) => [fact('sink', type.name)]
const tagFacts = ({ settings }: TagConfig) => [fact('address', settings.address), fact('type', settings.type)]

function compareDevice(before: DeviceConfig, after: DeviceConfig): Difference[] {
  const head = (device: DeviceConfig) => ({
    driver: device.type.name,
    enabled: device.enabled,
    everyMs: device.everyMs,
    area: device.area,
    ...shownParameters(device.parameters),
  })
  const changes = [...differing(shownSettings(head(before)), shownSettings(head(after))), ...optionsOf(before, after)]
  const { name } = after
  const own: Difference[] = changes.length === 0 ? [] : [{ sign: '~', kind: 'device', name, changes }]
  return [...own, ...compareTags(before, after)]
}

function compareSink(before: SinkConfig, after: SinkConfig): Difference[] {
  const head = (sink: SinkConfig) => ({
    sink: sink.type.name,
    enabled: sink.enabled,
    replay: { order: sink.replay.order, rate: sink.replay.makeUpRowsPerSecond },
  })
  const changes = [...differing(shownSettings(head(before)), shownSettings(head(after))), ...optionsOf(before, after)]
  return changes.length === 0 ? [] : [{ sign: '~', kind: 'sink', name: after.name, changes }]
}

interface PlugIn {
  readonly type: { readonly options: Schema }
  readonly options: unknown
  readonly outside?: readonly string[] | undefined
}

function optionsOf(before: PlugIn, after: PlugIn): SettingChange[] {
  if (before.type === after.type && isDeepStrictEqual(before.options, after.options)) return []
  const side = ({ type, options, outside = [] }: PlugIn) => ({ schema: type.options, options, outside })
  return differingOptions(side(before), side(after)).map((change) => ({
    ...change,
    setting: `options.${change.setting}`,
  }))
}

/** Lists are long and differ in little: what is the very same object, or has the same settings, costs next to nothing. */
function compareTags(before: DeviceConfig, after: DeviceConfig): Difference[] {
  if (before.tags === after.tags) return []
  const known = new Map(before.tags.map((tag) => [tag.settings.name, tag]))
  const differences: Difference[] = []
  for (const tag of after.tags) {
    const { name } = tag.settings
    const other = known.get(name)
    known.delete(name)
    const full = `${after.name}/${name}`
    if (other === undefined) differences.push({ sign: '+', kind: 'tag', name: full, changes: tagFacts(tag) })
    else if (other !== tag && !areSame(other.settings, tag.settings)) {
      // Against the device's own interval of each, so that a device that is read at another pace does not name each of its tags.
      const changes = differing(flatten(toTag(other.settings, before)), flatten(toTag(tag.settings, after)))
      if (changes.length > 0) differences.push({ sign: '~', kind: 'tag', name: full, changes })
    }
  }
  for (const [name, tag] of known)
    differences.push({ sign: '-', kind: 'tag', name: `${after.name}/${name}`, changes: turned(tagFacts(tag)) })
  return differences
}

/** What is no section, or stands elsewhere in the list. */
const NO_SECTIONS = new Set(['version', 'file', 'files', 'templates', 'roles', 'warnings', 'devices', 'sinks'])

function compareSections(before: Config, after: Config): Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !NO_SECTIONS.has(name))
  return names.flatMap((name): Difference[] => {
    const [a, b] = [before, after].map((config) => (config as unknown as Record<string, unknown>)[name])
    if (isDeepStrictEqual(a, b)) return []
    const changes = differing(shownSettings(a, name), shownSettings(b, name))
    return [{ sign: '~', kind: 'section', name, changes }]
  })
}

function differing(before: ReadonlyMap<string, Shown>, after: ReadonlyMap<string, Shown>): SettingChange[] {
  const settings = [...new Set([...before.keys(), ...after.keys()])]
  return settings
    .filter((setting) => before.get(setting) !== after.get(setting))
    .map((setting) => ({ setting, before: before.get(setting), after: after.get(setting) }))
}
