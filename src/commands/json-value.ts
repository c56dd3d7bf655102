/**
 * A value as JSON carries it (a number, true or false, text, an int64 as decimal text, bytes as base64) → the value of a tag's
 * type, in engineering units. What does not fit is refused with a sentence that says what would.
 */
import { GatewayError } from '../core/errors.ts'
import { isScaled } from '../core/scaling.ts'
import type { TagSettings } from '../core/tags.ts'
import type { Value } from '../core/value.ts'

/** Throws INVALID_VALUE. */
export function parseJsonValue(input: unknown, settings: TagSettings): Value {
  const { type } = settings
  if (type === 'bool') return typeof input === 'boolean' ? input : refuse(input, settings, 'true or false')
  if (type === 'string') return parseText(input, settings)
  if (type === 'bytes') return parseBytes(input, settings)
  if ((type === 'int64' || type === 'uint64') && !isScaled(settings)) return parseBig(input, settings)
  if (typeof input !== 'number' || !Number.isFinite(input)) return refuse(input, settings, 'a number')
  return input
}

function parseBig(input: unknown, settings: TagSettings): bigint {
  if (typeof input === 'bigint') return input
  if (typeof input === 'number' && Number.isSafeInteger(input)) return BigInt(input)
  if (typeof input === 'string' && /^[+-]?\d{1,20}$/.test(input)) return BigInt(input)
  return refuse(input, settings, 'a whole number; above 2^53 as text, such as "9223372036854775807"')
}

function parseText(input: unknown, settings: TagSettings): string {
  if (typeof input !== 'string') return refuse(input, settings, 'text')
  const bytes = Buffer.byteLength(input)
  if (settings.length === undefined || bytes <= settings.length) return input
  return refuse(input, settings, `text of at most ${settings.length} bytes (this has ${bytes})`)
}

function parseBytes(input: unknown, settings: TagSettings): Uint8Array {
  const expected = 'bytes as base64 text'
  if (typeof input !== 'string' || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(input)) {
    return refuse(input, settings, expected)
  }
  const bytes = Buffer.from(input, 'base64')
  if (settings.length === undefined || bytes.length <= settings.length) return bytes
  return refuse(input, settings, `${expected}, at most ${settings.length} of them (this has ${bytes.length})`)
}

function refuse(input: unknown, { name, type }: TagSettings, expected: string): never {
  const given =
    JSON.stringify(input, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part)) ?? 'nothing'
  const shown = given.length > 40 ? `${given.slice(0, 40)}…` : given
  throw new GatewayError('INVALID_VALUE', `${name} is a tag of type ${type}: it takes ${expected}, not ${shown}.`, {
    details: { tag: name, type },
  })
}
