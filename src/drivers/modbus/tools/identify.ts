/**
 * Who is there? Read Device Identification (43/14; Modbus Application Protocol V1.1b3, 6.21) as far as the device goes, else
 * Report Server ID (17; 6.13), whose content is the vendor's own.
 */
import { z } from 'zod'
import { defineTool, type LineAccess } from '../../../core/driver.ts'
import { GatewayError, NotConnectedError } from '../../../core/errors.ts'
import {
  decodeResponse,
  describeException,
  ModbusException,
  type ModbusResponse,
} from '../../../protocols/modbus/index.ts'
import { ask, rawDevice, type RawDevice } from './raw-device.ts'

/** Names of the objects by their ids, 6.21. */
const OBJECT_NAMES: Readonly<Record<number, string>> = {
  0: 'vendor', 1: 'product code', 2: 'revision', 3: 'vendor URL', 4: 'product name', 5: 'model', 6: 'application',
} // prettier-ignore

/** At most so many replies are asked for: a device that always says "more follows" has an end, too. */
const MAX_REPLIES = 64

const SILENT = 'no answer in time'

interface IdentifiedObject {
  readonly id: number
  readonly name: string
  readonly text: string
  readonly hex: string
}

interface Identified {
  readonly unit: number
  readonly objects: readonly IdentifiedObject[]
  /** What FC 17 says, where 43/14 says nothing. */
  readonly serverId: { readonly hex: string; readonly text: string; readonly running: boolean | null } | null
  /** What was tried and refused, in words. */
  readonly notes: readonly string[]
}

const input = z.strictObject({
  unit: z.int().min(0).max(255).optional().describe("Unit id, where it is not the device's own"),
})

export const identify = defineTool({
  name: 'identify',
  summary: 'vendor, product and revision, as far as the device tells (functions 43/14 and 17)',
  examples: [
    ['bifrost modbus identify modbus://10.0.0.5:502/1', 'straight from a device'],
    ['bifrost modbus identify press-1 --unit 2', 'another unit behind the same connection'],
  ],
  input,
  positions: [],
  async run({ unit: given }, driver, access, signal): Promise<Identified> {
    const device = rawDevice(driver)
    const unit = given ?? device.unit
    const notes: string[] = []
    const objects = await identification(device, access, unit, notes, signal)
    const serverId = objects.length > 0 ? null : await serverIdOf(device, access, unit, notes, signal)
    if (notes.length === 2 && notes.every((note) => note.endsWith(SILENT)))
      throw new GatewayError('TIMEOUT', `unit ${unit} answers neither 43/14 nor 17: is it there, under this unit id?`)
    return { unit, objects, serverId, notes }
  },
  toLines: ({ unit, objects, serverId, notes }: Identified) => [
    ...objects.map(({ name, text }) => `${name.padEnd(13)} ${text}`),
    ...(serverId === null
      ? []
      : [`server id     ${serverId.hex}${serverId.text === '' ? '' : `  ${JSON.stringify(serverId.text)}`}`]),
    ...(serverId?.running === undefined || serverId.running === null
      ? []
      : [`running       ${serverId.running ? 'yes' : 'no'}`]),
    ...(objects.length === 0 && serverId === null ? [`unit ${unit} does not say what it is`] : []),
    ...notes,
  ],
})

/** Level 3 asks for all that there is; devices that know less are asked for less. */
async function identification(
  device: RawDevice,
  access: LineAccess,
  unit: number,
  notes: string[],
  signal: AbortSignal,
): Promise<IdentifiedObject[]> {
  let problem = ''
  for (const level of [3, 2, 1] as const) {
    const objects = new Map<number, Uint8Array>()
    try {
      await readLevel(device, access, unit, level, objects, signal)
    } catch (error) {
      problem = refusalOf(error)
    }
    if (objects.size > 0) return [...objects].sort(([a], [b]) => a - b).map(toObject)
    // Who does not know the function, or passes it over, does so on every level.
    if (problem.startsWith('exception 01') || problem === SILENT) break
  }
  notes.push(`Read Device Identification (43/14): ${problem === '' ? 'no objects' : problem}`)
  return []
}

async function readLevel(
  device: RawDevice,
  access: LineAccess,
  unit: number,
  level: 1 | 2 | 3,
  objects: Map<number, Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let objectId = 0
  for (let replies = 0; replies < MAX_REPLIES; replies++) {
    const pdu = await ask(device, access, unit, { functionCode: 43, meiType: 14, level, objectId }, signal)
    const reply: ModbusResponse = decodeResponse(pdu)
    if (!('objects' in reply)) return
    for (const { id, value } of reply.objects) objects.set(id, value)
    if (reply.moreFollows !== 0xff || reply.nextObjectId <= objectId) return
    objectId = reply.nextObjectId
  }
}

async function serverIdOf(
  device: RawDevice,
  access: LineAccess,
  unit: number,
  notes: string[],
  signal: AbortSignal,
): Promise<Identified['serverId']> {
  try {
    const reply = decodeResponse(await ask(device, access, unit, { functionCode: 17 }, signal))
    if (!('content' in reply) || reply.content.length === 0) return null
    const { content } = reply
    const indicator = content[1]
    return {
      hex: Buffer.from(content).toString('hex').toUpperCase(),
      text: printableRun(content),
      running: indicator === 0xff ? true : indicator === 0 ? false : null,
    }
  } catch (error) {
    notes.push(`Report Server ID (17): ${refusalOf(error)}`)
    return null
  }
}

/** Exceptions and silence are findings here; a lost connection and the caller's abort are not. */
function refusalOf(error: unknown): string {
  if (error instanceof ModbusException) return describeException(error.exceptionCode)
  if (!(error instanceof GatewayError) || error instanceof NotConnectedError || error.code === 'FORBIDDEN') throw error
  return error.code === 'TIMEOUT' ? SILENT : error.message
}

const toObject = ([id, value]: readonly [number, Uint8Array]): IdentifiedObject => ({
  id,
  name: OBJECT_NAMES[id] ?? `object ${id}`,
  text: Buffer.from(value)
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .replace(/[^\x20-\x7e\xa0-\xff]/g, '.'),
  hex: Buffer.from(value).toString('hex').toUpperCase(),
})

/** The longest piece of text in the vendor's own bytes; two letters by chance are none. */
function printableRun(content: Uint8Array): string {
  const runs =
    Buffer.from(content)
      .toString('latin1')
      .match(/[\x20-\x7e]{4,}/g) ?? []
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '').trim()
}
