/**
 * Samples as series: one a tag for its values, one for its status codes, one for its sequence numbers where that is wanted. Names
 * and labels are made once a tag and kept by tag id.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { isBad } from '../../core/status.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { seqOf, timeOf } from '../encode/payload.ts'
import { nameOf, type SinkNames } from '../encode/tag-words.ts'
import type { PrometheusOptions } from './options.ts'
import { encodeLabels, STALE, type Label, type Sampled, type Series } from './write-request.ts'

export type SeriesOptions = Pick<PrometheusOptions, 'metric' | 'labels' | 'status' | 'sequence' | 'bad' | 'texts'>

interface TagSeries {
  readonly info: TagInfo
  readonly value: Uint8Array
  readonly status: Uint8Array
  readonly sequence: Uint8Array
}

interface Growing {
  readonly labels: Uint8Array
  readonly times: number[]
  readonly values: Sampled[]
}

const ONE_A_MILLISECOND = 'Prometheus keeps one sample of a series in a millisecond, and has another of this one'

export class SeriesEncoder {
  readonly #options: SeriesOptions
  readonly #names: SinkNames
  readonly #tags: TagTable
  readonly #known: (TagSeries | undefined)[] = []

  constructor(options: SeriesOptions, names: SinkNames, tags: TagTable) {
    this.#options = options
    this.#names = names
    this.#tags = tags
  }

  /**
   * The rows that can be sent, ordered by tag and time. Those that cannot are put into `rejected`; one that says the same as an
   * earlier one of its millisecond is put into `twins` with that one, and shares its fate.
   */
  rowsOf(batch: SampleBatch, rejected: Map<number, string>, twins: Map<number, number>): number[] {
    const rows: number[] = []
    for (let row = 0; row < batch.length; row++) {
      const reason = this.#fault(batch, row)
      if (reason === undefined) rows.push(row)
      else rejected.set(row, reason)
    }
    rows.sort((a, b) => batch.tag[a]! - batch.tag[b]! || timeOf(batch, a) - timeOf(batch, b) || a - b)
    let kept = -1
    return rows.filter((row) => {
      const isTaken = kept >= 0 && batch.tag[kept] === batch.tag[row] && timeOf(batch, kept) === timeOf(batch, row)
      if (!isTaken) kept = row
      else if (this.#isSame(batch, kept, row)) twins.set(row, kept)
      else rejected.set(row, ONE_A_MILLISECOND)
      return !isTaken
    })
  }

  /** The series of rows that are ordered as `rowsOf` does it. */
  encode(batch: SampleBatch, rows: readonly number[]): Series[] {
    const series: Series[] = []
    let at = 0
    while (at < rows.length) {
      const tag = batch.tag[rows[at]!]!
      const { value, status, sequence } = this.#seriesOf(tag)!
      const [values, statuses, sequences] = [growing(value), growing(status), growing(sequence)]
      for (; at < rows.length && batch.tag[rows[at]!] === tag; at++) {
        const row = rows[at]!
        const time = timeOf(batch, row)
        const sampled = this.#sampled(batch, row)
        if (sampled !== undefined) add(values, time, sampled)
        if (this.#options.status) add(statuses, time, batch.status[row]!)
        if (this.#options.sequence) add(sequences, time, seqOf(batch, row))
      }
      series.push(...[values, statuses, sequences].filter(({ times }) => times.length > 0))
    }
    return series
  }

  /** The series that a tag writes to, as people read them. */
  places(info: TagInfo): readonly string[] {
    const { status, sequence } = this.#options
    const suffixes = ['', ...(status ? ['_status'] : []), ...(sequence ? ['_seq'] : [])]
    return suffixes.map((suffix) => {
      const [metric, ...labels] = this.#labels(info, suffix)
      return `${metric!.value}{${labels.map(({ name, value }) => `${name}="${value}"`).join()}}`
    })
  }

  #fault(batch: SampleBatch, row: number): string | undefined {
    if (this.#seriesOf(batch.tag[row]!) === undefined) return `tag ${batch.tag[row]} is no longer configured`
    if (this.#options.texts === 'leave-out') return undefined
    const value = batch.lastValueAt(row)
    return typeof value === 'string' || value instanceof Uint8Array
      ? 'Prometheus holds numbers only, this is text'
      : undefined
  }

  #isSame(batch: SampleBatch, one: number, other: number): boolean {
    return (
      Object.is(this.#sampled(batch, one), this.#sampled(batch, other)) && batch.status[one] === batch.status[other]
    )
  }

  /** Integers beyond 2^53 lose their last digits: a sample of Prometheus is a double. */
  #sampled(batch: SampleBatch, row: number): Sampled | undefined {
    const value = batch.lastValueAt(row)
    if (value === undefined || typeof value === 'string' || value instanceof Uint8Array) return undefined
    if (!isBad(batch.status[row]!) || this.#options.bad === 'value') return Number(value)
    return this.#options.bad === 'stale' ? STALE : NaN
  }

  #seriesOf(tag: number): TagSeries | undefined {
    const info = this.#tags.get(tag)
    const known = this.#known[tag]
    if (info === undefined || known?.info === info) return info && known
    const encoded = (suffix: string) => encodeLabels(this.#labels(info, suffix))
    return (this.#known[tag] = { info, value: encoded(''), status: encoded('_status'), sequence: encoded('_seq') })
  }

  /** The name of the metric first. */
  #labels(info: TagInfo, suffix: string): Label[] {
    const fill = (template: string) => nameOf(template, info, this.#names).toWellFormed()
    const labels = Object.entries(this.#options.labels).map(([name, template]) => ({ name, value: fill(template) }))
    if (suffix === '_seq') labels.push({ name: 'log', value: this.#names.logId })
    return [
      { name: '__name__', value: metricName(fill(this.#options.metric)) + suffix },
      ...labels.filter(({ value }) => value !== ''),
    ]
  }
}

/** Prometheus data model: `[a-zA-Z_:][a-zA-Z0-9_:]*`. */
const metricName = (text: string): string => text.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d|$)/, '_')

const growing = (labels: Uint8Array): Growing => ({ labels, times: [], values: [] })

function add(series: Growing, time: number, value: Sampled): void {
  series.times.push(time)
  series.values.push(value)
}
