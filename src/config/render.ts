/**
 * A configuration written out with its templates expanded: what the gateway really runs, as YAML that loads to the same
 * configuration. References to the environment stand as they were written, and secrets in plain text are blanked.
 */
import { Document, isMap, type Node, type YAMLMap, type YAMLSeq } from 'yaml'
import { GatewayError } from '../core/errors.ts'
import { toDuration } from '../core/duration.ts'
import type { Schema } from '../core/driver.ts'
import type { DeviceParameters } from '../core/parameters.ts'
import type { TagSettings } from '../core/tags.ts'
import { hideUrlPasswords } from '../core/url-password.ts'
import type { ConfigSources, TagConfig } from './config.ts'
import { openConfig, type OpenConfig } from './load.ts'
import type { WrittenDevice } from './loading.ts'
import { partOf } from './parts.ts'
import type { Path, Places } from './places.ts'
import { isSecretAt } from './option-marks.ts'
import { oidcSchema } from './access.ts'
import { receiveClientSchema } from './receive.ts'
import { heartbeatSchema } from './alerts.ts'
import { receiverTypes } from '../alerts/receivers.ts'
import { closest } from './suggestion.ts'
import type { YamlMapping } from './yaml-source.ts'

/** What stands for a secret in plain text. */
const BLANK = '***'

/** The text; with `only`, of this device alone. Throws a ConfigError when the configuration has problems. */
export async function renderConfig(file: string, sources: ConfigSources, only?: string): Promise<string> {
  const devices: WrittenDevice[] = []
  const opened = openConfig(file, sources, (device) => devices.push(device))
  const wanted = only === undefined ? devices : devices.filter(({ config }) => config.name === only)
  if (only !== undefined && wanted.length === 0) throw unknownDevice(only, devices)
  const whole = only === undefined ? writtenHead(opened) : {}
  const document = new Document({ ...whole, devices: [] })
  const list = document.createNode([]) as YAMLSeq
  list.items = writeDevices(wanted, document)
  document.set('devices', list)
  if (only === undefined) {
    document.set('sinks', writtenSinks(opened))
    if (opened.config.receive !== undefined) document.set('receive', writtenReceive(opened))
    if (opened.config.alerts !== undefined) document.set('alerts', writtenAlerts(opened))
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

function unknownDevice(name: string, devices: readonly WrittenDevice[]): GatewayError {
  const nearest = closest(
    name,
    devices.map(({ config }) => config.name),
  )
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return new GatewayError('NOT_FOUND', `there is no device "${name}"${hint}`)
}

/** Everything of the files but what stands for itself below; file names are relative to the first file. */
function writtenHead({ parts }: OpenConfig): YamlMapping {
  const apart = ['include', 'devices', 'sinks', 'templates', 'receive', 'alerts']
  const entries = parts.flatMap(({ source, root }) =>
    Object.keys(root)
      .filter((key) => !apart.includes(key))
      .map((key) => [key, toWritten(root[key], source, root, [key], undefined)] as const),
  )
  const head = Object.fromEntries(entries)
  const { source, root } = partOf(parts, 'access')
  const access = root.access as YamlMapping | undefined
  const oidc = access?.oidc as YamlMapping | undefined
  if (oidc === undefined || oidc === null) return head
  const written = Object.entries(oidc).map(([key, value]) => [key, toWritten(value, source, oidc, [key], oidcSchema)])
  return { ...head, access: { ...(head.access as YamlMapping), oidc: Object.fromEntries(written) } }
}

/** Secrets are those of its clients. */
function writtenReceive({ parts }: OpenConfig): YamlMapping {
  const { source, root } = partOf(parts, 'receive')
  const { clients, ...rest } = root.receive as YamlMapping
  const head = Object.entries(rest).map(([key, value]) => [
    key,
    toWritten(value, source, root, ['receive', key], undefined),
  ])
  const list = (clients as YamlMapping[]).map((client) =>
    Object.fromEntries(
      Object.entries(client).map(([key, value]) => [key, toWritten(value, source, client, [key], receiveClientSchema)]),
    ),
  )
  return { ...Object.fromEntries(head), clients: list } as YamlMapping
}

/** Secrets are those of the receivers, and the address of the heartbeat. */
function writtenAlerts({ parts }: OpenConfig): YamlMapping {
  const { source, root } = partOf(parts, 'alerts')
  const alerts = root.alerts as YamlMapping
  const entries = Object.entries(alerts).map(([key, value]) => {
    if (key === 'heartbeat') return [key, toWritten(value, source, value, [], heartbeatSchema)]
    if (key !== 'receivers') return [key, toWritten(value, source, alerts, [key], undefined)]
    const receivers = (value as YamlMapping[]).map((one) => {
      const schema = receiverTypes.find(({ name }) => name === one.receiver)?.options
      return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, toWritten(inner, source, one, [name], name === 'options' ? schema : undefined)])) // prettier-ignore
    })
    return [key, receivers]
  })
  return Object.fromEntries(entries) as YamlMapping
}

function writtenSinks({ parts, config }: OpenConfig): unknown[] {
  const written = parts.flatMap(({ root, source }) =>
    Array.isArray(root.sinks) ? (root.sinks as YamlMapping[]).map((sink) => ({ sink, source })) : [],
  )
  return written.map(({ sink, source }, index) => {
    const type = config.sinks[index]!.type
    const entries = Object.keys(sink).map((key) => {
      const schema = key === 'options' ? type.options : undefined
      return [key, toWritten(sink[key], source, sink, [key], schema)]
    })
    return Object.fromEntries(entries) as YamlMapping
  })
}

function writeDevices(devices: readonly WrittenDevice[], document: Document): Node[] {
  const first = new Map<readonly TagConfig[], { node: Node; everyMs: number }>()
  return devices.map(({ config, origin, options, places }) => {
    const { name, type, enabled, everyMs, area, parameters } = config
    const settings = toWritten(options, places, options, [], type.options)
    const head = {
      name,
      driver: type.name,
      ...(enabled ? {} : { enabled }),
      every: toDuration(everyMs),
      ...(area === undefined ? {} : { area }),
      ...(parameters === undefined ? {} : writtenParameters(parameters)),
    }
    const node = document.createNode({ ...head, options: settings }) as YAMLMap
    const known = first.get(config.tags)
    const tags =
      known?.node ??
      document.createNode(
        config.tags.map((tag) => toTag(tag.settings, config)),
        { flow: false },
      )
    if (known === undefined) first.set(config.tags, { node: inFlow(tags), everyMs })
    node.set('tags', known === undefined || config.tags.length === 0 ? tags : document.createAlias(tags as YAMLMap))
    node.commentBefore = ` from ${origin}`
    return node
  })
}

/** One tag a line. */
function inFlow(list: Node): Node {
  for (const item of (list as unknown as { items: Node[] }).items) if (isMap(item)) item.flow = true
  return list
}

/** A value as a person would write it: references as they stand in the file, dollar signs doubled, secrets blanked. */
function toWritten(value: unknown, places: Places, root: unknown, path: Path, schema: Schema | undefined): unknown {
  if (Array.isArray(value)) return value.map((item, index) => toWritten(item, places, root, [...path, index], schema))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => [
      key,
      toWritten(inner, places, root, [...path, key], schema),
    ])
    return Object.fromEntries(entries) as YamlMapping
  }
  if (places.isSubstitutedWithin(root, path)) return places.writtenWithin(root, path) ?? BLANK
  const at = path[0] === 'options' ? path.slice(1) : path
  if (schema !== undefined && isSecretAt(schema, at)) return BLANK
  return typeof value === 'string' ? hideUrlPasswords(value).replaceAll('$', '$$$$') : value
}

function writtenParameters({ writes, sets }: DeviceParameters): YamlMapping {
  const parameterSets = sets.map(({ name, description, restore, onFailure, compareEveryMs, parameters }) => ({
    name,
    ...(description === undefined ? {} : { description: description.replaceAll('$', '$$$$') }),
    ...(restore ? { restore } : {}),
    ...(onFailure === 'stop' ? {} : { onFailure }),
    ...(compareEveryMs === undefined ? {} : { compareEvery: toDuration(compareEveryMs) }),
    entries: parameters.map(({ settings }) => toTag(settings, settings)),
  }))
  return { ...(writes ? { parameterWrites: true } : {}), parameterSets }
}

/** The settings of a tag, or of a parameter, by the names of the columns. */
export function toTag(settings: TagSettings, device: { readonly everyMs: number }): YamlMapping {
  const { everyMs, staleAfterMs, maxSilenceMs, writeEveryMs, deadband, swingingDoor, clamp, writable, ...rest } =
    settings
  const texts = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replaceAll('$', '$$$$') : value,
    ]),
  )
  return {
    name: settings.name,
    ...texts,
    ...(everyMs === device.everyMs ? {} : { every: toDuration(everyMs) }),
    ...(staleAfterMs === undefined ? {} : { staleAfter: toDuration(staleAfterMs) }),
    ...(maxSilenceMs === undefined ? {} : { maxSilence: toDuration(maxSilenceMs) }),
    ...(writeEveryMs === undefined ? {} : { writeEvery: toDuration(writeEveryMs) }),
    ...(deadband === undefined ? {} : { deadband: toBand(deadband) }),
    ...(swingingDoor === undefined ? {} : { swingingDoor: toBand(swingingDoor) }),
    ...(clamp ? { clamp } : {}),
    ...(writable ? { writable } : {}),
  }
}

const toBand = (band: NonNullable<TagSettings['deadband']>): string | number =>
  'percent' in band ? `${band.percent}%` : band.absolute
