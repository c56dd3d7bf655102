/** One host and port: one connection, one request at a time; who answers, what can be read, and tags worth trying. */
import { isIPv6 } from 'node:net'
import type { Context, FoundDevice, Identity } from '../../../core/driver.ts'
import { NotConnectedError } from '../../../core/errors.ts'
import { AREAS, type Area } from '../address.ts'
import { ModbusDevice } from '../device.ts'
import { options } from '../options.ts'
import { proposeTags } from '../sunspec/proposal.ts'
import { survey } from '../sunspec/survey.ts'
import { Asker } from './asker.ts'
import { askServerId } from './identity.ts'
import { findUnits, type PresentUnit } from './presence.ts'
import { proposeRegisters } from './proposal.ts'
import { mapTable, type TableMap } from './ranges.ts'

/** Where, and whom. */
export interface HostToProbe {
  readonly host: string
  readonly port: number
  readonly units: readonly number[]
  readonly timeoutMs: number
}

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
  let identity: Identity = present.identity
  const maps: TableMap[] = []
  let sunspec: Awaited<ReturnType<typeof askSunSpec>>
  const left: string[] = []
  const before = asker.requests
  try {
    if (Object.keys(identity).length === 0) identity = await askServerId(asker, unit)
    for (const area of AREA_ORDER) if (maps.at(-1)?.silent !== true) maps.push(await mapTable(asker, unit, area))
    const { lost } = maps.at(-1)!
    if (lost !== undefined) throw lost
    sunspec = await askSunSpec(device, unit, signal)
    identity = { ...identity, ...sunspec?.identity }
  } catch (error) {
    if (!(error instanceof NotConnectedError)) throw error
    left.push(`the unit was left: ${error.message}`)
  }
  const target = `modbus://${isIPv6(host) ? `[${host}]` : host}:${port}/${unit}`
  const { tags, notes } = sunspec ?? proposeRegisters(maps, target)
  const sent = `${asker.requests - before} requests were sent to this unit to find out what can be read`
  return {
    options: { host, port, unit },
    endpoint: `${host}:${port} unit ${unit}`,
    identity,
    notes: [...hostNotes, ...maps.flatMap(describeTable), ...notes, ...left, sent],
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

function describeTable({ area, ranges, goesOn, isWhole, silent, lost }: TableMap): string[] {
  const notes = silent && lost === undefined ? [`the unit fell silent at ${AREAS[area].name}s`] : []
  if (ranges.length === 0) return notes
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const texts = ranges.map(({ first, last }) =>
    first === last ? `${area}:${first}` : `${area}:${first}–${area}:${last}`,
  )
  const end = goesOn
    ? 'and further: it was not followed to its end'
    : isWhole
      ? 'samples beyond were refused'
      : 'then stopped: there may be more'
  return [`${count} readable ${AREAS[area].name}${count === 1 ? '' : 's'}: ${texts.join(', ')} (${end})`, ...notes]
}
