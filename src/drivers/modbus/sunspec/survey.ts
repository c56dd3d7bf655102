/**
 * Everything that a SunSpec device says of itself: its models, and all of their points with value, unit and symbols. It reads as
 * the polls do, one request at a time through `run`, so that the line stays shared.
 */
import type { SampleBatch } from '../../../core/batch.ts'
import type { Identity, Point, Poll } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isGood, Status, statusName } from '../../../core/status.ts'
import { toJsonValue, type DataType, type Value } from '../../../core/value.ts'
import type { ModbusAddress } from '../address.ts'
import { COMMON_MODEL, modelOf } from './model.ts'
import type { SunSpecDevice } from './device.ts'
import type { Directory } from './directory.ts'
import { formatSunSpec } from './place.ts'
import { FIRST_SURVEY_TAG } from './poll.ts'
import { tagType } from './point-type.ts'
import { symbolsOf } from './value.ts'

/** One point as JSON. */
export interface SurveyedPoint {
  /** `sunspec:103.W`. */
  readonly address: string
  readonly label: string | null
  readonly type: DataType
  /** null where the device does not implement the point, or refuses it. */
  readonly value: number | string | boolean | null
  readonly unit: string | null
  /** The names of the value: of an enumeration one, of a bit field those of all bits that are set. */
  readonly symbols: readonly string[]
  /** All names of an enumeration with their values. */
  readonly choices: Readonly<Record<string, number>> | null
  readonly status: string
  /** Its canonical register: `hr:40083`. */
  readonly register: string
  /** The point with its scale factor, or the power itself. */
  readonly scale: string | number | null
  readonly writable: boolean
  readonly static: boolean
}

export interface SurveyedModel {
  readonly id: number
  readonly instance: number
  readonly name: string
  readonly label: string | null
  readonly address: number
  readonly length: number
  readonly points: readonly SurveyedPoint[]
}

export interface Survey {
  readonly base: number
  readonly unit: number
  readonly identity: Identity
  readonly models: readonly SurveyedModel[]
  readonly notes: readonly string[]
}

/** What the survey asks: the two halves of a device. */
export interface Surveyed {
  readonly sunspec: SunSpecDevice
  prepare(points: readonly Point<ModbusAddress>[]): Poll
}

/** One request on the line. */
export type RunRequest = <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>

/** Rejects with DEVICE_REFUSED when the unit is no SunSpec device, and with NOT_CONNECTED or TIMEOUT when nothing answers. */
export async function survey(device: Surveyed, unit: number, run: RunRequest): Promise<Survey> {
  const directory = await walkUnit(device.sunspec, unit, run)
  const points = directory.models.flatMap((_, at) => pointsOf(directory, at, unit))
  const numbered = points.map((point, at) => ({ ...point, tag: FIRST_SURVEY_TAG + at }))
  const rows = await readAll(device.prepare(numbered), run)
  let next = FIRST_SURVEY_TAG
  const models = directory.models.map((model, at) => {
    const definition = modelOf(model.id)
    const own = pointsOf(directory, at, unit).map((point) => describePoint(directory, point, at, rows.get(next++)))
    const { id, instance, address, length } = model
    return {
      id,
      instance,
      name: definition?.name ?? `model ${id}`,
      label: definition?.label ?? null,
      address,
      length,
      points: own,
    }
  })
  return { base: directory.base, unit, identity: identityOf(models), models, notes: directory.notes }
}

async function walkUnit(sunspec: SunSpecDevice, unit: number, run: RunRequest): Promise<Directory> {
  for (;;) {
    const progress = await run((signal) => sunspec.advance(unit, signal))
    if (progress === 'ready') return sunspec.directory(unit)!
    if (progress === 'again' || progress.goesOn === true) continue
    const code = progress.status === Status.BadTimeout ? 'TIMEOUT' : 'DEVICE_REFUSED'
    throw new GatewayError(code, progress.reason)
  }
}

type SurveyPoint = Omit<Point<ModbusAddress>, 'tag'>

/** The points of one model that hold something: not its padding. */
function pointsOf(directory: Directory, at: number, unit: number): SurveyPoint[] {
  const { id, instance, places } = directory.models[at]!
  return [...(places?.values() ?? [])].flatMap(({ path, point }) => {
    if (point.type === 'pad') return []
    const sunspec = { model: id, instance, path, point, type: tagType(point) }
    const text = formatSunSpec(sunspec)
    const settings = { name: text, address: text, type: sunspec.type, everyMs: 1000, clamp: false, writable: false }
    return [{ address: { area: 'hr' as const, offset: -1, unit, type: sunspec.type, sunspec, text }, settings }]
  })
}

interface Row {
  readonly value: Value | undefined
  readonly status: number
}

async function readAll(poll: Poll, run: RunRequest): Promise<ReadonlyMap<number, Row>> {
  const rows = new Map<number, Row>()
  const collect = (batch: SampleBatch) => {
    for (const { tag, value, status } of batch) rows.set(tag, { value, status })
  }
  for (let step = 0; step < poll.steps; step++)
    while ((await run((signal) => poll.read(step, collect, signal))) === 'again');
  return rows
}

function describePoint(
  directory: Directory,
  { address }: SurveyPoint,
  at: number,
  row: Row | undefined,
): SurveyedPoint {
  const { point, path, type } = address.sunspec!
  const model = directory.models[at]!
  const value = row !== undefined && isGood(row.status) ? row.value : undefined
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  return {
    address: address.text,
    label: point.label ?? null,
    type,
    value: toJsonValue(value),
    unit: point.units ?? null,
    symbols: isNumber ? symbolsOf(value, point.symbols, point.type.startsWith('bitfield')) : [],
    choices: point.type.startsWith('enum') ? (point.symbols ?? null) : null,
    status: statusName(row?.status ?? Status.BadUnexpectedError),
    register: `hr:${model.address + model.places!.get(path)!.offset}`,
    scale: point.sf ?? null,
    writable: point.writable === true,
    static: point.static === true,
  }
}

/** Of the common model. */
function identityOf(models: readonly SurveyedModel[]): Survey['identity'] {
  const common = models.find(({ id }) => id === COMMON_MODEL)
  const text = (key: string, name: string) => {
    const value = common?.points.find(({ address }) => address === `sunspec:${COMMON_MODEL}.${name}`)?.value
    return typeof value === 'string' && value !== '' ? { [key]: value } : {}
  }
  return { ...text('vendor', 'Mn'), ...text('product', 'Md'), ...text('serial', 'SN'), ...text('firmware', 'Vr') }
}
