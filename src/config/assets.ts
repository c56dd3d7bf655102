/**
 * `assets`: machines and lines whose availability, performance and quality are told, from tags of the devices. What is written in the file, and
 * whether the tags that it names exist and fit.
 */
import { z } from 'zod'
import type { AssetConfig, CounterSource, Shift } from '../core/asset.ts'
import { isFault, parseInterlock } from '../core/interlock.ts'
import { typeFaults } from '../core/interlock-types.ts'
import { nameFault } from '../core/name.ts'
import type { TagSettings } from '../core/tags.ts'
import type { DataType } from '../core/value.ts'
import { areaSchema } from './area.ts'
import type { DeviceConfig } from './config.ts'
import type { Loading } from './loading.ts'
import type { Path } from './places.ts'
import { closest } from './suggestion.ts'
import { formatPath } from './yaml-source.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const DAY_MINUTES = 1440
const WEEK_MINUTES = 7 * DAY_MINUTES

const timeOfDay = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected a time of the day such as 06:00')
  .meta({ examples: ['06:00'] })

export const shiftSchema = z.object({
  name: z.string().min(1).max(60).describe('Such as early.'),
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .max(7)
    .default([...DAYS])
    .describe('On which it begins; every day where absent.'),
  from: timeOfDay.describe('By the clock on the wall.'),
  to: timeOfDay.describe('Not later than `from`: on the day after.'),
})

const perUnit: Record<string, number> = { s: 1000, min: 60_000, h: 3_600_000 }

const rateSchema = z
  .string()
  .transform((text, context): number => {
    const match = /^(\d+(?:\.\d+)?)\s*\/\s*(s|min|h)$/.exec(text.trim())
    const rate = match === null ? 0 : Number(match[1]) / perUnit[match[2]!]!
    if (rate > 0) return rate
    context.addIssue({ code: 'custom', message: 'expected pieces a time, such as 120/min, 2/s or 900/h' })
    return z.NEVER
  })
  .meta({ examples: ['120/min'] })

export const assetSchema = z.object({
  name: z
    .string()
    .superRefine((name, context) => {
      const fault = nameFault(name, 'device')
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
    .describe('Name of the asset; no slash.'),
  area: areaSchema.optional().describe('Where it stands, such as `site-1/line-2`.'),
  running: z
    .string()
    .describe('True while it produces: a condition over tags, as of an interlock, such as filler/running = true.')
    .meta({ examples: ['filler/running'] }),
  produced: z.string().optional().describe('The tag that counts all pieces, device/tag.'),
  good: z.string().optional().describe('In place of `produced`: the tag that counts the pieces that are good.'),
  rejected: z
    .string()
    .optional()
    .describe(
      'The tag that counts the pieces that are not good; none: there never are any. Absent: no quality, no OEE.',
    ),
  piecesPerCount: z.number().positive().max(1e6).default(1).describe('Pieces that one count stands for.'),
  rollover: z
    .union([z.enum(['auto', 'none']), z.number().positive()])
    .default('auto')
    .describe(
      'The value at which the counters begin again with 0, such as 10000. auto: where their unsigned type ends; none: they only go back to 0 when they are reset.',
    ),
  idealRate: rateSchema.describe('Pieces at the best: 120/min, 2/s, 900/h.'),
  timeZone: z
    .string()
    .superRefine((name, context) => {
      if (!isTimeZone(name))
        context.addIssue({ code: 'custom', message: 'expected the name of a time zone, such as Europe/Berlin' })
    })
    .optional()
    .describe("Of the shifts and of the day, such as Europe/Berlin; the machine's own where absent."),
  shifts: z.array(shiftSchema).max(50).default([]).describe('When it should run; none: always.'),
})

export const assetsSchema = z.array(assetSchema).max(1000)

type WrittenAsset = z.output<typeof assetSchema>

/** Assets with their tags found; problems are in the list. `isOpen`: tags may come from other gateways. */
export function loadAssets(
  written: readonly WrittenAsset[],
  devices: readonly DeviceConfig[],
  isOpen: boolean,
  { source, problems }: Pick<Loading, 'source' | 'problems'>,
): AssetConfig[] {
  const byName = new Map(devices.map((device) => [device.name, device]))
  const complain = (path: Path, message: string): void => problems.add(source.placeOf(path), formatPath(path), message)
  const tagOf = (device: string, name: string): TagSettings | string | undefined => {
    const owner = byName.get(device)
    if (owner === undefined) return isOpen ? undefined : unknown(`device ${device}`, device, [...byName.keys()])
    const found = owner.tags.find(({ settings }) => settings.name === name)?.settings
    const names = owner.tags.map(({ settings }) => settings.name)
    return found ?? unknown(`tag ${device}/${name}`, name, names)
  }
  const taken = new Set<string>()
  return written.flatMap((asset, at) => {
    const path = ['assets', at]
    if (taken.has(asset.name)) complain([...path, 'name'], `the asset "${asset.name}" is in this list already`)
    taken.add(asset.name)
    for (const message of conditionFaults(asset.running, tagOf)) complain([...path, 'running'], message)
    for (const message of shiftFaults(asset.shifts)) complain([...path, 'shifts'], message)
    if ((asset.produced === undefined) === (asset.good === undefined))
      complain(path, 'give either produced, the counter of all pieces, or good, that of the good ones')
    const counter = (key: 'produced' | 'good' | 'rejected'): CounterSource | undefined => {
      if (asset[key] === undefined || (key === 'rejected' && asset[key] === 'none')) return undefined
      const found = counterOf(asset[key], asset, tagOf)
      if (typeof found !== 'string') return found
      complain([...path, key], found)
      return undefined
    }
    const [produced, good, rejected] = [counter('produced'), counter('good'), counter('rejected')]
    const pieces = produced ?? good
    if (pieces === undefined) return []
    return [
      {
        name: asset.name,
        area: asset.area,
        running: asset.running,
        pieces,
        counts: asset.good === undefined ? 'produced' : 'good',
        rejected: asset.rejected === 'none' ? 'none' : rejected,
        idealPerMs: asset.idealRate,
        planned: { timeZone: asset.timeZone, shifts: asset.shifts.map(toShift) },
      } satisfies AssetConfig,
    ]
  })
}

type TagOf = (device: string, name: string) => TagSettings | string | undefined

function conditionFaults(text: string, tagOf: TagOf): string[] {
  const parsed = parseInterlock(text, 'a condition')
  if (isFault(parsed)) return [`column ${parsed.column}: ${parsed.message}`]
  const faults = typeFaults(parsed, ({ device, name }) => {
    const found = device === '.' ? 'an asset is of no device: name that of the tag' : tagOf(device, name)
    return typeof found === 'string' ? { problem: found } : found?.type
  })
  return faults.map(({ column, message }) => `column ${column}: ${message}`)
}

/** A sentence where it can be no counter. */
function counterOf(text: string, { rollover, piecesPerCount }: WrittenAsset, tagOf: TagOf): CounterSource | string {
  const slash = text.indexOf('/')
  if (slash <= 0 || slash === text.length - 1) return 'expected device/tag, such as filler/bottles'
  const [device, tag] = [text.slice(0, slash), text.slice(slash + 1)]
  const found = tagOf(device, tag)
  if (typeof found === 'string') return found
  if (found !== undefined && NO_COUNTERS.has(found.type)) return `${text} is a ${found.type}, and a counter is a number`
  const whole = rollover === 'auto' ? rolloverOf(found) : rollover === 'none' ? undefined : rollover
  return { device, tag, rollover: whole, factor: piecesPerCount }
}

const NO_COUNTERS: ReadonlySet<DataType> = new Set(['bool', 'string', 'bytes'])
const UNSIGNED_BITS: Partial<Record<DataType, number>> = { uint8: 8, uint16: 16, uint32: 32 }

/** Where the type ends, in the units of the value. */
function rolloverOf(tag: TagSettings | undefined): number | undefined {
  const bits = tag && UNSIGNED_BITS[tag.type]
  return bits === undefined || (tag?.offset ?? 0) !== 0 ? undefined : 2 ** bits * (tag?.scale ?? 1)
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))

const toShift = ({ name, days, from, to }: z.output<typeof shiftSchema>): Shift => ({
  name,
  days: days.map((day) => DAYS.indexOf(day)),
  fromMinute: minutesOf(from),
  toMinute: minutesOf(to) % DAY_MINUTES,
})

/** Shifts that are at work at the same time. */
function shiftFaults(written: WrittenAsset['shifts']): string[] {
  const all = written
    .map(toShift)
    .flatMap(({ name, days, fromMinute, toMinute }) =>
      days.map((day) => ({
        name,
        from: day * DAY_MINUTES + fromMinute,
        length: (toMinute <= fromMinute ? DAY_MINUTES : 0) + toMinute - fromMinute,
      })),
    )
    .toSorted((a, b) => a.from - b.from)
  const clash = all.find(({ from, length }, at) => {
    const next = all[(at + 1) % all.length]!
    const until = next.from + (at + 1 === all.length ? WEEK_MINUTES : 0)
    return from + length > until
  })
  if (clash === undefined) return []
  const next = all[(all.indexOf(clash) + 1) % all.length]!
  const day = DAYS[Math.floor(next.from / DAY_MINUTES)]
  return [`the shifts ${clash.name} and ${next.name} overlap on ${day}`]
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

function unknown(what: string, given: string, known: readonly string[]): string {
  const nearest = closest(given, known)
  return `there is no ${what}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}
