/**
 * The dimension table of tags: an integer key for each device, name and type. Looked up, and made where missing, once a
 * connection and tag; while samples flow a key is an array access.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { storable } from './names.ts'
import { tableOf } from './schema.ts'
import type { Session } from './session.ts'

const UNKNOWN = 0

export class TagKeys {
  readonly #tags: TagTable
  readonly #table: string
  #keys = new Int32Array(64)
  readonly #infos: (TagInfo | undefined)[] = []

  constructor(tags: TagTable, schema: string) {
    this.#tags = tags
    this.#table = tableOf(schema, 'bifrost_tags')
  }

  /** The key of a tag that `resolve` has seen; 0 for one that nobody knows any more. */
  keyOf(tag: number): number {
    return this.#keys[tag] ?? UNKNOWN
  }

  /** With each connection the keys are looked up again: somebody may have emptied the table. */
  forget(): void {
    this.#keys.fill(UNKNOWN)
    this.#infos.length = 0
  }

  /** Makes sure that every tag of the batch has its key. */
  async resolve(batch: SampleBatch, session: Session, signal: AbortSignal): Promise<void> {
    const missing = this.#missing(batch)
    if (missing.size === 0) return
    const infos = [...missing.values()]
    const known = await this.#select(infos, session, signal)
    const news = infos.filter((info) => !known.has(keyText(info)))
    if (news.length > 0) {
      await this.#insert(news, session, signal)
      for (const [text, row] of await this.#select(news, session, signal)) known.set(text, row)
    }
    await this.#update(infos, known, session, signal)
    for (const info of infos) this.#keep(info, known.get(keyText(info))!.tag)
  }

  #missing(batch: SampleBatch): Map<number, TagInfo> {
    const missing = new Map<number, TagInfo>()
    for (let row = 0; row < batch.length; row++) {
      const tag = batch.tag[row]!
      const info = this.#tags.get(tag)
      if (info !== undefined && this.#infos[tag] !== info) missing.set(tag, info)
    }
    return missing
  }

  #keep(info: TagInfo, key: number): void {
    if (info.id >= this.#keys.length) {
      const larger = new Int32Array(Math.max(info.id + 1, this.#keys.length * 2))
      larger.set(this.#keys)
      this.#keys = larger
    }
    this.#keys[info.id] = key
    this.#infos[info.id] = info
  }

  async #select(infos: readonly TagInfo[], session: Session, signal: AbortSignal): Promise<Map<string, TagRow>> {
    const { rows } = await session.query(
      `SELECT tag, device, name, type, unit, description FROM ${this.#table} WHERE (device, name, type) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))`,
      signal,
      columns(infos).slice(0, 3),
    )
    return new Map((rows as unknown as TagRow[]).map((row) => [textOf(row.device, row.name, row.type), row]))
  }

  async #insert(infos: readonly TagInfo[], session: Session, signal: AbortSignal): Promise<void> {
    await session.query(
      `INSERT INTO ${this.#table} (device, name, type, unit, description) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING`,
      signal,
      columns(infos),
    )
  }

  /** Unit and description follow the configuration. */
  async #update(
    infos: readonly TagInfo[],
    known: ReadonlyMap<string, TagRow>,
    session: Session,
    signal: AbortSignal,
  ): Promise<void> {
    const changed = infos.filter((info) => {
      const { unit, description } = known.get(keyText(info))!
      return unit !== text(info.settings.unit) || description !== text(info.settings.description)
    })
    if (changed.length === 0) return
    await session.query(
      `UPDATE ${this.#table} t SET unit = n.unit, description = n.description FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS n (device, name, type, unit, description) WHERE t.device = n.device AND t.name = n.name AND t.type = n.type`,
      signal,
      columns(changed),
    )
  }
}

interface TagRow {
  readonly tag: number
  readonly device: string
  readonly name: string
  readonly type: string
  readonly unit: string | null
  readonly description: string | null
}

const text = (value: string | undefined): string | null => (value === undefined ? null : storable(value))

const textOf = (...parts: readonly string[]): string => JSON.stringify(parts)

const keyText = ({ device, settings }: TagInfo): string =>
  textOf(storable(device), storable(settings.name), settings.type)

const columns = (infos: readonly TagInfo[]): (string | null)[][] => [
  infos.map(({ device }) => storable(device)),
  infos.map(({ settings }) => storable(settings.name)),
  infos.map(({ settings }) => settings.type),
  infos.map(({ settings }) => text(settings.unit)),
  infos.map(({ settings }) => text(settings.description)),
]
