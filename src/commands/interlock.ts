/**
 * Whether an interlock holds now. A tag that it names and whose value is missing, not good or too old forbids the write, wherever in
 * the condition it stands: what nobody knows is no reason to go on.
 */
import { isFault, parseInterlock, tagsOf, type Interlock } from '../core/interlock.ts'
import { holds, keyOf } from '../core/interlock-holds.ts'
import type { Latest } from '../core/sink.ts'
import { isGood, statusName } from '../core/status.ts'
import type { TagInfo, TagSettings, TagTable } from '../core/tags.ts'
import { toJsonValue, type Value } from '../core/value.ts'

export interface Known {
  readonly tags: TagTable
  readonly latest: Latest
  /** ms since 1970. */
  now(): number
}

/** A value is fresh for three periods of its polls, and for two seconds at least; or as `staleAfter` says. */
const PERIODS = 3
const LEAST_FRESH_MS = 2000

const freshMs = ({ staleAfterMs, everyMs }: TagSettings): number =>
  staleAfterMs ?? Math.max(LEAST_FRESH_MS, PERIODS * everyMs)

/** The value of a tag if it is good and fresh; a sentence otherwise. */
export function presentValue({ device, settings, id }: TagInfo, known: Known): { value: Value } | string {
  const name = `${device}/${settings.name}`
  const { value, status, receivedAt } = known.latest.get(id)
  if (!isGood(status)) return `${name} is not good (${statusName(status)})`
  if (value === undefined) return `${name} has no value`
  const age = known.now() - receivedAt
  if (age > freshMs(settings)) return `${name} was last read ${Math.round(age / 1000)} s ago`
  return { value }
}

/** Undefined where it holds; else why not, in a sentence with the values. `device` is that of the tag to write. */
export function whyInterlocked(text: string, device: string, known: Known): string | undefined {
  const parsed = parse(text)
  if (typeof parsed === 'string') return parsed
  const values = new Map<string, Value>()
  for (const tag of tagsOf(parsed)) {
    const owner = tag.device === '.' ? device : tag.device
    const info = known.tags.find(owner, tag.name)
    const present = info === undefined ? `there is no tag ${owner}/${tag.name}` : presentValue(info, known)
    if (typeof present === 'string') return `${present}, and the interlock needs it: ${text}`
    values.set(keyOf(tag), present.value)
  }
  if (holds(parsed, values)) return undefined
  const shown = [...values].map(([name, value]) => `${name} is ${JSON.stringify(toJsonValue(value))}`)
  return `the interlock does not hold: ${text} (${shown.join(', ')})`
}

/** The devices that it looks at; `device` is that of the tag to write. */
export function devicesOf(text: string, device: string): readonly string[] {
  const parsed = parse(text)
  if (typeof parsed === 'string') return []
  return [...new Set(tagsOf(parsed).map((tag) => (tag.device === '.' ? device : tag.device)))]
}

/** The texts come from the configuration: as many as it has. */
const parsed = new Map<string, Interlock | string>()
const MOST_PARSED = 1000

function parse(text: string): Interlock | string {
  const known = parsed.get(text)
  if (known !== undefined) return known
  if (parsed.size >= MOST_PARSED) parsed.clear()
  const made = parseInterlock(text)
  const result = isFault(made) ? `the interlock cannot be read: ${made.message}` : made
  parsed.set(text, result)
  return result
}
