/**
 * The rows of one write on their way: batches by partition, one of each partition under way at a time, so that what has the same key stays
 * in order. It ends when the cluster has answered to all, or at the first error that only time or a person mends.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { BusyError, GatewayError } from '../../core/errors.ts'
import type { Cluster } from './cluster.ts'
import type { BatchNumbers } from './numbering.ts'
import { BATCH_OVERHEAD_BYTES, RecordBatch, type Checksum, type Compression } from './record-batch.ts'
import { codeError, codeText, isUnsure, verdictOf } from './reasons.ts'
import type { Records, TagRecord } from './records.ts'
import type { Answer } from './requests.ts'

const ZSTD = 4
const MOVING_MS = 500

/** What deliveries share. */
export interface Means {
  readonly cluster: Cluster
  readonly records: Records
  readonly numbers: BatchNumbers
  readonly checksum: Checksum
  readonly compression: Compression | undefined
  /** The largest batch, in bytes before compression. */
  readonly maxBatchBytes: number
}

/** The batches of one partition, in order. */
type Lane = RecordBatch[]

export class Delivery {
  readonly #means: Means
  readonly #batch: SampleBatch
  readonly #lanes = new Map<string, Lane[]>()
  /** What was known of a leader, or of our numbering, turned out to be old in this round; in an earlier one. */
  #stale = false
  #wasStale = false
  /** Rows that the cluster has. */
  readonly confirmed: number[] = []
  /** Row to the reason why it can never be sent. */
  readonly rejected = new Map<number, string>()

  constructor(means: Means, batch: SampleBatch) {
    this.#means = means
    this.#batch = batch
  }

  /** Sends all rows but those that `skip` says the cluster has. */
  async sendRows(skip: (row: number) => boolean, signal: AbortSignal): Promise<void> {
    const { cluster, records } = this.#means
    const unknown = new Set<string>()
    for (let row = 0; row < this.#batch.length; row++) {
      const record = records.tagOf(this.#batch.tag[row]!)
      if (typeof record === 'string') this.rejected.set(row, record)
      else if (cluster.partitionsOf(record.topic) === undefined) unknown.add(record.topic)
    }
    if (unknown.size > 0) await cluster.learn(unknown, signal)
    for (let row = 0; row < this.#batch.length; row++) {
      const record = records.tagOf(this.#batch.tag[row]!)
      if (typeof record !== 'string' && !skip(row)) this.#add(row, record)
    }
    await this.#run(signal)
  }

  /** Sends a batch that was made elsewhere. */
  async sendBatch(batch: RecordBatch, signal: AbortSignal): Promise<void> {
    this.#lane(batch.topic, batch.partition).push(batch)
    await this.#run(signal)
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { cluster, numbers } = this.#means
      const heads = [...this.#lanes.values()].flat().flatMap((lane) => this.#head(lane) ?? [])
      if (heads.length === 0) return
      if (numbers.needsId) numbers.begin(await cluster.producerId(signal))
      const byLeader = Map.groupBy(heads, ({ topic, partition }) => cluster.leaderOf(topic, partition))
      const failures = (
        await Promise.all([...byLeader].map(([node, batches]) => this.#send(node, batches, signal)))
      ).flat()
      if (failures.length > 0) throw worstOf(failures)
      this.#wasStale ||= this.#stale
      const unknown = heads.map(({ topic }) => topic).filter((topic) => cluster.partitionsOf(topic) === undefined)
      if (unknown.length > 0) await cluster.learn(new Set(unknown), signal)
    }
  }

  /** The next batch of a lane; what was sent before and may be there goes again exactly as it was. */
  #head(lane: Lane): RecordBatch | undefined {
    const [head] = lane
    if (head === undefined) return undefined
    const again = this.#means.numbers.sentBefore(head)
    if (again === 0 || again === head.rows.length) return head
    lane.splice(0, 1, this.#remade(head, head.rows.slice(0, again)), this.#remade(head, head.rows.slice(again)))
    return lane[0]
  }

  /** One request to one broker; gives what went wrong in a way that ends this delivery. */
  async #send(node: number, batches: readonly RecordBatch[], signal: AbortSignal): Promise<unknown[]> {
    const { cluster, numbers, compression, checksum } = this.#means
    if (node < 0) return batches.flatMap((batch) => this.#moved(batch, 5) ?? [])
    try {
      const parcels = await Promise.all(
        batches.map(async (batch) => ({
          topic: batch.topic,
          partition: batch.partition,
          bytes: await batch.finish(numbers.of(batch), compression, checksum),
        })),
      )
      for (const batch of batches) numbers.sent(batch)
      const answers = await cluster.produce(node, parcels, compression?.id === ZSTD, signal)
      return batches.flatMap((batch, at) => this.#judge(batch, answers[at]!) ?? [])
    } catch (error) {
      return [error]
    }
  }

  /** What an answer means for its batch; an error where this delivery cannot go on. */
  #judge(batch: RecordBatch, answer: Answer): GatewayError | undefined {
    const { numbers } = this.#means
    const code = answer.errorCode
    const verdict = verdictOf(code)
    if (verdict === 'taken') {
      numbers.taken(batch)
      for (const row of batch.rows) this.confirmed.push(row)
      this.#lane(batch.topic, batch.partition).shift()
      return undefined
    }
    if (!isUnsure(code)) numbers.refused(batch)
    if (verdict === 'split') {
      this.#split(batch, answer)
      return undefined
    }
    if (verdict === 'moved') return this.#moved(batch, code)
    if (verdict === 'renumber') {
      numbers.forget()
      this.#stale = true
      if (!this.#wasStale) return undefined
    }
    return codeError(`topic "${batch.topic}"`, code, answer.errorMessage)
  }

  /** Once in a delivery the new leader is asked for at once; after that it is a matter of time. */
  #moved({ topic }: RecordBatch, code: number): GatewayError | undefined {
    this.#means.cluster.forget(topic)
    this.#stale = true
    return this.#wasStale ? new BusyError(`topic "${topic}": ${codeText(code)}`, MOVING_MS) : undefined
  }

  /** Records that the broker names are refused; a batch too large, or of which one record is refused, goes on as two halves. */
  #split(batch: RecordBatch, { errorCode, errorMessage, recordErrors = [] }: Answer): void {
    const reason = (message: string | null | undefined) => `${codeText(errorCode)}${message ? `: ${message}` : ''}`
    const { rows } = batch
    const lane = this.#lane(batch.topic, batch.partition)
    lane.shift()
    if (rows.length <= 1) return this.#refuse(rows, reason(recordErrors[0]?.batchIndexErrorMessage ?? errorMessage))
    const named = new Map(recordErrors.map((each) => [each.batchIndex, each.batchIndexErrorMessage]))
    for (const [at, message] of named) this.#refuse(rows.slice(at, at + 1), reason(message ?? errorMessage))
    const half = Math.ceil(rows.length / 2)
    const parts = named.size > 0 ? [rows.filter((_, at) => !named.has(at))] : [rows.slice(0, half), rows.slice(half)]
    lane.unshift(...parts.filter((part) => part.length > 0).map((part) => this.#remade(batch, part)))
  }

  #refuse(rows: readonly number[], reason: string): void {
    for (const row of rows) this.rejected.set(row, reason)
  }

  #remade({ topic, partition }: RecordBatch, rows: readonly number[]): RecordBatch {
    const { records } = this.#means
    const batch = new RecordBatch(topic, partition)
    for (const row of rows) {
      const record = records.tagOf(this.#batch.tag[row]!)
      if (typeof record !== 'string') records.append(batch, record, this.#batch, row, Infinity)
    }
    return batch
  }

  #add(row: number, record: TagRecord): void {
    const { cluster, records, maxBatchBytes } = this.#means
    const { topic, hash } = record
    const partition = hash % cluster.partitionsOf(topic)!
    const lane = this.#lane(topic, partition)
    const open = lane.at(-1)
    if (open !== undefined && records.append(open, record, this.#batch, row, maxBatchBytes)) return
    const next = new RecordBatch(topic, partition)
    if (records.append(next, record, this.#batch, row, maxBatchBytes)) lane.push(next)
    else
      this.rejected.set(
        row,
        `the record is larger than maxMessage (${maxBatchBytes} bytes, ${BATCH_OVERHEAD_BYTES} of them overhead)`,
      )
  }

  #lane(topic: string, partition: number): Lane {
    let lanes = this.#lanes.get(topic)
    if (lanes === undefined) this.#lanes.set(topic, (lanes = []))
    return (lanes[partition] ??= [])
  }
}

const SEVERITY: readonly string[] = ['SINK_REFUSED', 'CONFIG_INVALID', 'NOT_CONNECTED', 'BUSY']

/** What needs a person comes first, then what needs a new connection, then what needs time. */
function worstOf(errors: readonly unknown[]): unknown {
  const rank = (error: unknown) => {
    const at = error instanceof GatewayError ? SEVERITY.indexOf(error.code) : -1
    return at === -1 ? SEVERITY.length : at
  }
  return [...errors].sort((a, b) => rank(a) - rank(b))[0]
}
