/** One host and port: one connection, one request at a time; who answers, what can be read, and tags worth trying. */
import type { ProposedTag } from '../../../core/device-entry.ts'
import type { Context, FoundDevice, Identity } from '../../../core/driver.ts'
import { NotConnectedError } from '../../../core/errors.ts'
import { AREAS, isBitArea, type Area } from '../address.ts'
import { ModbusDevice } from '../device.ts'
import { options } from '../options.ts'
import { proposeTags } from '../sunspec/proposal.ts'
import { survey } from '../sunspec/survey.ts'
import { Asker } from './asker.ts'
import { askServerId } from './identity.ts'
import { findUnits, type PresentUnit } from './presence.ts'
import { mapTable, type TableMap } from './ranges.ts'

/** Where, and whom. */
export interface HostToProbe {
  readonly host: string
  readonly port: number
  readonly units: readonly number[]
  readonly timeoutMs: number
}

/** More tags than this are not proposed one by one; a note says what can be read. */
const MOST_TAGS = 32
/** Nobody may hold a scan up for longer: a device that answers each request just in time, or has models without end. */
const MOST_HOST_MS = 600_000
const AREA_ORDER: readonly Area[] = ['hr', 'ir', 'co', 'di']

/** What answers there; nothing when nobody does. Rejects only when the scan is given up. */
export async function probeHost(target: HostToProbe, context: Context, signal: AbortSignal): Promise<FoundDevice[]> {
  const { host, port, timeoutMs } = target
  const settings = { host, port, timeout: timeoutMs, connectTimeout: timeoutMs, learn: false }
  const limit = new AbortController()
  const late = new NotConnectedError(`the scan spends no more than ${MOST_HOST_MS / 60_000} minutes at a host`)
  const timer = context.clock.after(MOST_HOST_MS, () => limit.abort(late))
  const until = AbortSignal.any([signal, limit.signal])
  const device = new ModbusDevice(options.parse(settings), context)
  const found: FoundDevice[] = []
  try {
    await device.connect(until)
    const asker = new Asker((unit, pdu, stop) => device.request(unit, pdu, stop), until)
    const { units, notes } = await findUnits(asker, target.units)
    for (const present of units) found.push(await describe(device, asker, target, present, notes, until))
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof NotConnectedError)) throw error
    context.log.debug({ host, port, reason: error.message }, 'the host was left')
  } finally {
    timer.cancel()
    await device.close()
  }
  return found
}

async function describe(
  device: ModbusDevice,
  asker: Asker,
  { host, port }: HostToProbe,
  present: PresentUnit,
  hostNotes: readonly string[],
  signal: AbortSignal,
): Promise<FoundDevice> {
  const { unit } = present
  const notes = [...hostNotes]
  let identity: Identity = present.identity
  let tags: readonly ProposedTag[] = []
  const before = asker.requests
  try {
    if (Object.keys(identity).length === 0) identity = await askServerId(asker, unit)
    const maps: TableMap[] = []
    for (const area of AREA_ORDER) if (maps.at(-1)?.silent !== true) maps.push(await mapTable(asker, unit, area))
    notes.push(...maps.flatMap(describeTable))
    const sunspec = await askSunSpec(device, unit, signal)
    identity = { ...identity, ...sunspec?.identity }
    notes.push(...(sunspec?.notes ?? []))
    tags = sunspec?.tags ?? proposeRegisters(maps)
  } catch (error) {
    if (!(error instanceof NotConnectedError)) throw error
    notes.push(`the unit was left: ${error.message}`)
  }
  notes.push(`${asker.requests - before} requests were sent to this unit to find out what can be read`)
  return {
    options: { host, port, unit },
    endpoint: `${host}:${port} unit ${unit}`,
    identity,
    notes,
    tags,
  }
}

/** The points of a SunSpec device; undefined when it is none. */
async function askSunSpec(device: ModbusDevice, unit: number, signal: AbortSignal) {
  try {
    const found = await survey(device, unit, (work) => work(signal))
    const models = found.models.map(({ id }) => id).join(', ')
    const note = `a SunSpec device with models ${models} from hr:${found.base} on; its points are proposed as tags`
    return { identity: found.identity, notes: [note, ...found.notes], tags: proposeTags(found) }
  } catch (error) {
    if (error instanceof NotConnectedError || signal.aborted) throw error
    return undefined
  }
}

function describeTable({ area, ranges, unclear, searchedTo, silent }: TableMap): string[] {
  if (silent) return [`the unit fell silent at ${AREAS[area].name}s`]
  if (ranges.length === 0) return []
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const texts = ranges.map(({ first, last }) =>
    first === last ? `${area}:${first}` : `${area}:${first}–${area}:${last}`,
  )
  const limit =
    unclear === 0 ? `of ${area}:0–${area}:${searchedTo - 1}` : `searched to ${area}:${searchedTo - 1}, then stopped`
  return [`${count} readable ${AREAS[area].name}${count === 1 ? '' : 's'}: ${texts.join(', ')} (${limit})`]
}

/** Single registers and bits, where there are so few that a person can look at each. */
function proposeRegisters(maps: readonly TableMap[]): ProposedTag[] {
  return maps.flatMap(({ area, ranges }) => {
    const addresses = ranges.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, at) => first + at),
    )
    if (addresses.length > MOST_TAGS) return []
    const type = isBitArea(area) ? 'bool' : 'uint16'
    return addresses.map((address) => ({ name: `${area}${address}`, address: `${area}:${address}`, type }) as const)
  })
}
