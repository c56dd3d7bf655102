/**
 * Writes metrics as text: the Prometheus text format 0.0.4, or OpenMetrics 1.0 where the scraper asks for it. Labels are
 * escaped as both require. Gives the event loop a turn whenever it has worked for a few milliseconds, so that a scrape of
 * many devices delays nobody.
 */
import type { Histogram } from '../core/histogram.ts'
import { Slice } from './slice.ts'

/** Label names and values of one series. */
export type Labels = Readonly<Record<string, string | number>>

export class Exposition {
  readonly openMetrics: boolean
  #parts: string[] = []
  #name = ''
  #sampleName = ''
  readonly #slice = new Slice()

  constructor(openMetrics: boolean) {
    this.openMetrics = openMetrics
  }

  /** Begins a metric family: HELP and TYPE. A counter's name ends in `_total`; OpenMetrics leaves that off the family. */
  family(name: string, type: string, help: string, unit = ''): void {
    this.#sampleName = name
    this.#name = this.openMetrics && type === 'counter' ? name.replace(/_total$/, '') : name
    const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
    this.#parts.push(`# HELP ${this.#name} ${escaped}\n# TYPE ${this.#name} ${type}\n`)
    if (this.openMetrics && unit !== '' && this.#name.endsWith(`_${unit}`))
      this.#parts.push(`# UNIT ${this.#name} ${unit}\n`)
  }

  /** One series of the family. */
  sample(labels: Labels, value: number, sampleName = this.#sampleName): void {
    const text = labelText(this.openMetrics ? canonical(labels) : labels)
    this.#parts.push(`${sampleName}${text === '' ? '' : `{${text}}`} ${numberText(value)}\n`)
  }

  /** The series of one histogram: cumulative buckets, sum and count. */
  histogram(labels: Labels, histogram: Histogram): void {
    const text = labelText(labels)
    const prefix = text === '' ? '' : `${text},`
    let cumulative = 0
    let out = ''
    for (let bucket = 0; bucket < histogram.counts.length; bucket++) {
      cumulative += histogram.counts[bucket]!
      const bound = histogram.bounds[bucket]
      out += `${this.#name}_bucket{${prefix}le="${bound === undefined ? '+Inf' : this.#bound(bound)}"} ${cumulative}\n`
    }
    const tail = text === '' ? '' : `{${text}}`
    this.#parts.push(
      `${out}${this.#name}_sum${tail} ${numberText(histogram.sum)}\n${this.#name}_count${tail} ${cumulative}\n`,
    )
  }

  /** Lets others run when this scrape has held the event loop for its slice. */
  async breathe(): Promise<void> {
    if (!this.#slice.spent) return
    // Joined now, so that the last join is of few long pieces.
    this.#parts = [this.#parts.join('')]
    await this.#slice.yield()
  }

  text(): string {
    return this.#parts.join('') + (this.openMetrics ? '# EOF\n' : '')
  }

  #bound(bound: number): string {
    return this.openMetrics ? canonicalNumber(bound) : String(bound)
  }
}

// OpenMetrics 1.0, "Considerations: Canonical Numbers": le="1.0", not le="1".
const canonicalNumber = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))

const canonical = (labels: Labels): Labels =>
  typeof labels.le === 'number' ? { ...labels, le: canonicalNumber(labels.le) } : labels

const numberText = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'

function labelText(labels: Labels): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(String(labels[name]))}"`
  return text
}

const escapeLabel = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value
