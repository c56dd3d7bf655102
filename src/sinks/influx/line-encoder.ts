/**
 * Samples as InfluxDB line protocol: `press-1,tag=level,unit=m value=1.5,q=0i,seq=4711i,log="k3f9" 1732356000123000711`. What
 * depends on the tag alone is made once a tag and kept by tag id; no object a sample.
 *
 * Numbers, booleans, integers and texts have a field each: InfluxDB refuses a field that changes its type.
 */
import { HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { Value } from '../../core/value.ts'
import { seqOf } from '../encode/payload.ts'
import { keyText, measurementText, stringText } from '../encode/line-text.ts'
import { nameOf, type SinkNames } from '../encode/tag-words.ts'
import { isPlainNumber } from '../encode/value-text.ts'
import type { InfluxOptions } from './options.ts'

export type LineOptions = Pick<
  InfluxOptions,
  'version' | 'measurement' | 'tags' | 'fields' | 'precision' | 'uniqueTimes'
>

/** What is the same in every line of a tag. */
interface LineHead {
  readonly info: TagInfo
  /** Measurement and tags, with the space after them. */
  readonly series: string
  /** Field keys with the equals sign. */
  readonly number: string
  readonly boolean: string
  readonly integer: string
  readonly unsigned: string
  readonly text: string
  readonly status: string
  /** From the end of the status to the sequence number. */
  readonly sequence: string
  /** From the end of the sequence number to the end of the fields. */
  readonly log: string
  readonly historical: string
}

const MAX_INT64 = 0x7fff_ffff_ffff_ffffn

export class LineEncoder {
  readonly #options: LineOptions
  readonly #names: SinkNames
  readonly #tags: TagTable
  readonly #heads: (LineHead | undefined)[] = []
  /** InfluxDB 1 has no unsigned integers. */
  readonly #hasUnsigned: boolean
  readonly #time: (batch: SampleBatch, row: number) => string

  constructor(options: LineOptions, names: SinkNames, tags: TagTable) {
    this.#options = options
    this.#names = names
    this.#tags = tags
    this.#hasUnsigned = options.version !== 1
    this.#time = options.precision === 'ms' ? milliseconds : options.uniqueTimes ? uniqueNanoseconds : nanoseconds
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

  /** These rows, one line each, in their order. */
  encode(batch: SampleBatch, rows: readonly number[]): string {
    let text = ''
    for (const row of rows) {
      const head = this.#headOf(batch.tag[row]!)!
      const value = isPlainNumber(batch, row)
        ? numberField(head, batch.value[row]!)
        : this.#field(head, batch.lastValueAt(row))
      const mark = batch.flags[row]! & HISTORICAL ? head.historical : ''
      text += `${head.series}${value}${head.status}${batch.status[row]!}${head.sequence}${seqOf(batch, row)}${head.log}${mark} ${this.#time(batch, row)}\n`
    }
    return text
  }

  /** What tells the points of a tag from those of another: measurement, tags and the field of its numbers. */
  place(info: TagInfo): string {
    const { series, number } = this.#makeHead(info)
    return series + number.slice(0, -1)
  }

  #field(head: LineHead, value: Value | undefined): string {
    if (value === undefined) return ''
    if (typeof value === 'number') return numberField(head, value)
    if (typeof value === 'boolean') return `${head.boolean}${value},`
    if (typeof value === 'bigint') return this.#integer(head, value)
    const text = typeof value === 'string' ? value : Buffer.from(value).toString('base64')
    return `${head.text}${stringText(text)},`
  }

  /** A uint64 tag has its own field, whatever its value: `i` and `u` are different types. */
  #integer(head: LineHead, value: bigint): string {
    if (this.#hasUnsigned && (head.info.settings.type === 'uint64' || value > MAX_INT64))
      return `${head.unsigned}${value}u,`
    return value > MAX_INT64 ? `${head.text}"${value}",` : `${head.integer}${value}i,`
  }

  #headOf(tag: number): LineHead | undefined {
    const info = this.#tags.get(tag)
    const known = this.#heads[tag]
    if (info === undefined || known?.info === info) return info && known
    return (this.#heads[tag] = this.#makeHead(info))
  }

  #makeHead(info: TagInfo): LineHead {
    const { measurement, tags, fields } = this.#options
    const fill = (template: string) => nameOf(template, info, this.#names)
    const key = (template: string) => `${keyText(fill(template)) || '_'}=`
    // Sorted by key, as InfluxDB wants them for speed.
    const pairs = Object.entries(tags)
      .map(([name, template]) => [key(name), keyText(fill(template))] as const)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      info,
      series: `${measurementText(fill(measurement))}${pairs.map(([name, value]) => `,${name}${value}`).join('')} `,
      number: key(fields.number),
      boolean: key(fields.boolean),
      integer: key(fields.integer),
      unsigned: key(fields.unsigned),
      text: key(fields.text),
      status: key(fields.status),
      sequence: `i,${key(fields.sequence)}`,
      log: `i,${key(fields.log)}${stringText(this.#names.logId)}`,
      historical: `,${key(fields.historical)}true`,
    }
  }
}

/** Line protocol has no NaN and no infinities: they are texts, so that nothing is lost. */
const numberField = (head: LineHead, value: number): string =>
  value - value === 0 ? `${head.number}${value},` : `${head.text}"${value}",`

const milliseconds = (batch: SampleBatch, row: number): string => `${Math.floor(batch.time[row]!)}`

/** Source times are ms with a fraction; a double of today's time resolves a quarter of a microsecond. */
const nanoseconds = (batch: SampleBatch, row: number): string => `${Math.floor(batch.time[row]! * 1000)}000`

/**
 * Points of one series and time overwrite each other: the digits that the source time leaves free hold the end of the sequence
 * number, the same each time it is sent. Below whole milliseconds that is one of a million, below microseconds one of a thousand.
 */
function uniqueNanoseconds(batch: SampleBatch, row: number): string {
  const time = batch.time[row]!
  const seq = seqOf(batch, row)
  const whole = Math.floor(time)
  return whole === time
    ? `${whole}${`${1_000_000 + (seq % 1_000_000)}`.slice(1)}`
    : `${Math.floor(time * 1000)}${`${1000 + (seq % 1000)}`.slice(1)}`
}
