/**
 * Bodies of requests: samples as a JSON array (RFC 8259) or as NDJSON. What depends on the tag alone is made once a tag and kept
 * by tag id; the rest is put together as text, no object a sample.
 */
import { HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { rowFormat, seqOf, timeOf, type RowFormat } from '../encode/payload.ts'
import { isPlainNumber, jsonText } from '../encode/value-text.ts'

export interface DocumentsOptions {
  readonly format: 'json' | 'ndjson'
  readonly payload: string
  readonly logId: string
  readonly tags: TagTable
}

export class Documents {
  readonly #tags: TagTable
  readonly #row: RowFormat
  readonly #lines: boolean
  readonly #heads: ({ readonly info: TagInfo; readonly head: string } | undefined)[] = []

  constructor({ format, payload, logId, tags }: DocumentsOptions) {
    this.#tags = tags
    this.#lines = format === 'ndjson'
    this.#row = payload === 'samples' ? samples(logId) : rowFormat(payload, logId)
  }

  get contentType(): string {
    return this.#lines ? 'application/x-ndjson' : 'application/json'
  }

  /** The rows that can be sent, in order; the others are put into `rejected` with the reason. */
  rowsOf(batch: SampleBatch, rejected: Map<number, string>): number[] {
    const rows: number[] = []
    for (let row = 0; row < batch.length; row++) {
      if (this.#headOf(batch.tag[row]!) !== undefined) rows.push(row)
      else rejected.set(row, `tag ${batch.tag[row]} is no longer configured`)
    }
    return rows
  }

  /** These rows as one body. */
  encode(batch: SampleBatch, rows: readonly number[]): Buffer {
    const between = this.#lines ? '\n' : ','
    let text = ''
    for (const row of rows) {
      const value = isPlainNumber(batch, row)
        ? jsonText.number(batch.value[row]!)
        : jsonText.other(batch.lastValueAt(row))
      text += text === '' ? '' : between
      text += this.#row.encode(this.#headOf(batch.tag[row]!)!, batch, row, value)
    }
    return this.#framed(text)
  }

  /** One document that is no sample. */
  encodeOther(document: object): Buffer {
    return this.#framed(JSON.stringify(document))
  }

  #framed(text: string): Buffer {
    return Buffer.from(this.#lines ? `${text}\n` : `[${text}]`)
  }

  #headOf(tag: number): string | undefined {
    const info = this.#tags.get(tag)
    const known = this.#heads[tag]
    if (info === undefined) return undefined
    if (known?.info === info) return known.head
    const head = this.#row.head(info)
    this.#heads[tag] = { info, head }
    return head
  }
}

/** `{"device":"press-1","tag":"level","unit":"m","v":1.5,"t":…,"q":0,"log":"k3f9","seq":4711}`, `"h":true` on historical samples. */
function samples(logId: string): RowFormat {
  const log = `,"log":${JSON.stringify(logId)},"seq":`
  return {
    values: jsonText,
    head: ({ device, settings: { name, unit } }) =>
      `{"device":${JSON.stringify(device)},"tag":${JSON.stringify(name)},${unit === undefined ? '' : `"unit":${JSON.stringify(unit)},`}"v":`,
    encode: (head, batch, row, value) =>
      `${head}${value},"t":${timeOf(batch, row)},"q":${batch.status[row]!}${log}${seqOf(batch, row)}${batch.flags[row]! & HISTORICAL ? ',"h":true}' : '}'}`,
  }
}
