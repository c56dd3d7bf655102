/**
 * The postgres sink: every stored sample as rows of PostgreSQL or TimescaleDB, by binary COPY. A write is done when the server
 * has committed it; what comes again leaves no second row. See README.md for tables, layouts and rules.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext } from '../../core/sink.ts'
import { tagNames } from '../encode/gap-document.ts'
import { throwRejected } from '../encode/rejected.ts'
import { storable } from './names.ts'
import { NarrowTable } from './narrow.ts'
import { postgresOptions, type PostgresOptions } from './options.ts'
import { postgresError } from './reasons.ts'
import { ensureSchema, look, tableOf, type Found } from './schema.ts'
import { openSession, type Session } from './session.ts'
import { TagKeys } from './tag-keys.ts'
import { WideTables } from './wide.ts'

/** One COPY a batch: a round trip and a commit for this many rows cost little each. */
const BATCH_ROWS = 10_000

/** Samples to PostgreSQL. */
export const postgres = defineSink({
  name: 'postgres',
  summary:
    'Every sample as a row of PostgreSQL or TimescaleDB (binary COPY, exactly once, narrow or wide tables, TLS).',
  options: postgresOptions,
  batchRows: BATCH_ROWS,
  create: (options, context) => new PostgresSink(options, context),
})

class PostgresSink implements Sink {
  readonly #options: PostgresOptions
  readonly #context: SinkContext
  readonly #keys: TagKeys
  readonly #narrow: NarrowTable
  readonly #wide: WideTables
  #session: Session | undefined
  #found: Found | undefined
  #listener: ((error: NotConnectedError) => void) | undefined

  constructor(options: PostgresOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
    this.#keys = new TagKeys(context.tags, options.schema)
    this.#narrow = new NarrowTable(this.#keys, options.schema, context.logId)
    this.#wide = new WideTables(context.tags, options, context.logId)
    if (!options.insecure) return
    context.log.warn(
      { url: options.url },
      'insecure: any server certificate is accepted; others can read and change this traffic',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#session?.destroy()
    this.#session = undefined
    const session = await this.#explained(openSession(this.#options, this.#context, signal))
    try {
      await this.#explained(this.#prepare(session, signal))
    } catch (error) {
      session.destroy()
      throw error
    }
    session.onLost = (error) => this.#listener?.(error)
    this.#session = session
    if (session.lost !== undefined) throw session.lost
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const session = this.#connected()
    const layout = this.#options.layout === 'wide' ? this.#wide : this.#narrow
    const rejected = await this.#explained(layout.write(batch, session, signal))
    throwRejected(this.#options.url, batch, rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    const { fromSeq, toSeq, samples, reason, fromTime, toTime } = gap
    const values = [this.#context.logId, fromSeq, toSeq, samples ?? null, storable(reason), iso(fromTime), iso(toTime), tagNames(gap, this.#context.tags)?.map(storable) ?? null] // prettier-ignore
    const insert = `INSERT INTO ${tableOf(this.#options.schema, 'bifrost_gaps')} (log, from_seq, to_seq, samples, reason, from_time, to_time, tags) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
    await this.#explained(this.#connected().query(insert, signal, values))
  }

  progress(): number {
    return this.#session?.answers ?? 0
  }

  facts(): Record<string, string | number | boolean | null> {
    const { layout } = this.#options
    return {
      server: this.#found === undefined ? null : `PostgreSQL ${this.#found.version}`,
      hypertables: this.#found?.timescale !== undefined,
      layout,
      ...(layout === 'wide' ? { replacedByLaterOfSameTime: this.#wide.replaced } : { batchesThatCameAgain: this.#narrow.repeated }), // prettier-ignore
    }
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }

  async #prepare(session: Session, signal: AbortSignal): Promise<void> {
    const found = await look(session, this.#options, signal)
    await ensureSchema(session, this.#options, found, signal)
    this.#found = found
    this.#keys.forget()
    this.#wide.forget(found)
  }

  #connected(): Session {
    if (this.#session === undefined) throw new NotConnectedError(`not connected to ${this.#options.url}`)
    return this.#session
  }

  /** The error in the words of the catalogue; the signal's own reason stays what it is. */
  async #explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error
      throw postgresError(this.#options, error)
    }
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()
