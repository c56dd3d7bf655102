/**
 * One reading of raw history (HistoryRead with ReadRawModifiedDetails, OPC 10000-11, 6.4.3): some nodes a request, within what the
 * server bears, and with its continuation points until each node is done. A node that the server refuses is refused alone.
 */
import type { DataValue, HistoryData, HistoryReadResponse, HistoryReadResult, NodeId } from 'node-opcua-client'
import { SampleBatch } from '../../../core/batch.ts'
import type { RefusedHistory } from '../../../core/device-history.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import { isStructure } from '../../../protocols/opcua/value.ts'
import type { SentPoint } from '../messages.ts'
import type { Connection } from './connection.ts'
import { resolveNodes } from './nodes.ts'
import { isBadStatus, pushRow } from './rows.ts'
import type { SourceTime } from './source-time.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { byNode, type WantedNode } from './wanted-nodes.ts'

export interface HistoryContext {
  readonly connection: Connection
  readonly times: SourceTime
  /** Structures of types that only the server knows are decoded with its own description. */
  readonly promote: (values: DataValue[]) => Promise<void>
}

interface Range {
  readonly points: readonly SentPoint[]
  readonly from: number
  readonly to: number
}

export interface HistoryPage {
  readonly batch: SampleBatch
  readonly unfinished: boolean
  readonly refused: readonly RefusedHistory[]
}

/** A node that is not done. */
interface Reading {
  readonly nodeId: NodeId
  readonly wanted: WantedNode['wanted']
  /** Where a request without continuation point begins. */
  from: number
  continuationPoint: Buffer | undefined
  /** The newest that was read, and how often a page brought nothing newer. */
  last: number
  idle: number
}

const NODES_AT_ONCE = 50
const VALUES_AT_ONCE = 1000
/** Pages of a node that bring nothing new: a server that goes round in circles. */
const MOST_IDLE = 3
/** An archive may take longer than the values of now. */
const PATIENCE_MS = 30_000
/** Requests without an answer before the rest is left. */
const MOST_SILENT = 2

const GOOD_NO_DATA = 0x00a5_0000
/** There is nothing in this range, say servers that do not say GoodNoData: BadNoData, BadBoundNotFound, BadNoDataAvailable. */
const NOTHING: ReadonlySet<StatusCode> = new Set([0x809b_0000, 0x80d7_0000, 0x80b1_0000])
/** No more continuation points, or this one is not known any more: the node is read on from where it was. */
const LOST_PLACE: ReadonlySet<StatusCode> = new Set([0x804b_0000, 0x804a_0000])
/** It will be the same next time: no history, not readable, no right, no such node or attribute, no such service or operation. */
const LASTING: ReadonlySet<StatusCode> = new Set([
  0x8072_0000, 0x8071_0000, 0x803a_0000, 0x801f_0000, 0x8034_0000, 0x8033_0000, 0x8035_0000, 0x803d_0000, 0x800b_0000,
  0x8040_0000,
])

export class HistoryReading {
  readonly #context: HistoryContext
  readonly #range: Range
  #left: Reading[] | undefined
  #epoch = -1
  #most = NODES_AT_ONCE
  #silent = 0

  constructor(context: HistoryContext, range: Range) {
    this.#context = context
    this.#range = range
  }

  /** One request. Rejects with NotConnectedError when the connection is lost. */
  async next(): Promise<HistoryPage> {
    const { connection } = this.#context
    const refused: RefusedHistory[] = []
    try {
      if (this.#left === undefined) this.#left = await this.#begin(refused)
      // Continuation points are of their session (6.3.2): in another one nodes go on from their times.
      if (this.#epoch !== connection.epoch) for (const reading of this.#left) startAgain(reading)
      this.#epoch = connection.epoch
      const asked = this.#choose(this.#left)
      const batch = asked.length === 0 ? new SampleBatch(0) : await this.#ask(asked, refused)
      return { batch, unfinished: this.#left.length > 0, refused }
    } catch (error) {
      throw endsSession(error) ? connection.lost(error) : error
    }
  }

  /** Gives the server its continuation points back; it has few of them. */
  async release(): Promise<void> {
    const { connection } = this.#context
    const held = (this.#left ?? []).filter(({ continuationPoint }) => continuationPoint !== undefined)
    if (held.length === 0 || this.#epoch !== connection.epoch || !connection.isOpen) return
    await connection.session.request(this.#request(held, true)).catch(() => {})
  }

  async #begin(refused: RefusedHistory[]): Promise<Reading[]> {
    const { connection } = this.#context
    const nodes = byNode(this.#range.points)
    const resolved = await resolveNodes(
      connection,
      nodes.map(({ node }) => node),
    )
    return nodes.flatMap(({ wanted }, at) => {
      const { nodeId, status } = resolved[at]!
      const { from } = this.#range
      if (nodeId !== undefined) return [{ nodeId, wanted, from, continuationPoint: undefined, last: from, idle: 0 }]
      refused.push(...refusals(wanted, status, 'BadNodeIdUnknown'))
      return []
    })
  }

  /** Nodes that one request can ask for: those that go on, or those that begin at the same time. */
  #choose(left: readonly Reading[]): readonly Reading[] {
    const [first] = left
    if (first === undefined) return []
    const most = Math.min(this.#most, this.#context.connection.limits.of('history'))
    const goesOn = first.continuationPoint !== undefined
    const fits = ({ from, continuationPoint }: Reading) =>
      from === first.from && (continuationPoint !== undefined) === goesOn
    return left.filter(fits).slice(0, most)
  }

  async #ask(asked: readonly Reading[], refused: RefusedHistory[]): Promise<SampleBatch> {
    const { connection } = this.#context
    try {
      const patienceMs = Math.max(PATIENCE_MS, connection.options.requestTimeout)
      const response = await connection.session.request<HistoryReadResponse>(this.#request(asked, false), patienceMs)
      this.#silent = 0
      return await this.#take(asked, response.results ?? [], refused)
    } catch (error) {
      if (endsSession(error)) throw error
      const isSilent = error instanceof NoAnswerError
      if (!isSilent && !(error instanceof ServiceError)) throw error
      if (
        isSilent ? ++this.#silent < MOST_SILENT : connection.limits.halve('history', asked.length, error.statusName)
      ) {
        // A server that takes too long has less to do next time.
        if (isSilent) this.#most = Math.max(1, Math.floor(asked.length / 2))
        return new SampleBatch(0)
      }
      const [status, name] = isSilent ? [Status.BadTimeout, 'BadTimeout'] : [error.status, error.statusName]
      for (const reading of asked) this.#refuse(reading, status, name, refused)
      return new SampleBatch(0)
    }
  }

  #request(asked: readonly Reading[], isRelease: boolean): object {
    const { HistoryReadRequest, ReadRawModifiedDetails, TimestampsToReturn } = this.#context.connection.library
    return new HistoryReadRequest({
      historyReadDetails: new ReadRawModifiedDetails({
        isReadModified: false,
        startTime: new Date(asked[0]!.from),
        endTime: new Date(this.#range.to),
        numValuesPerNode: VALUES_AT_ONCE,
        returnBounds: false,
      }),
      timestampsToReturn: TimestampsToReturn.Both,
      releaseContinuationPoints: isRelease,
      nodesToRead: asked.map(({ nodeId, continuationPoint }) => ({
        nodeId,
        ...(continuationPoint === undefined ? {} : { continuationPoint }),
      })),
    })
  }

  async #take(
    asked: readonly Reading[],
    results: readonly HistoryReadResult[],
    refused: RefusedHistory[],
  ): Promise<SampleBatch> {
    const pages = asked.map((reading, at) => ({ reading, values: this.#settle(reading, results[at], refused) }))
    const structured = pages.flatMap(({ values }) => values.filter(({ value }) => isStructure(value?.dataType)))
    if (structured.length > 0) await this.#context.promote(structured)
    const rows = pages.reduce((sum, { reading, values }) => sum + values.length * reading.wanted.length, 0)
    const batch = new SampleBatch(rows, Date.now())
    for (const { reading, values } of pages)
      for (const wanted of reading.wanted)
        for (const value of values) pushRow(batch, wanted, value, this.#context.times, true, () => {})
    return batch
  }

  /** What the server gave of one node; the node is done, refused, or asked for again. */
  #settle(reading: Reading, result: HistoryReadResult | undefined, refused: RefusedHistory[]): readonly DataValue[] {
    const { value: status = Status.BadUnknownResponse, name = 'BadUnknownResponse' } = result?.statusCode ?? {}
    const { continuationPoint } = reading
    if (LOST_PLACE.has(status) && (continuationPoint !== undefined || this.#most > 1)) {
      startAgain(reading)
      this.#most = Math.max(1, Math.floor(this.#most / 2))
      return []
    }
    if (NOTHING.has(status) || status === GOOD_NO_DATA) {
      this.#done(reading)
      return []
    }
    if (isBadStatus(status)) {
      this.#refuse(reading, status, name, refused)
      return []
    }
    const values = (result?.historyData as HistoryData | null)?.dataValues?.filter((one) => one !== null) ?? []
    const newest = Math.max(...values.map(({ sourceTimestamp }) => sourceTimestamp?.getTime() ?? 0), 0)
    reading.idle = newest > reading.last ? 0 : reading.idle + 1
    reading.last = Math.max(reading.last, newest)
    const next = result?.continuationPoint
    if (next === undefined || next === null || next.length === 0) this.#done(reading)
    else if (reading.idle >= MOST_IDLE) this.#refuse(reading, Status.BadUnknownResponse, 'BadUnknownResponse', refused)
    else reading.continuationPoint = Buffer.from(next)
    return values
  }

  #done(reading: Reading): void {
    this.#left = this.#left!.filter((one) => one !== reading)
  }

  #refuse(reading: Reading, status: StatusCode, name: string, refused: RefusedHistory[]): void {
    refused.push(...refusals(reading.wanted, status, name))
    this.#done(reading)
  }
}

/** Without a continuation point: from the newest that was read, which the receiver knows already. */
function startAgain(reading: Reading): void {
  reading.from = reading.last
  reading.continuationPoint = undefined
}

const refusals = (wanted: WantedNode['wanted'], status: StatusCode, name: string): RefusedHistory[] =>
  wanted.map(({ tag }) => ({ tag, status, name, isLasting: LASTING.has(status) }))
