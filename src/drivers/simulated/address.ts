/**
 * What a simulated tag does: `sine:period=60s,min=0,max=10`. A kind, then its settings by name; an own small language, so that
 * demonstrations and tests need no device. README.md lists the kinds.
 */
import { parseDuration } from '../../core/duration.ts'
import { GatewayError } from '../../core/errors.ts'
import { statusByName } from '../../core/status.ts'

/** The settings that a kind knows, each with its default; `period` is a duration, all others are numbers or texts as here. */
const KINDS = {
  sine: { period: 60_000, min: 0, max: 100, phase: 0 },
  triangle: { period: 60_000, min: 0, max: 100, phase: 0 },
  sawtooth: { period: 60_000, min: 0, max: 100, phase: 0 },
  square: { period: 10_000, min: 0, max: 1, phase: 0 },
  random: { period: 1000, min: 0, max: 100, seed: 1 },
  walk: { period: 60_000, min: 0, max: 100, seed: 1 },
  counter: { period: 1000, start: 0, step: 1, modulo: 2 ** 31 },
  constant: { value: '0' },
  cell: { name: '', initial: '0' },
  status: { code: 'BadDeviceFailure' },
} as const satisfies Record<string, Record<string, number | string>>

export type Kind = keyof typeof KINDS

/** A kind and all of its settings, numbers in ms and in the tag's unit. */
export interface SimulatedAddress {
  readonly kind: Kind
  readonly settings: Readonly<Record<string, number | string>>
}

/** One of each kind; the README explains them. */
export const ADDRESS_EXAMPLES: readonly string[] = [
  'sine:period=60s,min=0,max=10',
  'triangle:period=30s,min=-5,max=5',
  'sawtooth:period=10s,max=360',
  'square:period=10s',
  'random:min=0,max=100,seed=7',
  'walk:seed=3,min=20,max=80,period=5m',
  'counter:period=100ms',
  'constant:value=42',
  'cell:name=setpoint,initial=50',
  'status:code=BadSensorFailure',
]

/** Text → address. Throws CONFIG_INVALID with `details.column` (1-based). */
export function parseAddress(text: string): SimulatedAddress {
  const body = text.trimEnd()
  const colon = body.indexOf(':')
  const word = (colon < 0 ? body : body.slice(0, colon)).trim()
  const kind = (Object.keys(KINDS) as Kind[]).find((known) => known === word)
  if (kind === undefined)
    throw refusal(text, 0, `kind '${word}' is not known; known are ${Object.keys(KINDS).join(', ')}`)
  const settings: Record<string, number | string> = { ...KINDS[kind] }
  let index = colon < 0 ? body.length : colon + 1
  for (const part of colon < 0 ? [] : body.slice(colon + 1).split(',')) {
    readSetting(text, index, part, settings, kind)
    index += part.length + 1
  }
  checkSettings(text, kind, settings)
  return { kind, settings }
}

function readSetting(
  text: string,
  index: number,
  part: string,
  settings: Record<string, number | string>,
  kind: Kind,
): void {
  const match = /^\s*([a-z]+)\s*=\s*(.*?)\s*$/.exec(part)
  if (match === null) throw refusal(text, index, `a setting such as ${Object.keys(settings)[0]}=… is expected here`)
  const [, name, value] = match as unknown as [string, string, string]
  const fallback = Object.hasOwn(settings, name) ? settings[name] : undefined
  if (fallback === undefined) {
    throw refusal(text, index, `${kind} has no setting '${name}'; it has ${Object.keys(settings).join(', ')}`)
  }
  const number = name === 'period' ? parseDuration(value) : value === '' ? Number.NaN : Number(value)
  if (typeof fallback === 'number' && (number === undefined || !Number.isFinite(number))) {
    throw refusal(
      text,
      index + part.indexOf('=') + 1,
      `'${value}' is no ${name === 'period' ? 'duration such as 10s' : 'number'}`,
    )
  }
  settings[name] = typeof fallback === 'number' ? number! : value
}

function checkSettings(text: string, kind: Kind, settings: Record<string, number | string>): void {
  if (settings.period === 0) throw refusal(text, 0, 'period must be longer than 0')
  if (settings.modulo !== undefined && Number(settings.modulo) <= 0)
    throw refusal(text, 0, 'modulo must be more than 0')
  if (Number(settings.min) > Number(settings.max)) throw refusal(text, 0, 'min is above max')
  if (kind === 'cell' && settings.name === '')
    throw refusal(text, text.length, 'the cell needs a name, such as cell:name=setpoint')
  if (kind === 'status' && statusByName(String(settings.code)) === undefined) {
    throw refusal(text, 0, `status '${settings.code}' is not known`)
  }
}

/** The canonical text: every setting that differs from its default, in the order of the table. */
export function formatAddress(address: SimulatedAddress): string {
  const defaults: Record<string, number | string> = KINDS[address.kind]
  const parts = Object.keys(defaults)
    .filter((name) => address.settings[name] !== defaults[name])
    .map((name) => `${name}=${name === 'period' ? `${address.settings[name]}ms` : address.settings[name]}`)
  return parts.length === 0 ? address.kind : `${address.kind}:${parts.join(',')}`
}

/** All settings, defaults included: `sine: period 60000ms, min 0, max 10, phase 0`. */
export function describeAddress(address: SimulatedAddress): string {
  const parts = Object.entries(address.settings).map(
    ([name, value]) => `${name} ${value}${name === 'period' ? 'ms' : ''}`,
  )
  return `${address.kind}: ${parts.join(', ')}`
}

function refusal(text: string, index: number, problem: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `address '${text}', column ${index + 1}: ${problem}`, {
    details: { column: index + 1 },
  })
}
