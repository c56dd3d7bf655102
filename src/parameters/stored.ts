/**
 * One stored version of a parameter set, as the file that keeps it: JSON for people, one parameter a line, so that `git diff` of two
 * versions is the list of what changed. `raw` is what the device held and what is written back; `value` is the same for people.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { toShown } from '../core/scaling.ts'
import { isBad, statusName } from '../core/status.ts'
import { DATA_TYPES, fromJsonValue, toJsonValue, type Value } from '../core/value.ts'
import type { ParameterSettings } from '../core/parameters.ts'
import type { Reading } from './reading.ts'

const scalarSchema = z.union([z.number(), z.boolean(), z.string(), z.null()])

const storedValueSchema = z.object({
  name: z.string(),
  address: z.string(),
  type: z.enum(DATA_TYPES),
  order: z.string().optional(),
  length: z.number().int().optional(),
  unit: z.string().optional(),
  value: scalarSchema,
  raw: scalarSchema,
  /** Why it has no value. */
  status: z.string().optional(),
})

const identitySchema = z.object({
  vendor: z.string().optional(),
  product: z.string().optional(),
  serial: z.string().optional(),
  firmware: z.string().optional(),
})

export const storedVersionSchema = z.object({
  format: z.literal(1),
  device: z.string(),
  set: z.string(),
  version: z.number().int().min(1),
  time: z.iso.datetime(),
  user: z.string(),
  from: z.string(),
  reason: z.string().nullable(),
  identity: identitySchema,
  sha256: z.string(),
  values: z.array(storedValueSchema),
})

export type StoredValue = z.output<typeof storedValueSchema>
export type StoredVersion = z.output<typeof storedVersionSchema>

/** What is known of a version without its values. */
export interface VersionSummary extends Omit<StoredVersion, 'values' | 'format'> {
  readonly parameters: number
  /** Those of them that could not be read when it was saved. */
  readonly unreadable: number
}

export function toStoredValue({ settings, raw, status }: Reading): StoredValue {
  const { name, address, type, order, length, unit } = settings
  return {
    name,
    address,
    type,
    ...(order === undefined ? {} : { order }),
    ...(length === undefined ? {} : { length }),
    ...(unit === undefined ? {} : { unit }),
    value: raw === undefined ? null : toJsonValue(toShown(raw, settings)),
    // JSON has no negative zero.
    raw: Object.is(raw, -0) ? '-0' : toJsonValue(raw),
    ...(raw === undefined || isBad(status) ? { status: statusName(status) } : {}),
  }
}

/** What the device held; undefined where it could not be read. */
export function rawOf({ raw, type }: StoredValue): Value | undefined {
  if (raw === '-0' && type.startsWith('float')) return -0
  return fromJsonValue(raw, type)
}

/** True when the value was read from another place, or as another type, than the configuration says now. */
export const isRedefined = (stored: StoredValue, { address, type, order, length }: ParameterSettings): boolean =>
  stored.address !== address || stored.type !== type || stored.order !== order || stored.length !== length

/** The same for the same parameters with the same values. */
export function digestOf(values: readonly StoredValue[]): string {
  const hash = createHash('sha256')
  for (const { name, address, type, order = null, length = null, raw } of values)
    hash.update(`${JSON.stringify([name, address, type, order, length, raw])}\n`)
  return hash.digest('hex')
}

export function summaryOf({ values, format: _format, ...rest }: StoredVersion): VersionSummary {
  return { ...rest, parameters: values.length, unreadable: values.filter((value) => value.status !== undefined).length }
}

/** The file: a head with one field a line, then one parameter a line. */
export function encodeVersion({ values, ...head }: StoredVersion): string {
  const fields = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`)
  const rows = values.map((value) => `    ${JSON.stringify(value)}`)
  return `{\n${fields.join('')}  "values": [\n${rows.join(',\n')}\n  ]\n}\n`
}

/** Throws a sentence when it is damaged, or no longer what was saved. */
export function decodeVersion(text: string): StoredVersion {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Error('it is no JSON')
  }
  const parsed = storedVersionSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Error(`${issue!.path.join('.') || 'it'} is not as it was written (${issue!.message})`)
  }
  if (digestOf(parsed.data.values) !== parsed.data.sha256)
    throw new Error('its values are not those that its sha256 stands for')
  return parsed.data
}
