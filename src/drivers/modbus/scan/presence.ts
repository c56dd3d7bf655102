/**
 * Which units answer at one host and port. So that a host that keeps silent costs a few time-outs and not one a unit, only the first
 * silent unit costs two, each further one costs one, and after `MOST_SILENCES` the rest is not asked. Some gateways keep silent for
 * units that are not there; others say it by exceptions 0A and 0B.
 */
import type { Identity } from '../../../core/driver.ts'
import { NotConnectedError } from '../../../core/errors.ts'
import { type Asker, type Heard } from './asker.ts'
import { askIdentity } from './identity.ts'

/** A unit that answered. */
export interface PresentUnit {
  readonly unit: number
  readonly identity: Identity
  /** How it answered Read Device Identification. */
  readonly identification: Heard
}

/** Who is there, and what is to be said about the host. */
export interface Presence {
  readonly units: readonly PresentUnit[]
  readonly notes: readonly string[]
}

/** Time-outs of a host. */
const MOST_SILENCES = 8
/** A unit that hardly anybody has: who answers for it answers for every unit id. */
const UNLIKELY_UNIT = 231
const FIRST_REGISTER = { functionCode: 3, address: 0, count: 1 } as const

/** Asks for each unit. Throws NotConnectedError when the connection is lost before any unit has answered. */
export async function findUnits(asker: Asker, wanted: readonly number[]): Promise<Presence> {
  const units: PresentUnit[] = []
  const notes: string[] = []
  try {
    await askAll(asker, wanted, units, notes)
  } catch (error) {
    // Some devices close the connection when they are asked for a unit that they are not.
    if (!(error instanceof NotConnectedError) || units.length === 0) throw error
    const known = listed(units.map(({ unit }) => unit)).replace('–', '-')
    notes.push(`the connection was lost while further units were asked; scan with --unit ${known}: ${error.message}`)
  }
  return { units, notes }
}

/** Fills `units` and `notes` as it goes. */
async function askAll(asker: Asker, wanted: readonly number[], units: PresentUnit[], notes: string[]): Promise<void> {
  const absent: number[] = []
  for (const [index, unit] of wanted.entries()) {
    const found = await askUnit(asker, unit, asker.silences > 0)
    if (found === 'garbage') return void notes.push('something answers that is no Modbus')
    if (found === 'absent') absent.push(unit)
    else if (found !== 'silent') units.push(found)
    const rest = wanted.slice(index + 1)
    if (units.length === 1 && index === 0 && rest.length > 0 && (await answersForAll(asker, units[0]!))) {
      notes.push(`answers for every unit id alike: one device, found as unit ${unit}`)
      break
    }
    if (asker.silences < MOST_SILENCES || rest.length === 0) continue
    if (asker.answers > 0)
      notes.push(`units from ${rest[0]} on were not asked: ${asker.silences} requests got no answer`)
    break
  }
  if (absent.length > 0) notes.push(`a gateway: it says that nothing answers for unit ${listed(absent)}`)
}

type Found = PresentUnit | 'absent' | 'silent' | 'garbage'

/** `hurried`: one request has to be enough. */
async function askUnit(asker: Asker, unit: number, hurried: boolean): Promise<Found> {
  if (hurried) {
    const heard = await asker.ask(unit, FIRST_REGISTER)
    if (heard.kind === 'silence' || heard.kind === 'garbage') return 'silent'
    if (isAbsent(heard)) return 'absent'
  }
  const { heard, identity } = await askIdentity(asker, unit)
  if (isAbsent(heard)) return 'absent'
  if (heard.kind === 'answer' || heard.kind === 'exception') return { unit, identity, identification: heard }
  // Some devices keep silent at functions that they don't know, and some answer them with nonsense.
  const read = hurried ? undefined : await asker.ask(unit, FIRST_REGISTER)
  if (read?.kind === 'garbage') return 'garbage'
  if (read?.kind === 'silence') return 'silent'
  return read !== undefined && isAbsent(read) ? 'absent' : { unit, identity, identification: heard }
}

/** Modbus Application Protocol V1.1b3, 7: gateway path unavailable, gateway target failed to respond. */
const isAbsent = (heard: Heard): boolean => heard.kind === 'exception' && (heard.code === 0x0a || heard.code === 0x0b)

/** True when a unit that should not be there answers as this one does: the unit id is ignored. */
async function answersForAll(asker: Asker, { identification }: PresentUnit): Promise<boolean> {
  if (identification.kind === 'silence' || identification.kind === 'garbage') {
    const heard = await asker.ask(UNLIKELY_UNIT, FIRST_REGISTER)
    return heard.kind === 'answer'
  }
  const { heard } = await askIdentity(asker, UNLIKELY_UNIT)
  if (heard.kind === 'answer' && identification.kind === 'answer')
    return Buffer.compare(heard.pdu, identification.pdu) === 0
  return heard.kind === 'exception' && identification.kind === 'exception' && heard.code === identification.code
}

/** `2–5, 7`. */
function listed(numbers: readonly number[]): string {
  const runs: [number, number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] + 1 === number) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ')
}
