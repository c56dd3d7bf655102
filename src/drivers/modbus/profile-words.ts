/** The learned profile for people: each fact with its evidence, and the sentences that say it. */
import type { Clock } from '../../core/clock.ts'
import { AREAS, isBitArea, type Area } from './address.ts'
import type { Break, LengthLimit } from './limits.ts'
import type { DeviceProfile } from './profile.ts'
import { writeProfile, type ProfileJson } from './profile-json.ts'

/** The profile as API and command line show it: what is kept, and what it says in words. */
export interface ProfileView extends ProfileJson {
  /** One sentence a fact. */
  readonly summary: readonly string[]
  /** When a register that is left out is tried again, in the order of `summary`. */
  readonly retries: readonly {
    readonly unit: number
    readonly address: string
    readonly tries: number
    readonly nextAt: string
  }[]
}

/** Undefined when nothing was learned. */
export function profileView(profile: DeviceProfile, clock: Clock): ProfileView | undefined {
  const json = writeProfile(profile)
  if (json === undefined) return undefined
  const summary: string[] = []
  for (const { unit, table, length, breaks } of json.tables) {
    if (length !== undefined) summary.push(lengthWords(unit, table, length))
    for (const found of breaks) summary.push(breakWords(unit, table, found))
  }
  const left = [...profile.quarantine.values()]
  for (const entry of left) summary.push(`Unit ${entry.unit}, ${profile.reason(entry)}`)
  if (json.line !== undefined) {
    const { inFlight, connections } = json.line
    summary.push(`The line bears ${count(inFlight, 'request')} at once on ${count(connections, 'connection')}.`)
  }
  const retries = left.map(({ unit, area, offset, tries, nextAt }) => ({
    unit,
    address: `${area}:${offset}`,
    tries,
    nextAt: new Date(clock.now() + Math.max(0, nextAt - clock.monotonic())).toISOString(),
  }))
  return { ...json, summary, retries }
}

function lengthWords(unit: number, area: Area, { longest, refused, evidence }: LengthLimit): string {
  const items = isBitArea(area) ? 'bits' : 'registers'
  const gap = refused > longest + 1 ? `, ${refused} are refused` : ''
  const what = longest === 1 ? `one ${items.slice(0, -1)}` : `${longest} ${items}`
  return `Unit ${unit}, ${AREAS[area].name}s: at most ${what} in one request${gap} (the device ${evidence}).`
}

function breakWords(unit: number, area: Area, { after, before, evidence }: Break): string {
  const where =
    before === after + 1
      ? `${area}:${after} and ${area}:${before} are not read in one request`
      : before === after + 2
        ? `${area}:${after + 1} breaks a request that reads it along`
        : `${area}:${after + 1}…${before - 1} break a request that reads them along`
  return `Unit ${unit}, ${AREAS[area].name}s: ${where} (the device ${evidence}).`
}

const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`
