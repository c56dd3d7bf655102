/**
 * Every setting of a configuration with its value and where that comes from: a line of a file, a template, the environment, or the default.
 * Secrets are blanked; a value that came from the environment or a file is shown as the reference that stands there.
 */
import type { Schema } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { Config, ConfigSources, DeviceConfig, SinkConfig } from './config.ts'
import { EditedFiles } from './edit/edited-files.ts'
import { placeOfTag } from './edit/owner.ts'
import { readVariable } from './environment.ts'
import { fileSchema } from './file-schema.ts'
import { openConfig, type OpenConfig } from './load.ts'
import type { WrittenDevice } from './loading.ts'
import { showOwner } from './origin.ts'
import { partOf } from './parts.ts'
import type { Path, Places } from './places.ts'
import { formatPlace, type Place } from './problem.ts'
import { flatten, shownOptions, shownSettings, type Shown } from './plan/shown-options.ts'
import { toTag } from './render.ts'
import { closest } from './suggestion.ts'
import type { YamlMapping } from './yaml-source.ts'

/** One setting as it holds. */
export interface OwnedSetting {
  /** `options.host`, `every`, `maxSize`. */
  readonly setting: string
  /** `***` for a secret, `${NAME}` for what comes from elsewhere. */
  readonly value: Shown
  /** `bifrost.yaml:12:7`, `default`, `environment BIFROST_DATA`. */
  readonly origin: string
}

/** One object with its settings. */
export interface OwnedObject {
  readonly kind: 'section' | 'device' | 'sink' | 'tag'
  readonly name: string
  /** The file and line that own it: `conf.d/a.yaml:4`; undefined: it stands nowhere. */
  readonly owner: string | undefined
  readonly settings: readonly OwnedSetting[]
}

/**
 * Sections, devices and sinks; with `only` that one: a device, a sink, a section, or `device/tag`. Throws NOT_FOUND, and ConfigError where
 * the configuration has problems.
 */
export function ownedObjects(file: string, sources: ConfigSources, only?: string): OwnedObject[] {
  const devices: WrittenDevice[] = []
  const opened = openConfig(file, sources, (device) => devices.push(device))
  const all: (() => OwnedObject)[] = []
  const names: string[] = []
  const offer = (name: string, make: () => OwnedObject) => {
    names.push(name)
    if (only === undefined || only === name) all.push(make)
  }
  for (const name of sectionNames(opened)) offer(name, () => ownedSection(name, opened, sources))
  for (const device of devices) offer(device.config.name, () => ownedDevice(device, opened))
  for (const sink of opened.config.sinks) offer(sink.name, () => ownedSink(sink, opened))
  if (only === undefined) return all.map((make) => make()).filter(({ settings }) => settings.length > 0)
  if (all.length > 0) return all.map((make) => make())
  const tag = ownedTag(only, file, sources, opened.config)
  if (tag !== undefined) return [tag]
  const nearest = closest(only, names)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  throw new GatewayError('NOT_FOUND', `there is no device, sink, section or device/tag "${only}"${hint}`)
}

/** What is a list of objects, or says only which files there are. */
const NO_SECTIONS = ['include', 'devices', 'sinks', 'templates', 'assets']

const sectionNames = ({ head }: OpenConfig): string[] =>
  Object.keys(fileSchema.shape).filter(
    (name) => !NO_SECTIONS.includes(name) && (head as Record<string, unknown>)[name] !== undefined,
  )

/** What is shown as it is written: it is checked elsewhere, or is parsed into something else. */
const OWN_SCHEMA = new Set(['access', 'receive', 'alerts', 'discovery', 'network'])

/** What goes before the file. */
const OVERRIDES: Readonly<Record<string, readonly [variable: string, of: (config: Config) => Shown | undefined]>> = {
  data: ['BIFROST_DATA', ({ data }) => data],
  'http.listen': ['BIFROST_HTTP_LISTEN', ({ http }) => http && `${http.listen.host}:${http.listen.port}`],
  'log.level': ['BIFROST_LOG_LEVEL', ({ log }) => log.level],
  'log.format': ['BIFROST_LOG_FORMAT', ({ log }) => log.format],
}

function ownedSection(name: string, opened: OpenConfig, { env }: ConfigSources): OwnedObject {
  const { parts, head, config } = opened
  const { source, root } = partOf(parts, name)
  const isOwn = OWN_SCHEMA.has(name) && Object.hasOwn(root, name)
  const value = isOwn ? root[name] : (head as Record<string, unknown>)[name]
  const isOne = typeof value !== 'object' || value === null
  const options = { [name]: name === 'http' ? withListen(value) : value }
  const schema = fileSchema.pick({ [name]: true } as never) as unknown as Schema
  const shown = isOwn ? shownSettings(options) : shownOptions({ schema, options, outside: [] })
  const settings = [...shown].map(([setting, effective]): OwnedSetting => {
    const [variable, of] = OVERRIDES[setting] ?? []
    const own = setting === name ? setting : setting.slice(name.length + 1)
    if (variable !== undefined && readVariable(variable, env) !== undefined)
      return { setting: own, value: of!(config) ?? effective, origin: `environment ${variable}` }
    return { setting: own, ...valueAt(root, setting.split('.'), effective, source) }
  })
  const owner = Object.hasOwn(root, name) ? ownerAt(source.placeOf([name], 'key'), opened) : undefined
  return { kind: 'section', name, owner, settings: isOne ? settings.slice(0, 1) : settings }
}

/** An address is parsed into two; people wrote one text. */
const withListen = (http: unknown): unknown => {
  const { listen, ...rest } = http as { listen: { host: string; port: number } }
  return { listen: `${listen.host}:${listen.port}`, ...rest }
}

function ownedDevice({ config, options, places, mapping }: WrittenDevice, opened: OpenConfig): OwnedObject {
  const { type, enabled, everyMs, area, tags, tagsOrigin } = config
  const head = shownSettings({ driver: type.name, enabled, everyMs, area })
  const driver = {
    setting: 'driver',
    ...('driver' in mapping
      ? valueAt(mapping, ['driver'], type.name, places)
      : { value: type.name, origin: templateOf(config) }),
  }
  const list = tagsOrigin === undefined ? 'default' : showOwner(tagsOrigin, opened.config.file)
  return {
    kind: 'device',
    name: config.name,
    owner: ownerText(config, opened.config),
    settings: [
      driver,
      ...[...head].flatMap(([setting, value]) =>
        setting === 'driver' ? [] : [{ setting, ...valueAt(mapping, [setting], value, places) }],
      ),
      ...optionSettings({ ...config, schema: type.options }, options, places),
      { setting: 'tags', value: tags.length, origin: list },
    ],
  }
}

const templateOf = ({ origin }: DeviceConfig): string =>
  origin?.via === undefined ? 'default' : `template ${origin.via.template} (${origin.via.place})`

function ownedSink(sink: SinkConfig, opened: OpenConfig): OwnedObject {
  const entries = opened.parts.flatMap(({ root, source }) =>
    (Array.isArray(root.sinks) ? (root.sinks as YamlMapping[]) : []).map((mapping) => ({ mapping, source })),
  )
  const { mapping, source } = entries.find((one) => one.mapping.name === sink.name)!
  const { type, enabled, replay } = sink
  const head = shownSettings({
    sink: type.name,
    enabled,
    replay: { order: replay.order, rate: replay.makeUpRowsPerSecond },
  })
  return {
    kind: 'sink',
    name: sink.name,
    owner: ownerText(sink, opened.config),
    settings: [
      ...[...head].map(([setting, value]) => ({ setting, ...valueAt(mapping, setting.split('.'), value, source) })),
      ...optionSettings({ ...sink, schema: type.options }, mapping.options ?? {}, source),
    ],
  }
}

function ownedTag(only: string, file: string, sources: ConfigSources, config: Config): OwnedObject | undefined {
  const device = config.devices.find(({ name }) => only.startsWith(`${name}/`))
  const name = only.slice((device?.name.length ?? 0) + 1)
  const tag = device?.tags.find(({ settings }) => settings.name === name)
  if (device === undefined || tag === undefined) return undefined
  const at = placeOfTag(device.name, name, new EditedFiles(file, sources))
  const origin = at?.row ?? (device.tagsOrigin && showOwner(device.tagsOrigin, config.file)) ?? 'default'
  const given = flatten(toTag(tag.settings, device))
  const every = given.has('every')
    ? []
    : [{ setting: 'every', value: shownSettings({ everyMs: device.everyMs }).get('every')!, origin: 'the device' }]
  const settings = [...given].map(([setting, value]) => ({ setting, value, origin: at?.of(setting) ?? origin }))
  return { kind: 'tag', name: only, owner: origin, settings: [...settings, ...every] }
}

interface Options {
  readonly options: unknown
  readonly schema: Schema
  readonly outside?: readonly string[] | undefined
}

const optionSettings = ({ options, schema, outside = [] }: Options, written: unknown, places: Places): OwnedSetting[] =>
  [...shownOptions({ schema, options, outside })].map(([setting, value]) => ({
    setting: `options.${setting}`,
    ...valueAt(written, setting.split('.'), value, places),
  }))

/** A value with its place, where it is written; a reference is shown as it stands there. */
function valueAt(root: unknown, path: Path, value: Shown, places: Places): Omit<OwnedSetting, 'setting'> {
  const at = writtenPath(root, path)
  if (at === undefined) return { value, origin: 'default' }
  const written = places.isSubstitutedWithin(root, at) ? places.writtenWithin(root, at) : undefined
  return { value: written ?? value, origin: placeText(places.within(root, at)) }
}

/** The path under which a setting is written: a secret may stand under `passwordFile`. */
function writtenPath(root: unknown, path: Path): Path | undefined {
  let value = root
  for (const [depth, step] of path.entries()) {
    if (typeof value !== 'object' || value === null) return depth > 0 ? path.slice(0, depth) : undefined
    const twin = `${String(step)}File`
    const key = Object.hasOwn(value, step) ? step : Object.hasOwn(value, twin) ? twin : undefined
    if (key === undefined) return undefined
    if (key !== step) return [...path.slice(0, depth), key]
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return path
}

const placeText = (place: Place): string =>
  `${formatPlace(place)}${place.via === undefined ? '' : `, ${place.via.text}`}`

const ownerAt = (place: Place, { config }: OpenConfig): string =>
  showOwner({ file: place.file, line: place.line }, config.file)

const ownerText = ({ origin }: DeviceConfig | SinkConfig, { file }: Config): string | undefined =>
  origin === undefined ? undefined : showOwner(origin, file)
