/**
 * HistoryRead, raw values (OPC 10000-11, 6.5.3), from what the gateway has stored. A continuation point says by itself where the next
 * values begin, so that nothing is kept for a client that never asks for them.
 */
import {
  HistoryData,
  HistoryReadResult,
  ReadRawModifiedDetails,
  StatusCodes,
  TimestampsToReturn,
  type DataValue,
  type StatusCode,
} from 'node-opcua-client'
import type { ServerEngine } from 'node-opcua-server'
import { SampleBatch } from '../../../core/batch.ts'
import { Status } from '../../../core/status.ts'
import type { Visitor } from './access.ts'
import { stamped } from './accessor.ts'
import type { PlacedTag } from './address-space.ts'
import type { Asks } from './asks.ts'
import { readPoint, writePoint, type Point } from './continuation-point.ts'
import { dataValueOf, hasRange, toNative } from './values.ts'

type HistoryRequest = Parameters<NonNullable<ServerEngine['addressSpaceAccessor']>['historyRead']>[1]
type NodeToRead = NonNullable<HistoryRequest['nodesToRead']>[number]

/** What is asked for, in order of time or against it. */
interface Stretch {
  /** Included, and not included, whatever the direction; ms since 1970. */
  readonly begin: number
  readonly end: number
  readonly backwards: boolean
  /** Of one answer. */
  readonly most: number
  readonly bounds: boolean
}

const ALWAYS = 8.64e15
const HOUR = 3_600_000
/** How far back the value before a range is looked for, in steps: most tags have one close by. */
const LOOK_BACK = [HOUR, 24 * HOUR, 31 * 24 * HOUR, ALWAYS]

export class History {
  readonly #asks: Asks
  readonly #most: number

  /** `most`: values of one answer. */
  constructor(asks: Asks, most: number) {
    this.#asks = asks
    this.#most = most
  }

  async read(
    placed: PlacedTag,
    node: NodeToRead,
    request: HistoryRequest,
    visitor: Visitor,
  ): Promise<HistoryReadResult> {
    if (!visitor.mayRead(placed.rights)) return failed(StatusCodes.BadUserAccessDenied)
    // There is nothing to let go of.
    if (request.releaseContinuationPoints) return failed(StatusCodes.Good)
    const details = request.historyReadDetails
    if (!(details instanceof ReadRawModifiedDetails) || details.isReadModified)
      return failed(StatusCodes.BadHistoryOperationUnsupported)
    if (hasRange(node.indexRange)) return failed(StatusCodes.BadIndexRangeNoData)
    const stretch = stretchOf(details, this.#most)
    if (stretch === undefined) return failed(StatusCodes.BadInvalidTimestampArgument)
    const isFirst =
      node.continuationPoint === null || node.continuationPoint === undefined || node.continuationPoint.length === 0
    const from = isFirst ? { time: stretch.begin, skip: 0 } : readPoint(node.continuationPoint)
    if (from === undefined || !isWithin(from, stretch)) return failed(StatusCodes.BadContinuationPointInvalid)
    return this.#answer(placed, stretch, from, isFirst, request.timestampsToReturn ?? TimestampsToReturn.Both)
  }

  async #answer(
    placed: PlacedTag,
    stretch: Stretch,
    from: Point,
    isFirst: boolean,
    stamps: TimestampsToReturn,
  ): Promise<HistoryReadResult> {
    const rows = await this.#rows(placed, stretch, from)
    if (rows === undefined) return failed(StatusCodes.BadTimeout)
    // Bounding values count: an answer has no more than was asked for.
    const begin = stretch.bounds && isFirst ? await this.#beginOf(placed, stretch, rows[0]) : []
    const values = rows.slice(0, stretch.most - begin.length)
    let isLast = values.length === rows.length
    let end: DataValue[] = []
    if (isLast && stretch.bounds) {
      if (begin.length + values.length < stretch.most) end = [await this.#endOf(placed, stretch)]
      else isLast = false
    }
    const rest = isLast ? undefined : pointAfter(values, from)
    const all = [...begin, ...values, ...end]
    const data = new HistoryData({})
    data.dataValues = all.map((value) => stamped(value, stamps))
    return new HistoryReadResult({
      statusCode: all.length === 0 ? StatusCodes.GoodNoData : StatusCodes.Good,
      historyData: data,
      ...(rest === undefined ? {} : { continuationPoint: writePoint(rest) }),
    })
  }

  /** From there on, one more than an answer takes, so that it shows whether more follow. */
  async #rows(placed: PlacedTag, stretch: Stretch, { time, skip }: Point): Promise<DataValue[] | undefined> {
    const most = stretch.most + skip + 1
    const [from, to] = stretch.backwards ? [stretch.end + 1, time + 1] : [time, stretch.end]
    const values = await this.#stored(placed, from, to, most, stretch.backwards)
    return values?.slice(skip)
  }

  async #beginOf(placed: PlacedTag, { begin, backwards }: Stretch, first: DataValue | undefined): Promise<DataValue[]> {
    if (first?.sourceTimestamp?.getTime() === begin) return []
    return [(await this.#neighbour(placed, begin, !backwards)) ?? noBound(placed, begin)]
  }

  async #endOf(placed: PlacedTag, { end, backwards }: Stretch): Promise<DataValue> {
    return (await this.#neighbour(placed, end, backwards)) ?? noBound(placed, end)
  }

  /** The value at this time, or the next one before or after it. */
  async #neighbour(placed: PlacedTag, time: number, before: boolean): Promise<DataValue | undefined> {
    for (const far of before ? LOOK_BACK : [ALWAYS]) {
      const found = before
        ? await this.#stored(placed, time - far, time + 1, 1, true)
        : await this.#stored(placed, time, ALWAYS, 1, false)
      if (found?.[0] !== undefined) return found[0]
    }
    return undefined
  }

  /** `newestFirst`: the last ones, the newest first. Undefined: they could not be read. */
  async #stored(
    { node }: PlacedTag,
    from: number,
    to: number,
    rows: number,
    newestFirst: boolean,
  ): Promise<DataValue[] | undefined> {
    const { status, parts } = await this.#asks.ask({
      what: 'history',
      args: { tag: node.tag, from, to, rows, last: newestFirst },
    })
    if (status !== Status.Good || parts === undefined) return undefined
    const batch = SampleBatch.fromParts(parts)
    const values = Array.from({ length: batch.length }, (_, row) => {
      const value = batch.valueAt(row)
      const native = value === undefined ? undefined : toNative(node.type, value)
      return dataValueOf(node.type, native, batch.status[row]!, batch.time[row]!, batch.time[row]!)
    })
    return newestFirst ? values.reverse() : values
  }
}

/** Two of begin, end and number are needed (OPC 10000-11, 6.5.3.2). */
function stretchOf(
  { startTime, endTime, numValuesPerNode, returnBounds }: ReadRawModifiedDetails,
  most: number,
): Stretch | undefined {
  const start = timeOf(startTime)
  const end = timeOf(endTime)
  const isLimited = numValuesPerNode > 0
  if ((start === undefined && end === undefined) || (!isLimited && (start === undefined || end === undefined)))
    return undefined
  const limits = { most: isLimited ? Math.min(numValuesPerNode, most) : most, bounds: returnBounds }
  if (start === undefined) return { ...limits, begin: end!, end: -ALWAYS, backwards: true }
  if (end === undefined) return { ...limits, begin: start, end: ALWAYS, backwards: false }
  // One instant: what was sampled just then.
  if (start === end) return { ...limits, begin: start, end: end + 1, backwards: false, bounds: false }
  return { ...limits, begin: start, end, backwards: end < start }
}

/** The first moment that OPC UA knows, 1601, stands for none. */
const EARLIEST = Date.UTC(1601, 0, 2)

function timeOf(date: Date | null | undefined): number | undefined {
  const time = date?.getTime()
  return time === undefined || Number.isNaN(time) || time < EARLIEST ? undefined : time
}

const isWithin = ({ time }: Point, { begin, end, backwards }: Stretch): boolean =>
  backwards ? time <= begin && time > end : time >= begin && time < end

/** Behind the last of these: its time, and how many of that time were given by now. */
function pointAfter(values: readonly DataValue[], from: Point): Point {
  if (values.length === 0) return from
  const time = values.at(-1)!.sourceTimestamp!.getTime()
  const same = values.filter(({ sourceTimestamp }) => sourceTimestamp!.getTime() === time).length
  return { time, skip: same + (time === from.time ? from.skip : 0) }
}

const noBound = ({ node }: PlacedTag, time: number): DataValue =>
  dataValueOf(node.type, undefined, StatusCodes.BadBoundNotFound.value, time, time)

const failed = (statusCode: StatusCode): HistoryReadResult => new HistoryReadResult({ statusCode })
