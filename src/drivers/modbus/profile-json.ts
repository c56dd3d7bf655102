/**
 * The learned profile as JSON, version 1: what is kept over restarts. Pauses are not part of it: after a start a register that is
 * left out waits the first pause again.
 */
import { z } from 'zod'
import type { Failure } from './outcome.ts'
import type { DeviceProfile } from './profile.ts'
import type { Quarantined } from './quarantine.ts'

const address = z.number().int().min(0).max(65535)
const known = { evidence: z.string().max(1000), at: z.number() }
/** More than one table has places for is no profile of ours, and would make planning slow. */
const MOST_FACTS = 10_000

const table = z.object({
  unit: z.number().int().min(0).max(255),
  table: z.enum(['co', 'di', 'hr', 'ir']),
  /** Registers or bits in one request. */
  length: z.object({ longest: z.number().int().min(1), refused: z.number().int().min(2), ...known }).optional(),
  breaks: z.array(z.object({ after: address, before: address, ...known })).max(MOST_FACTS),
  bad: z
    .array(
      z.object({
        offset: address,
        length: z.number().int().min(1),
        kind: z.enum(['address', 'refused', 'silent', 'cut']),
        // A bad one: anything else would show a value as good that was not read.
        status: z.number().int().min(0x8000_0000).max(0xffff_ffff),
        ...known,
      }),
    )
    .max(MOST_FACTS),
})

const line = z.object({ inFlight: z.number().int().min(1), connections: z.number().int().min(1) })

const schema = z.object({ version: z.literal(1), tables: z.array(table).max(1024), line: line.optional() })

/** What the line of the device bears: requests under way on a connection, and connections. */
export type LineLimits = z.output<typeof line>

/** The profile as it is kept. */
export type ProfileJson = z.output<typeof schema>

/** Fills `profile` with what was kept; returns why that could not be used. */
export function readProfile(given: unknown, profile: DeviceProfile): string | undefined {
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const [first, ...others] = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    return others.length === 0 ? first : `${first}; and ${others.length} more`
  }
  for (const { unit, table: area, length, breaks, bad } of parsed.data.tables) {
    const limits = profile.table(unit, area)
    if (length !== undefined) limits.tooLong(length.longest, length.refused, length.evidence, length.at)
    for (const found of breaks) limits.separate(found)
    for (const { offset, length: size, kind, status, evidence, at } of bad)
      profile.quarantine.add({ unit, area, offset, length: size }, { kind, status, words: evidence }, at)
  }
  if (parsed.data.line !== undefined) profile.line = parsed.data.line
  return undefined
}

/** What is worth keeping; undefined when nothing is. */
export function writeProfile(profile: DeviceProfile): ProfileJson | undefined {
  const tables = new Map<string, ProfileJson['tables'][number]>()
  const tableOf = (unit: number, area: Quarantined['area']) => {
    const key = `${unit}.${area}`
    const found = tables.get(key) ?? { unit, table: area, breaks: [], bad: [] }
    tables.set(key, found)
    return found
  }
  for (const { unit, area, limits } of profile.tables()) {
    if (limits.length !== undefined) tableOf(unit, area).length = limits.length
    if (limits.breaks.length > 0) tableOf(unit, area).breaks = [...limits.breaks]
  }
  for (const { unit, area, offset, length, kind, status, words, since } of profile.quarantine.values())
    tableOf(unit, area).bad.push({ offset, length, kind: keptKind(kind), status, evidence: words, at: since })
  const lineLimits = profile.line
  if (tables.size === 0 && lineLimits === undefined) return undefined
  return { version: 1, tables: [...tables.values()], ...(lineLimits === undefined ? {} : { line: lineLimits }) }
}

/** A busy device says nothing about its registers, so that nothing is in quarantine for it. */
const keptKind = (kind: Failure['kind']): Exclude<Failure['kind'], 'busy'> => (kind === 'busy' ? 'refused' : kind)
