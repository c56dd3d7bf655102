/**
 * The narrow layout: one row a sample in `bifrost_samples`, by one COPY a batch, which is its own transaction. A batch that comes
 * again (its answer was lost) meets the unique index on (seq, log, time); then, and only then, it goes through a temporary table
 * and `ON CONFLICT DO NOTHING`, which is half as fast. A row that the table refuses is named by the server and left out.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_OTHER, KEPT, type SampleBatch } from '../../core/batch.ts'
import { CopyEncoder, isStorableTime } from './copy-encoder.ts'
import { isAboutData, lineOf, type ServerError } from './reasons.ts'
import { tableOf } from './schema.ts'
import type { NextChunk, Session } from './session.ts'
import type { TagKeys } from './tag-keys.ts'

const COLUMNS = 'time, tag, value, exact, text, bytes, status, log, seq, historical'
const COLUMN_COUNT = 10
/** A row without the bytes of log and of text or bytes: fields of fixed width, a numeric of 64 bits. */
const ROW_BYTES = 128
/** So many rows of a batch are left out one by one; beyond that something is wrong with the table, and the runner looks for it. */
const MAX_REFUSED = 16
const KEY_INDEX = /bifrost_samples_key$/

export class NarrowTable {
  readonly #keys: TagKeys
  readonly #encoder = new CopyEncoder()
  readonly #log: Buffer
  readonly #copy: string
  readonly #repeat: readonly [create: string, copy: string, insert: string]
  /** Batches that came again in part or as a whole. */
  repeated = 0

  constructor(keys: TagKeys, schema: string, logId: string) {
    this.#keys = keys
    this.#log = Buffer.from(logId)
    const samples = tableOf(schema, 'bifrost_samples')
    this.#copy = `COPY ${samples} (${COLUMNS}) FROM STDIN (FORMAT binary)`
    this.#repeat = [
      `CREATE TEMPORARY TABLE IF NOT EXISTS bifrost_repeat (LIKE ${samples} INCLUDING CONSTRAINTS INCLUDING DEFAULTS) ON COMMIT DELETE ROWS`,
      `COPY pg_temp.bifrost_repeat (${COLUMNS}) FROM STDIN (FORMAT binary)`,
      `INSERT INTO ${samples} (${COLUMNS}) SELECT ${COLUMNS} FROM pg_temp.bifrost_repeat ON CONFLICT (seq, log, time) DO NOTHING`,
    ]
  }

  /** Writes the batch; resolves with the rows that can never be written, each with the reason. */
  async write(batch: SampleBatch, session: Session, signal: AbortSignal): Promise<Map<number, string>> {
    await this.#keys.resolve(batch, session, signal)
    const rejected = new Map<number, string>()
    for (let row = 0; row < batch.length; row++) {
      if (this.#keys.keyOf(batch.tag[row]!) === 0) rejected.set(row, `tag ${batch.tag[row]} is no longer configured`)
      else if (!isStorableTime(batch.time[row]!)) rejected.set(row, 'its time is beyond what timestamptz holds')
    }
    const settled = rejected.size
    for (;;) {
      if (rejected.size === batch.length) return rejected
      try {
        await this.#attempt(batch, rejected, session, signal)
        return rejected
      } catch (error) {
        const row = refusedRow(error, batch, rejected)
        if (row === undefined || rejected.size - settled >= MAX_REFUSED) throw error
        rejected.set(row, (error as ServerError).message)
      }
    }
  }

  async #attempt(
    batch: SampleBatch,
    rejected: ReadonlyMap<number, string>,
    session: Session,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await session.copy(this.#copy, this.#encoded(batch, rejected), signal)
    } catch (error) {
      if (!isRepeat(error)) throw error
      this.repeated++
      await this.#again(batch, rejected, session, signal)
    }
  }

  async #again(
    batch: SampleBatch,
    rejected: ReadonlyMap<number, string>,
    session: Session,
    signal: AbortSignal,
  ): Promise<void> {
    const [create, copy, insert] = this.#repeat
    await session.query('BEGIN', signal)
    try {
      await session.query(create, signal)
      await session.copy(copy, this.#encoded(batch, rejected), signal)
      await session.query(insert, signal)
      await session.query('COMMIT', signal)
    } catch (error) {
      await session.query('ROLLBACK', signal).catch(() => undefined)
      throw error
    }
  }

  /** The batch as chunks of a binary COPY, encoded while the earlier ones travel. */
  #encoded(batch: SampleBatch, rejected: ReadonlyMap<number, string>): NextChunk {
    const encoder = this.#encoder
    let row = 0
    encoder.begin()
    return () => {
      if (row > batch.length) return undefined
      for (; row < batch.length; row++) {
        if (rejected.size > 0 && rejected.has(row)) continue
        const payload = batch.flags[row]! & IS_OTHER ? payloadOf(batch, row) : undefined
        const bytes = ROW_BYTES + this.#log.length + (payload?.length ?? 0)
        if (!encoder.fits(bytes)) return encoder.take(bytes)
        this.#row(batch, row, payload)
      }
      if (!encoder.fits(2)) return encoder.take()
      encoder.trailer()
      row++
      return encoder.take()
    }
  }

  #row(batch: SampleBatch, row: number, payload: Uint8Array | undefined): void {
    const encoder = this.#encoder
    const flags = batch.flags[row]!
    encoder.row(COLUMN_COUNT)
    encoder.time(batch.time[row]!)
    encoder.int32(this.#keys.keyOf(batch.tag[row]!))
    if ((flags & (HAS_VALUE | KEPT)) === 0) this.#values(undefined, undefined, undefined, undefined)
    else if ((flags & (IS_BIG | IS_OTHER)) === 0) this.#values(batch.value[row], undefined, undefined, undefined)
    else if (flags & IS_BIG) {
      const exact = batch.lastValueAt(row) as bigint
      this.#values(Number(exact), exact, undefined, undefined)
    } else if (isText(batch.other!.get(row)!)) this.#values(undefined, undefined, payload, undefined)
    else this.#values(undefined, undefined, undefined, payload)
    encoder.int64(batch.status[row]!)
    encoder.bytes(this.#log)
    encoder.int64(batch.seq?.[row] ?? 0)
    encoder.boolean((flags & HISTORICAL) !== 0)
  }

  #values(
    value: number | undefined,
    exact: bigint | undefined,
    text: Uint8Array | undefined,
    bytes: Uint8Array | undefined,
  ): void {
    const encoder = this.#encoder
    if (value === undefined) encoder.none()
    else encoder.float64(value)
    if (exact === undefined) encoder.none()
    else encoder.numeric(exact)
    if (text === undefined) encoder.none()
    else encoder.bytes(text)
    if (bytes === undefined) encoder.none()
    else encoder.bytes(bytes)
  }
}

/** text cannot hold U+0000 (PostgreSQL, 8.3): such a string goes into `bytes`, as UTF-8. */
const isText = (value: unknown): boolean => typeof value === 'string' && !value.includes('\u0000')

function payloadOf(batch: SampleBatch, row: number): Uint8Array {
  const value = batch.other?.get(row)
  return value instanceof Uint8Array ? value : Buffer.from(String(value).toWellFormed())
}

const isRepeat = (error: unknown): boolean =>
  isAboutData(error) && error.code === '23505' && KEY_INDEX.test(error.constraint ?? '')

/** The row of the batch that the server names; lines count the rows that were sent. */
function refusedRow(error: unknown, batch: SampleBatch, rejected: ReadonlyMap<number, string>): number | undefined {
  if (!isAboutData(error) || isRepeat(error)) return undefined
  let line = lineOf(error)
  if (line === undefined) return undefined
  for (let row = 0; row < batch.length; row++) {
    if (!rejected.has(row) && --line === 0) return row
  }
  return undefined
}
