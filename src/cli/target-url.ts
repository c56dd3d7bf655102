/**
 * A device as one word: `driver[+transport]://host:port/unit?option=…`, or `driver+transport:///dev/ttyUSB0/unit?baud=9600` for one
 * on a serial port. The scheme's second part is the driver's `transport`; the last number of the path is its `unit` or `slot`
 * (where the query names that, the whole path is the port); the query is the driver's other options, those inside another one
 * (`serial.baud`) by their own name. Values are checked as those of a configuration file. A protocol that has URLs of its own
 * (`opc.tcp://host:port/path`) keeps them whole, but for the query.
 */
import { z } from 'zod'
import { checkSchema } from '../config/schema-check.ts'
import { ConfigError, ProblemList } from '../config/problem.ts'
import { closest } from '../config/suggestion.ts'
import { YamlSource } from '../config/yaml-source.ts'
import type { DriverType } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'

/** What a URL says: the driver, its options, and the words by which people know the device. */
export interface TargetUrl {
  readonly name: string
  readonly type: DriverType
  readonly options: unknown
}

/** Throws USAGE for what is none, names an unknown driver or transport, or has options that the driver does not take. */
export function parseTargetUrl(text: string, drivers: readonly DriverType[]): TargetUrl {
  const [, scheme = '', transport, rest = ''] = /^([a-z][a-z0-9.-]*)(?:\+([a-z0-9.+-]+))?:\/\/(.*)$/i.exec(text) ?? []
  // The URL parser knows hosts and ports only of schemes like http, and reads three slashes there as two.
  const asUrl = `${rest.startsWith('/') ? 'file' : 'http'}://${rest}`
  if (rest === '' || !URL.canParse(asUrl))
    throw new GatewayError('USAGE', `${text} is not an address such as modbus://10.0.0.5:502/1`)
  const type = findDriver(scheme, drivers)
  const url = new URL(asUrl)
  const options = new Map<string, string>()
  if (transport !== undefined) options.set('transport', transport)
  for (const [name, value] of url.searchParams) options.set(placeOf(type, name), value)
  if (type.urls !== undefined) takeWhole(type, url, { scheme, rest }, options)
  else if (rest.startsWith('/')) takePort(type, url, options)
  else takeHost(type, url, /^[^/?]*:(\d+)(?:[/?]|$)/.exec(rest)?.[1], options)
  return {
    name: url.host === '' ? decodeURIComponent(url.pathname) : url.host,
    type,
    options: parseOptions(type, url, options),
  }
}

function findDriver(scheme: string, drivers: readonly DriverType[]): DriverType {
  const type = drivers.find(({ name, urls }) => name === scheme || urls?.schemes.includes(scheme) === true)
  if (type !== undefined) return type
  const names = drivers.map((driver) => driver.name)
  const nearest = closest(scheme, names)
  throw new GatewayError(
    'USAGE',
    `there is no driver "${scheme}"; ${nearest === undefined ? `there are ${names.join(', ')}` : `did you mean ${nearest}?`}`,
  )
}

/** The URL as the protocol has it, without the query. */
function takeWhole(
  { urls, options: { shape } }: DriverType,
  url: URL,
  { scheme, rest }: { readonly scheme: string; readonly rest: string },
  options: Map<string, string>,
): void {
  const { schemes, option } = urls!
  if (url.username !== '' || url.password !== '')
    throw new GatewayError(
      'USAGE',
      `a user does not stand before the host${'user' in shape ? ': write ?user.name=…&user.password=… behind the address' : ''}`,
    )
  const own = schemes.includes(scheme) ? scheme : schemes[0]!
  options.set(option, `${own}://${rest.replace(/[?#].*$/s, '')}`)
}

/** The option that a path's last number is. */
const numberedBy = ({ options }: DriverType): string | undefined =>
  ['unit', 'slot'].find((name) => name in options.shape)

function takeHost(type: DriverType, url: URL, port: string | undefined, options: Map<string, string>): void {
  if ('host' in type.options.shape) options.set('host', url.hostname.replace(/^\[(.*)\]$/, '$1'))
  if (port !== undefined) options.set('port', port)
  const path = url.pathname.replace(/^\/|\/$/g, '')
  const numbered = numberedBy(type)
  if (path !== '' && numbered !== undefined) options.set(numbered, path)
}

/** A serial port: `/dev/ttyUSB0/1`, `/COM3/1`. */
function takePort(type: DriverType, url: URL, options: Map<string, string>): void {
  const path = decodeURIComponent(url.pathname)
  const numbered = numberedBy(type)
  const [, port = path, unit] = /^(\/.+)\/(\d+)$/.exec(path) ?? []
  const isApart = unit !== undefined && numbered !== undefined && !options.has(numbered)
  if (isApart) options.set(numbered, unit)
  options.set('serial.path', (isApart ? port : path).replace(/^\/(?=COM\d+$)/i, ''))
}

/** `baud` → `serial.baud`: an option inside another one goes by its own name, where none outside has that. */
function placeOf({ options }: DriverType, name: string): string {
  if (name in options.shape || name.includes('.')) return name
  const home = Object.entries(options.shape as Record<string, z.ZodType>).find(([, field]) => name in shapeOf(field))
  return home === undefined ? name : `${home[0]}.${name}`
}

/** The options inside an option; none where it is a plain value. */
function shapeOf(field: z.ZodType): object {
  const inner = field instanceof z.ZodOptional ? field.unwrap() : field
  return inner instanceof z.ZodObject ? inner.shape : {}
}

/** The same check as a file's options get, with values that take the type the schema wants. */
function parseOptions(type: DriverType, url: URL, entries: ReadonlyMap<string, string>): unknown {
  const problems = new ProblemList()
  const names = [...entries.keys()]
  const env = Object.fromEntries(names.map((name, at) => [`OPTION_${at}`, entries.get(name)]))
  const tree: Record<string, unknown> = {}
  for (const [at, name] of names.entries()) {
    const [outer = name, inner] = name.split('.')
    const value = `\${OPTION_${at}}`
    if (inner === undefined) tree[outer] = value
    else tree[outer] = { ...(tree[outer] as object | undefined), [inner]: value }
  }
  const source = new YamlSource(url.host, `${JSON.stringify(tree)}\n`, env, problems)
  const options = checkSchema(type.options, { source, path: [], value: source.root }, problems)
  if (problems.problems.length === 0) return options
  const sentences = problems.problems.map(({ path: name, message, suggestion }) => {
    const given = message.replace('the value from the environment', `"${entries.get(name)}"`)
    return `${name}: ${given}${suggestion === undefined ? '' : `, did you mean ${suggestion}?`}`
  })
  throw new GatewayError('USAGE', sentences.join('\n'), { cause: new ConfigError(url.host, problems.problems) })
}
