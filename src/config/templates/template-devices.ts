/** The devices of an entry that names a template: one, or as many as `instances` says. */
import type { DeviceConfig, TagConfig } from '../config.ts'
import type { DeviceParameters } from '../../core/parameters.ts'
import type { Loading } from '../loading.ts'
import { loadParameters, refuseRuledAddresses } from '../parameter-sets.ts'
import { show } from '../issue-words.ts'
import { toOrigin } from '../origin.ts'
import { outsideOptions } from '../outside-options.ts'
import { checkName, type Entry } from '../plug-ins.ts'
import { formatPlace, type Place, type ProblemList } from '../problem.ts'
import { checkSchema } from '../schema-check.ts'
import { formatPath, UNRESOLVED, type YamlMapping } from '../yaml-source.ts'
import { readArguments } from './arguments.ts'
import { Expansion } from './expansion.ts'
import { expandedHeadSchema, templateDeviceSchema, templateInstancesSchema } from './grammar.ts'
import type { Given, Instance } from './instance.ts'
import { givenIn, readInstances } from './instance-rows.ts'
import { readChanges, type TagChange } from './tag-change.ts'
import type { Template } from './template.ts'
import type { TemplateSet } from './template-set.ts'
import { expandTags } from './template-tags.ts'

/** What all devices of an entry have in common. */
interface Common {
  readonly entry: Entry
  readonly template: Template
  readonly changes: readonly TagChange[]
  readonly lists: Map<string, TagConfig[]>
  /** The same for all of them. */
  readonly parameters: DeviceParameters | undefined
}

/** Every device of the entry; those with problems are left out, and the problems are in the list. */
export function loadTemplateDevices(
  entry: Entry,
  templates: TemplateSet,
  names: Map<string, Place>,
  loading: Loading,
): DeviceConfig[] {
  const { source, problems } = loading
  const { mapping, path } = entry
  const several = 'instances' in mapping
  checkSchema(several ? templateInstancesSchema : templateDeviceSchema, { source, path, value: mapping }, problems)
  const { template: named } = mapping
  if (typeof named !== 'string' || named === UNRESOLVED) return []
  const at = [...path, 'template']
  const template = templates.find(named, source.placeOf(at), formatPath(at))
  if (template === undefined) return []
  const changes = readChanges(mapping.tags, [...path, 'tags'], source, problems)
  const lists = changes.length === 0 ? template.cache.lists : new Map<string, TagConfig[]>()
  const parameters = loadParameters(entry, template.type, loading)
  const common: Common = { entry, template, changes, lists, parameters }
  const shared = readShared(entry, loading)
  if (!several) return expand(common, single(entry, shared, loading), loading)
  return readInstances(mapping.instances, path, shared, template, loading).flatMap((instance) => {
    const where = {
      name: instance.name,
      kind: 'device' as const,
      place: instance.namePlace(),
      path: `${instance.pathText}, name`,
    }
    checkName(where, names, problems)
    return expand(common, instance, loading)
  })
}

/** What stands under `parameters` of the entry. */
function readShared({ mapping, path }: Entry, loading: Loading): Map<string, Given> {
  const { parameters } = mapping
  const at = [...path, 'parameters']
  if (parameters === undefined || parameters === null || parameters === UNRESOLVED) return new Map()
  if (typeof parameters === 'object' && !Array.isArray(parameters)) {
    const given = parameters as YamlMapping
    return new Map(Object.keys(given).map((name) => [name, givenIn(given, name, at, loading)]))
  }
  const what = `expected a mapping of parameters to values, got ${show(parameters)}`
  loading.problems.add(loading.source.placeOf(at), formatPath(at), what)
  return new Map()
}

function single({ name, path, mapping }: Entry, parameters: Map<string, Given>, { source }: Loading): Instance {
  const at = 'parameters' in mapping ? [...path, 'parameters'] : path
  const place = () => source.placeOf(at)
  const origin = () => source.placeOf(path)
  return { name, path, pathText: formatPath(at), place, origin, parameters, head: new Map() }
}

function expand(
  { entry, template, changes, lists, parameters }: Common,
  instance: Instance,
  loading: Loading,
): DeviceConfig[] {
  const { problems, source, files } = loading
  const given = readArguments(template, instance, problems)
  if (given === undefined) return []
  const places = new Expansion(template, given, instance)
  const { options, every, enabled, area: where } = entry.mapping
  const said = { ...defined({ options, every, enabled, area: where }) }
  places.overlay(said, entry.mapping, source)
  places.overlayRow(instance.head)
  const { path } = instance
  const { type } = template
  const { options: settings, ...headSettings } = places.root
  const head = checkSchema(expandedHeadSchema, { source: places, path, value: places.pick(headSettings) }, problems)
  const at = [...path, 'options']
  const parsed = checkSchema(type.options, { source: places, path: at, value: settings ?? {} }, problems, files)
  const everyMs = head?.every ?? 1000
  const tags = expandTags({ template, given, instance, everyMs, changes, lists }, problems)
  const setsPath = [...entry.path, 'parameterSets']
  refuseRuledAddresses(parameters, tags, type, (message) =>
    problems.add(source.placeOf(setsPath), formatPath(setsPath), message),
  )
  const { enabled: isEnabled = true, area } = head ?? {}
  const owner = toOrigin(instance.origin(), { template: template.name, place: placeOfTemplate(template) })
  const config: DeviceConfig = {
    name: instance.name,
    type,
    options: parsed,
    enabled: isEnabled,
    everyMs,
    area,
    tags,
    parameters,
    origin: owner,
    tagsOrigin: { ...owner, kind: 'template' },
    ...outsideOptions(settings, places),
  }
  if (parsed !== undefined && config.enabled && given.size > 0) warnOfTwin(template, config, instance, problems)
  const origin = `${formatPlace(instance.origin())}, template ${template.name} (${template.source.file})`
  loading.onDevice?.({ config, origin, options: settings ?? {}, places, path: at, mapping: places.root })
  return [config]
}

const placeOfTemplate = ({ source, path }: Template): string => formatPlace(source.placeOf(path))

/** Two devices with the same options and the very same tags are one device, read twice: a row was copied and not changed. */
function warnOfTwin(
  template: Template,
  { options, tags }: DeviceConfig,
  instance: Instance,
  problems: ProblemList,
): void {
  const { devices } = template.cache
  const others = devices.get(tags) ?? new Map<string, Instance>()
  devices.set(tags, others)
  const key = JSON.stringify(options)
  const twin = others.get(key)
  others.set(key, twin ?? instance)
  if (twin === undefined) return
  const where = `"${twin.name}", at ${formatPlace(twin.origin())}`
  const message = `"${instance.name}" differs from ${where}, in nothing but its name: both read the same device`
  problems.warn(instance.place(), instance.pathText, message)
}

const defined = (mapping: YamlMapping): YamlMapping =>
  Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined))
