/**
 * The wide layout: one row for all samples of a device with the same source time, one column a tag. Rows are merged by
 * (time, device, log), so that a repeat, or the other half of a poll in the next batch, ends up in the same row; of two samples
 * of one tag with the same time the later one (by seq) stands.
 */
import { HAS_VALUE, HISTORICAL, KEPT, type SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { Template } from '../encode/template.ts'
import { CopyEncoder, isStorableTime } from './copy-encoder.ts'
import { parseTable, quoted, storable, tableName } from './names.ts'
import type { PostgresOptions } from './options.ts'
import type { Found } from './schema.ts'
import type { NextChunk, Session } from './session.ts'
import { encodeWideValue, wideMisfit, wideValueBytes } from './wide-value.ts'
import { WideTable, type Column } from './wide-table.ts'

/** Where the samples of a tag go. */
interface Slot {
  readonly info: TagInfo
  readonly table: WideTable
  readonly device: string
  readonly column: Column
}

/** One row of a table. */
interface Line {
  readonly time: number
  readonly device: string
  seq: number
  historical: boolean
  /** Column to row of the batch. */
  readonly cells: Map<Column, number>
}

/** What a batch brings to one table. */
interface Load {
  readonly lines: Map<string, Line>
  readonly columns: Set<Column>
}

const FIXED_BYTES = 64

export class WideTables {
  readonly #tags: TagTable
  readonly #options: PostgresOptions
  readonly #template: Template
  readonly #log: Buffer
  readonly #encoder = new CopyEncoder()
  #found: Found
  #tables = new Map<string, WideTable>()
  #slots: (Slot | undefined)[] = []
  #stages = 0
  /** Samples whose place was taken by a later one of the same tag and time. */
  replaced = 0

  constructor(tags: TagTable, options: PostgresOptions, logId: string) {
    this.#tags = tags
    this.#options = options
    this.#template = parseTable(options.table ?? '{device}')
    this.#log = Buffer.from(logId)
    this.#found = { timescale: undefined, version: '' }
  }

  /** With each connection the tables are looked at again. */
  forget(found: Found): void {
    this.#found = found
    this.#tables = new Map()
    this.#slots = []
  }

  /** Writes the batch; resolves with the rows that can never be written, each with the reason. */
  async write(batch: SampleBatch, session: Session, signal: AbortSignal): Promise<Map<number, string>> {
    await this.#resolve(batch, session, signal)
    const rejected = new Map<number, string>()
    const { loads, replaced } = this.#grouped(batch, rejected)
    if (loads.size === 0) return rejected
    for (const table of loads.keys()) await this.#prepare(table, session, signal)
    await session.query('BEGIN', signal)
    try {
      for (const [table, load] of loads) await this.#load(table, load, batch, session, signal)
      await session.query('COMMIT', signal)
    } catch (error) {
      await session.query('ROLLBACK', signal).catch(() => undefined)
      throw error
    }
    this.replaced += replaced
    return rejected
  }

  async #resolve(batch: SampleBatch, session: Session, signal: AbortSignal): Promise<void> {
    const missing = new Map<string, Map<number, TagInfo>>()
    for (let row = 0; row < batch.length; row++) {
      const tag = batch.tag[row]!
      const info = this.#tags.get(tag)
      if (info === undefined || this.#slots[tag]?.info === info) continue
      const name = tableName(this.#template, info.device)
      const infos = missing.get(name) ?? new Map<number, TagInfo>()
      missing.set(name, infos.set(tag, info))
    }
    for (const [name, infos] of missing) {
      const table = this.#tables.get(name) ?? new WideTable(name, this.#options, this.#found)
      this.#tables.set(name, table)
      const list = [...infos.values()]
      const columns = await table.columnsOf(list, session, signal)
      for (const [at, info] of list.entries()) {
        this.#slots[info.id] = { info, table, device: storable(info.device), column: columns[at]! }
      }
    }
  }

  #grouped(batch: SampleBatch, rejected: Map<number, string>): { loads: Map<WideTable, Load>; replaced: number } {
    const loads = new Map<WideTable, Load>()
    let replaced = 0
    for (let row = 0; row < batch.length; row++) {
      const slot = this.#slots[batch.tag[row]!]
      const time = batch.time[row]!
      const why = slot === undefined ? `tag ${batch.tag[row]} is no longer configured` : refusal(batch, row, slot)
      if (slot === undefined || why !== undefined) {
        rejected.set(row, why!)
        continue
      }
      const { table, device, column } = slot
      let load = loads.get(table)
      if (load === undefined) loads.set(table, (load = { lines: new Map(), columns: new Set() }))
      const key = `${Math.round(time * 1000)} ${device}`
      let line = load.lines.get(key)
      if (line === undefined)
        load.lines.set(key, (line = { time, device, seq: 0, historical: false, cells: new Map() }))
      line.seq = Math.max(line.seq, batch.seq?.[row] ?? 0)
      line.historical ||= (batch.flags[row]! & HISTORICAL) !== 0
      if (line.cells.has(column)) replaced++
      line.cells.set(column, row)
      load.columns.add(column)
    }
    return { loads, replaced }
  }

  async #prepare(table: WideTable, session: Session, signal: AbortSignal): Promise<void> {
    if (table.stage !== undefined) return
    const stage = `bifrost_stage_${++this.#stages}`
    await session.query(`CREATE TEMPORARY TABLE ${stage} (LIKE ${table.full}) ON COMMIT DELETE ROWS`, signal)
    table.stage = stage
  }

  async #load(
    table: WideTable,
    { lines, columns }: Load,
    batch: SampleBatch,
    session: Session,
    signal: AbortSignal,
  ): Promise<void> {
    const list = [...columns]
    const names = ['time', 'device', 'log', 'seq', 'historical', ...list.flatMap(({ name }) => [quoted(name), quoted(`${name}_status`)])].join(', ') // prettier-ignore
    const chunks = this.#encoded(lines.values(), list, batch)
    await session.copy(`COPY pg_temp.${table.stage} (${names}) FROM STDIN (FORMAT binary)`, chunks, signal)
    await session.query(
      `INSERT INTO ${table.full} AS t (${names}) SELECT ${names} FROM pg_temp.${table.stage} ON CONFLICT (time, device, log) DO UPDATE SET ${list.map(merged).join(', ')}, seq = greatest(t.seq, excluded.seq), historical = t.historical OR excluded.historical`,
      signal,
    )
  }

  #encoded(lines: Iterable<Line>, columns: readonly Column[], batch: SampleBatch): NextChunk {
    const encoder = this.#encoder
    const left = lines[Symbol.iterator]()
    let next: IteratorResult<Line> | undefined = left.next()
    encoder.begin()
    return () => {
      for (; next !== undefined && next.done !== true; next = left.next()) {
        const bytes = this.#bytesOf(next.value, columns, batch)
        if (!encoder.fits(bytes)) return encoder.take(bytes)
        this.#line(next.value, columns, batch)
      }
      if (next === undefined) return undefined
      if (!encoder.fits(2)) return encoder.take()
      encoder.trailer()
      next = undefined
      return encoder.take()
    }
  }

  #bytesOf({ device, cells }: Line, columns: readonly Column[], batch: SampleBatch): number {
    let bytes = FIXED_BYTES + this.#log.length + 3 * device.length + columns.length * 16
    for (const row of cells.values()) bytes += wideValueBytes(batch, row)
    return bytes
  }

  #line({ time, device, seq, historical, cells }: Line, columns: readonly Column[], batch: SampleBatch): void {
    const encoder = this.#encoder
    encoder.row(5 + 2 * columns.length)
    encoder.time(time)
    encoder.bytes(Buffer.from(device))
    encoder.bytes(this.#log)
    encoder.int64(seq)
    encoder.boolean(historical)
    for (const column of columns) {
      const row = cells.get(column)
      if (row === undefined) {
        encoder.none()
        encoder.none()
        continue
      }
      encodeWideValue(encoder, column, batch, row)
      const status = batch.status[row]!
      // NULL is Good, which saves eight bytes a cell; a Good without a value has its 0, or nobody would see it.
      if (status === 0 && batch.flags[row]! & (HAS_VALUE | KEPT)) encoder.none()
      else encoder.int64(status)
    }
  }
}

function refusal(batch: SampleBatch, row: number, { column }: Slot): string | undefined {
  if (!isStorableTime(batch.time[row]!)) return 'its time is beyond what timestamptz holds'
  return wideMisfit(column, batch.lastValueAt(row))
}

/** Value and status travel together: what comes stands, unless the row has something newer of this tag. */
function merged({ name }: Column): string {
  const value = quoted(name)
  const status = quoted(`${name}_status`)
  const absent = (side: string) => `${side}.${value} IS NULL AND ${side}.${status} IS NULL`
  const pick = (column: string) =>
    `${column} = CASE WHEN ${absent('excluded')} THEN t.${column} WHEN excluded.seq >= t.seq OR (${absent('t')}) THEN excluded.${column} ELSE t.${column} END`
  return `${pick(value)}, ${pick(status)}`
}
