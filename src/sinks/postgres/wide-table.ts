/**
 * One table of the wide layout and its columns: `time, device, log, seq, historical`, then for each tag its value and
 * `…_status`. Columns are added when tags come, never changed or dropped: a tag whose type changed gets a second one.
 */
import { GatewayError } from '../../core/errors.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { DataType } from '../../core/value.ts'
import { columnName, literal, quoted, storable } from './names.ts'
import type { PostgresOptions } from './options.ts'
import { ensure, hypertable, relation, tableOf, type Found, type Statement } from './schema.ts'
import type { Session } from './session.ts'

/** PostgreSQL, appendix K: 1,600 columns a table; ours are five and two a tag. */
const MAX_TAGS = 797

export type ColumnType = 'double precision' | 'boolean' | 'bigint' | 'numeric' | 'text' | 'bytea'

/** The columns of a tag. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
}

const TYPES: Partial<Record<DataType, ColumnType>> = {
  bool: 'boolean',
  int64: 'bigint',
  uint64: 'numeric',
  string: 'text',
  bytes: 'bytea',
}

/** What a column of this type is called behind the name of a tag that has one of another type already. */
const SUFFIXES: Record<ColumnType, string> = {
  'double precision': '__number',
  boolean: '__bool',
  bigint: '__int64',
  numeric: '__numeric',
  text: '__text',
  bytea: '__bytes',
}

export class WideTable {
  readonly name: string
  readonly full: string
  readonly #options: PostgresOptions
  readonly #found: Found
  #known: Map<string, string> | undefined
  readonly #columns = new Map<string, Column>()
  #tags = 0
  /** The temporary table through which rows come; undefined when the columns have changed. */
  stage: string | undefined

  constructor(name: string, options: PostgresOptions, found: Found) {
    this.name = name
    this.full = tableOf(options.schema, name)
    this.#options = options
    this.#found = found
  }

  /** The columns of these tags, made where they are missing. */
  async columnsOf(infos: readonly TagInfo[], session: Session, signal: AbortSignal): Promise<readonly Column[]> {
    const known = (this.#known ??= await this.#open(session, signal))
    const news = new Map<string, readonly [Column, TagInfo]>()
    const columns = infos.map((info) => {
      const column = this.#only(columnFor(info, known))
      if (!known.has(column.name)) {
        known.set(column.name, column.type)
        news.set(column.name, [column, info])
      }
      return column
    })
    if (news.size === 0) return columns
    try {
      await this.#add([...news.values()], session, signal)
    } catch (error) {
      this.#known = undefined
      throw error
    }
    this.stage = undefined
    return columns
  }

  /** One object a column: devices that share a table share its columns. */
  #only(column: Column): Column {
    const there = this.#columns.get(column.name)
    if (there === undefined) this.#columns.set(column.name, column)
    return there ?? column
  }

  async #open(session: Session, signal: AbortSignal): Promise<Map<string, string>> {
    const { schema, chunkInterval } = this.#options
    const statements: Statement[] = [
      relation(schema, 'table', this.name, `CREATE TABLE ${this.full} (time timestamptz NOT NULL, device text NOT NULL, log text COLLATE "C" NOT NULL, seq bigint NOT NULL, historical boolean NOT NULL, PRIMARY KEY (time, device, log))`), // prettier-ignore
    ]
    const { timescale } = this.#found
    if (timescale !== undefined) statements.push(hypertable(schema, this.name, chunkInterval, timescale))
    await ensure(session, this.#options, statements, signal)
    const { rows } = await session.query(
      `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = to_regclass(${literal(this.full)}) AND attnum > 0 AND NOT attisdropped`,
      signal,
    )
    const known = new Map((rows as { name: string; type: string }[]).map(({ name, type }) => [name, type]))
    this.#tags = [...known.keys()].filter((name) => name.endsWith('_status')).length
    return known
  }

  async #add(news: readonly (readonly [Column, TagInfo])[], session: Session, signal: AbortSignal): Promise<void> {
    const { url, createSchema } = this.#options
    if (this.#tags + news.length > MAX_TAGS) {
      const sentence = `${url}: ${this.full} would have columns for ${this.#tags + news.length} tags, PostgreSQL allows ${MAX_TAGS}; use layout: narrow, or a table a device`
      throw new GatewayError('SINK_REFUSED', sentence)
    }
    const clauses = news.map(
      ([{ name, type }]) =>
        `ADD COLUMN IF NOT EXISTS ${quoted(name)} ${type}, ADD COLUMN IF NOT EXISTS ${quoted(`${name}_status`)} bigint`,
    )
    const alter = `ALTER TABLE ${this.full} ${clauses.join(', ')}`
    if (!createSchema) {
      const names = news.map(([{ name }]) => quoted(name)).join(', ')
      throw new GatewayError('SINK_REFUSED', `${url}: ${this.full} has no column ${names} and createSchema is false; run: ${alter};`) // prettier-ignore
    }
    const comments = news.map(
      ([{ name }, info]) => `COMMENT ON COLUMN ${this.full}.${quoted(name)} IS ${literal(commentOf(info))}`,
    )
    await session.query([alter, ...comments].join('; '), signal)
    this.#tags += news.length
  }
}

function columnFor({ settings }: TagInfo, known: ReadonlyMap<string, string>): Column {
  const type = TYPES[settings.type] ?? 'double precision'
  const name = columnName(settings.name)
  const there = known.get(name)
  return there === undefined || there === type ? { name, type } : { name: `${name}${SUFFIXES[type]}`, type }
}

const commentOf = ({ settings }: TagInfo): string =>
  storable(`${settings.name} (${settings.type}${settings.unit === undefined ? '' : `, ${settings.unit}`})`)
