/** Values that are read at their interval, a step of points at a time: as many nodes a request as the server bears. */
import type { ReadRequest, ReadResponse } from 'node-opcua-client'
import { SampleBatch } from '../../../core/batch.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { SentPoint } from '../messages.ts'
import type { Connection } from './connection.ts'
import { resolveNodes } from './nodes.ts'
import { Attribute } from './reading.ts'
import { registerNodes } from './register.ts'
import { pushRow, type Misfit, type Wanted } from './rows.ts'
import type { SourceTime } from './source-time.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { byNode, type WantedNode } from './wanted-nodes.ts'

export interface PollContext {
  readonly connection: Connection
  readonly times: SourceTime
  readonly misfit: Misfit
  /** Of structures whose types are the server's own: decoded when they come. */
  readonly expand: (response: ReadResponse) => Promise<void>
}

/** One request: its nodes and what becomes of their values. */
interface Chunk {
  readonly nodes: readonly (readonly Wanted[])[]
  readonly rows: number
  readonly request: ReadRequest
}

export class Poll {
  readonly #context: PollContext
  readonly #nodes: readonly WantedNode[]
  readonly #register: boolean
  /** For the session of this epoch, and where the server's limit was this. */
  #epoch = -1
  #limit = 0
  #chunks: readonly Chunk[] = []
  /** Rows that need no request: nodes that the server does not have. */
  #lost: readonly (readonly [Wanted, StatusCode])[] = []
  #next = 0

  constructor(context: PollContext, points: readonly SentPoint[], register: boolean) {
    this.#context = context
    this.#nodes = byNode(points)
    this.#register = register
  }

  /** Reads what comes next; `unfinished` while the step has more. Throws NotConnectedError alone. */
  async read(): Promise<{ batch: SampleBatch; unfinished: boolean }> {
    const { connection } = this.#context
    if (this.#epoch !== connection.epoch || this.#limit !== connection.limits.of('read')) {
      try {
        await this.#prepare()
      } catch (error) {
        return { batch: this.#failed(error, this.#nodes.map(({ wanted }) => wanted)), unfinished: false } // prettier-ignore
      }
    }
    const first = this.#next === 0
    const chunk = this.#chunks[this.#next]
    const batch = new SampleBatch((chunk?.rows ?? 0) + (first ? this.#lost.length : 0))
    let again = false
    if (chunk !== undefined) again = await this.#ask(chunk, batch)
    if (again) return { batch: new SampleBatch(0), unfinished: true }
    if (batch.receivedAt === 0) batch.receivedAt = Date.now()
    if (first) for (const [{ tag }, status] of this.#lost) batch.push(tag, undefined, status)
    this.#next = this.#next + 1 >= this.#chunks.length ? 0 : this.#next + 1
    return { batch, unfinished: this.#next !== 0 }
  }

  /** True when the server wants less at once: nothing was read. */
  async #ask(chunk: Chunk, batch: SampleBatch): Promise<boolean> {
    const { connection, times, misfit, expand } = this.#context
    try {
      const response = await connection.session.request<ReadResponse>(chunk.request)
      batch.receivedAt = Date.now()
      times.observe(response.responseHeader.timestamp, batch.receivedAt, performance.now())
      await expand(response)
      const results = response.results ?? []
      for (const [at, wanted] of chunk.nodes.entries())
        for (const one of wanted) pushRow(batch, one, results[at], times, false, misfit)
      return false
    } catch (error) {
      if (error instanceof ServiceError && connection.limits.halve('read', chunk.nodes.length, error.statusName)) {
        this.#next = 0
        return true
      }
      const failed = this.#failed(error, chunk.nodes)
      batch.receivedAt = failed.receivedAt
      for (let row = 0; row < failed.length; row++) batch.pushRow(failed, row)
      return false
    }
  }

  /** The status of a request that failed, for each of its points; throws when the session is no more. */
  #failed(error: unknown, nodes: readonly (readonly Wanted[])[]): SampleBatch {
    if (endsSession(error)) throw this.#context.connection.lost(error)
    const status =
      error instanceof NoAnswerError ? Status.BadTimeout : error instanceof ServiceError ? error.status : undefined
    if (status === undefined) throw error
    const all = nodes.flat()
    const batch = new SampleBatch(all.length, Date.now())
    for (const { tag } of all) batch.push(tag, undefined, status)
    return batch
  }

  async #prepare(): Promise<void> {
    const { connection, misfit } = this.#context
    const { ReadRequest, TimestampsToReturn } = connection.library
    const { epoch } = connection
    const resolved = await resolveNodes(
      connection,
      this.#nodes.map(({ node }) => node),
    )
    const lost: (readonly [Wanted, StatusCode])[] = []
    const found = this.#nodes.flatMap(({ wanted }, at) => {
      const { nodeId, status, reason } = resolved[at]!
      if (nodeId !== undefined) return [{ nodeId, wanted }]
      for (const one of wanted) {
        misfit(one.tag, reason)
        lost.push([one, status])
      }
      return []
    })
    const ids = this.#register
      ? await registerNodes(
          connection,
          found.map(({ nodeId }) => nodeId),
        )
      : found.map(({ nodeId }) => nodeId)
    this.#limit = connection.limits.of('read')
    const chunks: Chunk[] = []
    for (let at = 0; at < found.length; at += this.#limit) {
      const nodes = found.slice(at, at + this.#limit).map(({ wanted }) => wanted)
      const nodesToRead = nodes.map((_, i) => ({ nodeId: ids[at + i]!, attributeId: Attribute.Value }))
      const request = new ReadRequest({ maxAge: 0, nodesToRead, timestampsToReturn: TimestampsToReturn.Both })
      chunks.push({ nodes, rows: nodes.reduce((sum, { length }) => sum + length, 0), request })
    }
    this.#chunks = chunks
    this.#lost = lost
    this.#next = 0
    this.#epoch = epoch
  }
}
