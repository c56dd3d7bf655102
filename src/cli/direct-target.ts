/**
 * Which device a command means, and which points of it, when it goes straight to the device: `driver://host:port/unit?option=…`
 * with addresses and types, or a device of a configuration file with its tags.
 */
import type { Config, TagConfig } from '../config/config.ts'
import { checkSchema } from '../config/schema-check.ts'
import { ConfigError, ProblemList } from '../config/problem.ts'
import { closest } from '../config/suggestion.ts'
import { YamlSource } from '../config/yaml-source.ts'
import type { DriverType } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { TagSettings } from '../core/tags.ts'
import { DATA_TYPES, type DataType } from '../core/value.ts'

export interface DirectTarget {
  readonly name: string
  readonly type: DriverType
  readonly options: unknown
  readonly tags: readonly TagConfig[]
}

/** How addresses given on the command line are to be read. */
export interface PointOptions {
  readonly order?: string | undefined
  readonly length?: number | undefined
}

/** The device behind `modbus://10.0.0.5:502/1?timeout=5s`, with the points that the words name. */
export function targetFromUrl(
  text: string,
  words: readonly string[],
  drivers: readonly DriverType[],
  points: PointOptions,
): DirectTarget {
  if (!URL.canParse(text)) throw new GatewayError('USAGE', `${text} is not an address such as modbus://10.0.0.5:502/1`)
  // The URL parser knows hosts and ports only of schemes like http.
  const scheme = text.slice(0, text.indexOf(':'))
  const url = new URL(`http${text.slice(scheme.length)}`)
  const type = drivers.find((driver) => driver.name === scheme)
  if (type === undefined) {
    const names = drivers.map((driver) => driver.name)
    const nearest = closest(scheme, names)
    throw new GatewayError(
      'USAGE',
      `there is no driver "${scheme}"; ${nearest === undefined ? `there are ${names.join(', ')}` : `did you mean ${nearest}?`}`,
    )
  }
  const port = /:(\d+)(?:[/?]|$)/.exec(text.slice(scheme.length + 3))?.[1]
  const options = parseOptions(type, url, port)
  return { name: url.host, type, options, tags: parseWords(type, words, points) }
}

/** The points of a configured device: `device/tag …`, or `device` followed by addresses. */
export function targetFromConfig(config: Config, words: readonly string[], points: PointOptions): DirectTarget {
  const [first = ''] = words
  const device = config.devices.find(({ name }) => name === first.split('/')[0])
  if (device === undefined) {
    const nearest = closest(
      first.split('/')[0]!,
      config.devices.map(({ name }) => name),
    )
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
    throw new GatewayError('USAGE', `${config.file} has no device "${first.split('/')[0]}"${hint}`)
  }
  const { name, type, options } = device
  if (!first.includes('/')) {
    const tags = words.length === 1 ? device.tags : parseWords(type, words.slice(1), points)
    return { name, type, options, tags }
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
  return { name, type, options, tags }
}

/** Addresses, each followed by its type where that is not uint16 (or bool). */
function parseWords(type: DriverType, words: readonly string[], points: PointOptions): TagConfig[] {
  const tags: TagConfig[] = []
  for (let at = 0; at < words.length; at++) {
    const next = DATA_TYPES.find((one) => one === words[at + 1])
    tags.push(...parsePoint(type, words[at]!, next, points))
    if (next !== undefined) at++
  }
  if (tags.length > 0) return tags
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
  for (const as of dataType === undefined ? (['uint16', 'bool', 'float64'] as const) : [dataType]) {
    const members = parseMembers(type, settings(as))
    const fault = members
      .map((member) => type.check?.(member.address, member.settings))
      .find((one) => one !== undefined)
    if (fault === undefined) return members
    faults.push(fault)
  }
  throw new GatewayError('USAGE', `${text}: ${faults[0]}`)
}

// What is wrong on the command line is a matter of usage, not of a configuration.
function parseMembers(type: DriverType, settings: TagSettings): TagConfig[] {
  try {
    const members = type.expand?.(settings) ?? [settings]
    return members.map((member) => ({ settings: member, address: type.parseAddress(member.address) }))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { suggestion } = error.details
    const told = typeof suggestion !== 'string' || error.message.includes('did you mean')
    throw new GatewayError('USAGE', `${error.message}${told ? '' : `, did you mean ${suggestion}?`}`, { cause: error })
  }
}

/** Host, port and query become the driver's options; a path becomes its `unit` or `slot`. Types follow the driver's schema. */
function parseOptions(type: DriverType, url: URL, port: string | undefined): unknown {
  const { shape } = type.options
  const entries = new Map(url.searchParams)
  if ('host' in shape) entries.set('host', url.hostname)
  if (port !== undefined) entries.set('port', port)
  const path = url.pathname.replace(/^\/|\/$/g, '')
  const ofPath = ['unit', 'slot'].find((name) => name in shape)
  if (path !== '' && ofPath !== undefined) entries.set(ofPath, path)
  // The same check as a file's options get, with values that take the type the schema wants.
  const problems = new ProblemList()
  const names = [...entries.keys()]
  const env = Object.fromEntries(names.map((name, at) => [`OPTION_${at}`, entries.get(name)]))
  const yaml = `${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, `\${OPTION_${at}}`])))}\n`
  const source = new YamlSource(url.host, yaml, env, problems)
  const options = checkSchema(type.options, { source, path: [], value: source.root }, problems)
  if (problems.problems.length === 0) return options
  const sentences = problems.problems.map(({ path: name, message, suggestion }) => {
    const given = message.replace('the value from the environment', `"${entries.get(name)}"`)
    return `${name}: ${given}${suggestion === undefined ? '' : `, did you mean ${suggestion}?`}`
  })
  throw new GatewayError('USAGE', sentences.join('\n'), { cause: new ConfigError(url.host, problems.problems) })
}
