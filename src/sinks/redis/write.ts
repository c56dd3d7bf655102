/**
 * One batch as commands: XADD for each sample, PUBLISH where it is wanted, one HSET a hash with the last sample of each tag, WAIT.
 */
import { HISTORICAL, IS_OTHER, type SampleBatch } from '../../core/batch.ts'
import { BusyError } from '../../core/errors.ts'
import type { Latest } from '../../core/sink.ts'
import { rowFormat, seqOf } from '../encode/payload.ts'
import { isPlainNumber } from '../encode/value-text.ts'
import { CommandText, isAscii, type Send } from './command-text.ts'
import type { Connection } from './connection.ts'
import type { RedisOptions } from './options.ts'
import { RedisReply } from './reasons.ts'
import { argument, command, type Reply } from './resp.ts'
import { REJECTED, StreamIds, THERE, TO_SEND } from './stream-ids.ts'
import type { LatestHash, TagText, TagTexts } from './tag-texts.ts'

const ADD = 0
const PUBLISH = 1
const HASH = 2
const WAIT = 3
const COMMANDS = ['XADD', 'PUBLISH', 'HSET', 'WAIT'] as const

export class BatchWriter {
  readonly #options: RedisOptions
  readonly #texts: TagTexts
  readonly #latest: Latest
  readonly #ids: StreamIds
  readonly #format: ReturnType<typeof rowFormat>
  readonly #lastSeq: number[] = []
  /** Numbers that the server confirmed in a write that failed as a whole. */
  readonly #confirmed = new Set<number>()
  #kinds = new Uint8Array(0)
  #subjects = new Int32Array(0)
  #count = 0
  #writes = 0
  constructor(options: RedisOptions, texts: TagTexts, latest: Latest, log: string) {
    this.#options = options
    this.#texts = texts
    this.#latest = latest
    this.#format = rowFormat('uns-json', log)
    this.#ids = new StreamIds(texts, log, options.stream !== '' && options.ids === 'seq')
  }

  /** Samples that came again and were there. */
  get repeated(): number {
    return this.#ids.repeated
  }

  /** With a new connection, perhaps to a server that lost its memory, nothing is known of what it has. */
  forget(): void {
    this.#texts.forgetTops()
    this.#confirmed.clear()
  }

  /** Writes the batch; resolves with the rows that can never be written, each with the reason. */
  async write(batch: SampleBatch, connection: Connection, signal: AbortSignal): Promise<Map<number, string>> {
    const rejected = new Map<number, string>()
    const states = new Uint8Array(batch.length)
    this.#writes++
    this.#judge(batch, states, rejected)
    await this.#ids.mark(batch, states, connection, signal)
    try {
      await this.#send(batch, states, connection, signal)
    } catch (error) {
      this.#texts.forgetTops()
      throw error
    }
    this.#confirmed.clear()
    return rejected
  }

  #judge(batch: SampleBatch, states: Uint8Array, rejected: Map<number, string>): void {
    for (let row = 0; row < batch.length; row++) {
      const why = this.#refusal(batch, row)
      if (why !== undefined) {
        rejected.set(row, why)
        states[row] = REJECTED
      } else if (this.#confirmed.size > 0 && this.#confirmed.has(seqOf(batch, row))) states[row] = THERE
    }
  }

  #refusal(batch: SampleBatch, row: number): string | undefined {
    if (this.#texts.of(batch.tag[row]!) === undefined) return `tag ${batch.tag[row]} is no longer configured`
    if ((batch.flags[row]! & IS_OTHER) === 0) return undefined
    const bytes = Buffer.byteLength(this.#sample(batch, row))
    const { maxValue } = this.#options
    return bytes > maxValue ? `its ${bytes} bytes are more than maxValue (${maxValue})` : undefined
  }

  /** Encodes and sends; how many commands they are. */
  #encode(batch: SampleBatch, states: Uint8Array, hashes: readonly LatestHash[], send: Send): number {
    const { waitReplicas, waitTimeout } = this.#options
    const out = new CommandText(send)
    for (let row = 0; row < batch.length; row++) {
      if (states[row] === TO_SEND) this.#row(batch, row, out)
    }
    for (const [at, hash] of hashes.entries()) this.#hash(batch, hash, at, out)
    if (waitReplicas > 0) {
      out.add(command('WAIT', waitReplicas, waitTimeout), true)
      this.#planned(WAIT, 0)
    }
    out.flush()
    return this.#count
  }

  #row(batch: SampleBatch, row: number, out: CommandText): void {
    const text = this.#texts.of(batch.tag[row]!)!
    const sample = this.#sample(batch, row)
    const plain = (batch.flags[row]! & IS_OTHER) === 0
    const last = `$${plain ? sample.length : Buffer.byteLength(sample)}\r\n${sample}\r\n`
    const { stream, publish } = text
    if (stream !== undefined) {
      const head = stream.trimmed === this.#writes ? text.add : text.addAndTrim
      stream.trimmed = this.#writes
      const id = this.#ids.next(stream, seqOf(batch, row))
      out.add(`${head}$${id.length}\r\n${id}\r\n${text.fields}${last}`, plain && text.isAscii)
      this.#planned(ADD, row)
    }
    if (publish === undefined) return
    out.add(publish + last, plain && text.isAscii)
    this.#planned(PUBLISH, row)
  }

  /**
   * The last sample of each tag, unless the hash has a later one. A historical one is the latest only where nothing came after it: with
   * `replay: live-first` the last sample of a tag that stands still since an outage comes as one that is made up for.
   */
  #collectLatest(batch: SampleBatch, states: Uint8Array): readonly LatestHash[] {
    const hashes: LatestHash[] = []
    if (this.#options.latest === '') return hashes
    const seen = new Set<number>()
    for (let row = batch.length - 1; row >= 0; row--) {
      const tag = batch.tag[row]!
      const seq = seqOf(batch, row)
      if (states[row] === REJECTED || seen.has(tag)) continue
      if (batch.flags[row]! & HISTORICAL && this.#latest.get(tag).seq !== seq) continue
      seen.add(tag)
      if (seq < (this.#lastSeq[tag] ?? 0)) continue
      this.#lastSeq[tag] = seq
      const hash = this.#texts.of(tag)!.latest!
      if (hash.rows.length === 0) hashes.push(hash)
      hash.rows.push(row)
    }
    return hashes
  }

  #hash(batch: SampleBatch, { key, rows }: LatestHash, at: number, out: CommandText): void {
    let text = `*${2 + 2 * rows.length}\r\n${argument('HSET')}${argument(key)}`
    for (const row of rows) text += `${this.#texts.of(batch.tag[row]!)!.field}${argument(this.#sample(batch, row))}`
    out.add(text, isAscii(text))
    rows.length = 0
    this.#planned(HASH, at)
  }

  async #send(batch: SampleBatch, states: Uint8Array, connection: Connection, signal: AbortSignal): Promise<void> {
    let first: { index: number; reply: RedisReply } | undefined
    let replicas = this.#options.waitReplicas
    this.#begin(batch.length)
    const hashes = this.#collectLatest(batch, states)
    const confirmed = new Uint8Array(batch.length)
    const onReply = (index: number, reply: Reply) => {
      if (reply instanceof RedisReply) first ??= { index, reply }
      else if (this.#kinds[index] === ADD) confirmed[this.#subjects[index]!] = 1
      else if (this.#kinds[index] === WAIT) replicas = reply as number
    }
    try {
      await connection.exchange((send) => this.#encode(batch, states, hashes, send), onReply, signal)
    } catch (error) {
      // What the server said last is why it closed the connection.
      if (first === undefined || signal.aborted) throw error
    }
    if (first !== undefined) {
      this.#keep(batch, confirmed)
      throw this.#errorOf(first, batch, hashes, connection)
    }
    if (replicas < this.#options.waitReplicas) {
      this.#keep(batch, confirmed)
      throw this.#fewReplicas(replicas)
    }
  }

  #keep(batch: SampleBatch, confirmed: Uint8Array): void {
    for (let row = 0; row < batch.length; row++) {
      if (confirmed[row] === 1) this.#confirmed.add(seqOf(batch, row))
    }
  }

  #errorOf(
    { index, reply }: { index: number; reply: RedisReply },
    batch: SampleBatch,
    hashes: readonly LatestHash[],
    connection: Connection,
  ): Error {
    const kind = this.#kinds[index]!
    const subject = this.#subjects[index]!
    const text: TagText | undefined = kind === ADD || kind === PUBLISH ? this.#texts.of(batch.tag[subject]!) : undefined
    const key = kind === ADD ? text?.stream?.key : kind === PUBLISH ? text?.channel : hashes[subject]?.key
    return connection.error(reply, COMMANDS[kind]!, key ?? '')
  }

  #fewReplicas(replicas: number): BusyError {
    const { url, waitReplicas, waitTimeout } = this.#options
    return new BusyError(
      `${url}: ${replicas} of ${waitReplicas} replicas had the batch after ${waitTimeout} ms`,
      waitTimeout,
    )
  }

  #sample(batch: SampleBatch, row: number): string {
    const { values } = this.#format
    const value = isPlainNumber(batch, row) ? values.number(batch.value[row]!) : values.other(batch.lastValueAt(row))
    return this.#format.encode('', batch, row, value)
  }

  #begin(rows: number): void {
    this.#count = 0
    // XADD and PUBLISH a row, an HSET for at most every row, WAIT.
    const most = 3 * rows + 1
    if (this.#kinds.length >= most) return
    this.#kinds = new Uint8Array(most)
    this.#subjects = new Int32Array(most)
  }

  #planned(kind: number, subject: number): void {
    this.#kinds[this.#count] = kind
    this.#subjects[this.#count++] = subject
  }
}
