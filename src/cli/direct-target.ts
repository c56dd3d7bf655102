/**
 * Which device a command means, and which points of it, when it goes straight to the device: a URL (`target-url.ts`) with
 * addresses and types, or a device of a configuration file with its tags.
 */
import type { Config, TagConfig } from '../config/config.ts'
import { closest } from '../config/suggestion.ts'
import type { CertificatePlace, DriverType } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import { withDefaults, type TagSettings } from '../core/tags.ts'
import { DATA_TYPES, type DataType } from '../core/value.ts'
import { certificatesIn, localData } from './local-data.ts'
import { parseTargetUrl } from './target-url.ts'

export interface DirectTarget {
  readonly name: string
  readonly type: DriverType
  readonly options: unknown
  readonly tags: readonly TagConfig[]
  readonly certificates?: CertificatePlace | undefined
  /** The data folder of its configuration. */
  readonly data?: string | undefined
  /** Tags whose type nobody gave: the device may know better. */
  readonly untyped?: ReadonlySet<TagConfig> | undefined
}

/** How addresses given on the command line are to be read. */
export interface PointOptions {
  readonly order?: string | undefined
  readonly length?: number | undefined
}

/** The device behind `modbus://10.0.0.5:502/1?timeout=5s`. */
export const deviceFromUrl = (text: string, drivers: readonly DriverType[], env: NodeJS.ProcessEnv): DirectTarget => ({
  ...parseTargetUrl(text, drivers),
  tags: [],
  certificates: localCertificates(env),
})

const localCertificates = (env: NodeJS.ProcessEnv): DirectTarget['certificates'] => ({
  folder: certificatesIn(localData(env)),
  flag: '--local',
})

/** The device behind such a URL, with the points that the words name. */
export function targetFromUrl(
  text: string,
  words: readonly string[],
  drivers: readonly DriverType[],
  points: PointOptions,
  env: NodeJS.ProcessEnv,
): DirectTarget {
  const target = deviceFromUrl(text, drivers, env)
  return { ...target, ...parseWords(target.type, words, points) }
}

/** The device of this name, or of the name before the slash, with all its tags. */
export function deviceFromConfig(config: Config, target: string): DirectTarget {
  const wanted = target.split('/')[0]!
  const device = config.devices.find(({ name }) => name === wanted)
  if (device !== undefined)
    return { ...device, data: config.data, certificates: { folder: certificatesIn(config.data) } }
  const nearest = closest(
    wanted,
    config.devices.map(({ name }) => name),
  )
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  throw new GatewayError('USAGE', `${config.file} has no device "${wanted}"${hint}`)
}

/** The points of a configured device: `device/tag …`, or `device` followed by addresses. */
export function targetFromConfig(config: Config, words: readonly string[], points: PointOptions): DirectTarget {
  const [first = ''] = words
  const device = deviceFromConfig(config, first)
  const { name, type, options, certificates, data } = device
  if (!first.includes('/')) {
    const parsed = words.length === 1 ? { tags: device.tags } : parseWords(type, words.slice(1), points)
    return { name, type, options, certificates, data, ...parsed }
  }
  const tags = words.map((word) => {
    const tag = device.tags.find(({ settings }) => `${name}/${settings.name}` === word)
    if (tag !== undefined) return tag
    const nearest = closest(
      word,
      device.tags.map(({ settings }) => `${name}/${settings.name}`),
    )
    throw new GatewayError(
      'USAGE',
      `${config.file} has no tag "${word}" on ${name}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
    )
  })
  return { name, type, options, certificates, data, tags }
}

/** Addresses, each followed by its type where that is not uint16 (or bool). */
function parseWords(
  type: DriverType,
  words: readonly string[],
  points: PointOptions,
): Pick<DirectTarget, 'tags' | 'untyped'> {
  const tags: TagConfig[] = []
  const untyped = new Set<TagConfig>()
  for (let at = 0; at < words.length; at++) {
    const next = DATA_TYPES.find((one) => one === words[at + 1])
    const parsed = parsePoint(type, words[at]!, next, points)
    tags.push(...parsed)
    if (next !== undefined) at++
    else for (const tag of parsed) untyped.add(tag)
  }
  if (tags.length > 0) return { tags, untyped }
  throw new GatewayError('USAGE', `which address? For example: ${type.addressExamples.slice(0, 3).join(', ')}`)
}

function parsePoint(
  type: DriverType,
  text: string,
  dataType: DataType | undefined,
  { order, length }: PointOptions,
): TagConfig[] {
  const settings = (as: DataType): TagSettings => ({
    name: text,
    address: text,
    type: as,
    order,
    length,
    everyMs: 1000,
    clamp: false,
    writable: false,
  })
  const faults: string[] = []
  const said = dataType ?? typeOf(type, text)
  for (const as of said === undefined ? (['uint16', 'bool', 'float64'] as const) : [said]) {
    const members = parseMembers(type, settings(as))
    const fault = members
      .map((member) => type.check?.(member.address, member.settings))
      .find((one) => one !== undefined)
    if (fault === undefined) return members
    faults.push(fault)
  }
  throw new GatewayError('USAGE', `${text}: ${faults[0]}`)
}

/** The type that the address says by itself. What is wrong with the address is told when its members are parsed. */
function typeOf(type: DriverType, text: string): DataType | undefined {
  try {
    return type.tagDefaults?.(type.parseAddress(text))?.type
  } catch {
    return undefined
  }
}

// What is wrong on the command line is a matter of usage, not of a configuration.
function parseMembers(type: DriverType, settings: TagSettings): TagConfig[] {
  try {
    const members = type.expand?.(settings) ?? [settings]
    return members.map((member) => {
      const address = type.parseAddress(member.address)
      return { settings: withDefaults(member, type.tagDefaults?.(address)), address }
    })
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { suggestion } = error.details
    const told = typeof suggestion !== 'string' || error.message.includes('did you mean')
    throw new GatewayError('USAGE', `${error.message}${told ? '' : `, did you mean ${suggestion}?`}`, { cause: error })
  }
}
