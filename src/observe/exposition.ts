/**
 * Writes metrics as text: the Prometheus text format 0.0.4, or OpenMetrics 1.0 where the scraper asks for it. Labels are
 * escaped as both require. Gives the event loop a turn whenever it has worked for a few milliseconds, so that a scrape of many devices
 * delays nobody. No family has more series than the bound; what is over it is counted.
 */
import type { Exemplar, Histogram } from '../core/histogram.ts'
import { Slice } from '../core/slice.ts'
import { ByteText } from './byte-text.ts'

/** Label names and values of one series. */
export type Labels = Readonly<Record<string, string | number>>

/**
 * Labels whose text is made once, because they come in many families: those of a device. `isSum`: what stands under them is summed over
 * devices that come and go.
 */
export class FixedLabels {
  readonly labels: Labels
  readonly text: Uint8Array
  readonly isSum: boolean

  constructor(labels: Labels, isSum = false) {
    this.labels = labels
    this.isSum = isSum
    this.text = Buffer.from(labelText(labels))
  }
}

export interface ExpositionOptions {
  readonly openMetrics: boolean
  /** Which series there are for whoever asks; all where absent. */
  readonly shows?: ((labels: Labels) => boolean) | undefined
  /** Of one family; what is beyond is left out and counted. */
  readonly maxSeries?: number | undefined
  /** Keeps a counter that is a sum from falling, by the name of the series. */
  readonly steady?: ((series: string, value: number) => number) | undefined
}

const [OPEN, COMMA, CLOSE, END] = ['{', ',', '} ', '\n'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
]
/** More than a number and the punctuation of a line take. */
const LINE_ROOM = 64

export class Exposition {
  readonly openMetrics: boolean
  readonly #shows: ((labels: Labels) => boolean) | undefined
  readonly #maxSeries: number
  readonly #steady: ExpositionOptions['steady']
  /** What was asked of `#shows` for labels that come again. */
  readonly #seen = new Map<FixedLabels, boolean>()
  readonly #out = new ByteText()
  #name = ''
  #family = ''
  #isCounter = false
  #sampleName: Uint8Array = Buffer.alloc(0)
  #series = 0
  #dropped = 0
  readonly #slice = new Slice()

  constructor({ openMetrics, shows, maxSeries = Infinity, steady }: ExpositionOptions) {
    this.openMetrics = openMetrics
    this.#steady = steady
    this.#shows = shows
    this.#maxSeries = maxSeries
  }

  /** How many series were left out so far. */
  get dropped(): number {
    return this.#dropped
  }

  /** That many series of this family are not shown, as they are beyond a cap. */
  drop(series: number): void {
    this.#dropped += series
  }

  /** Begins a metric family: HELP and TYPE. A counter's name ends in `_total`; OpenMetrics leaves that off the family. */
  family(name: string, type: string, help: string, unit = ''): void {
    this.#sampleName = Buffer.from(name)
    this.#series = 0
    this.#isCounter = type === 'counter'
    this.#family = name
    this.#name = this.openMetrics && type === 'counter' ? name.replace(/_total$/, '') : name
    const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
    this.#out.text(`# HELP ${this.#name} ${escaped}\n# TYPE ${this.#name} ${type}\n`)
    if (this.openMetrics && unit !== '' && this.#name.endsWith(`_${unit}`))
      this.#out.text(`# UNIT ${this.#name} ${unit}\n`)
  }

  /** One series of the family; `name`: where it is not the family's. */
  sample(labels: Labels | FixedLabels, value: number, name?: string): void {
    if (!this.#takes(labels, 1)) return
    if (labels instanceof FixedLabels) return this.#line(labels.text, undefined, this.#sum(labels, '', value))
    const text = labelText(this.openMetrics ? canonical(labels) : labels)
    if (name === undefined) this.#out.bytes(this.#sampleName)
    else this.#out.text(name)
    this.#out.text(text === '' ? ' ' : `{${text}} `)
    this.#out.number(value)
    this.#out.bytes(END)
  }

  /** One series of the family with a label more than the fixed ones: `more` is its text, made with `labelText`. */
  sampleOf(fixed: FixedLabels, more: string, value: number): void {
    if (this.#takes(fixed, 1)) this.#line(fixed.text, more, this.#sum(fixed, more, value))
  }

  /** The series of one histogram: cumulative buckets, sum and count. OpenMetrics gets the exemplars too, one a bucket. */
  histogram(labels: Labels | FixedLabels, histogram: Histogram, exemplars = histogram.exemplars): void {
    const { bounds } = histogram
    if (!this.#takes(labels, bounds.length + 3)) return
    const out = this.#out
    const fixed = labels instanceof FixedLabels ? labels : new FixedLabels(labels)
    const { text } = fixed
    const { counts, sum } = fixed.isSum ? this.#sumOf(fixed, histogram) : histogram
    const ends = endsOf(bounds, this.openMetrics, text.length > 0)
    const traces = this.openMetrics && exemplars !== undefined ? exemplars.map((one) => one && exemplarText(one)) : NONE
    const length = this.#name.length + '_bucket{'.length + text.length
    // All in one piece, because the lines of the buckets begin alike.
    out.room((length + LINE_ROOM) * (ends.length + 2) + traces.reduce((sum, trace = '') => sum + trace.length * 3, 0))
    const from = out.at
    out.text(`${this.#name}_bucket{`)
    out.bytes(text)
    let cumulative = 0
    for (let bucket = 0; bucket < ends.length; bucket++) {
      if (bucket > 0) out.again(from, length)
      out.short(ends[bucket]!)
      out.number((cumulative += counts[bucket]!))
      const trace = traces[bucket]
      if (trace !== undefined) out.text(trace)
      out.short(END)
    }
    this.#tail('_sum', text, sum)
    this.#tail('_count', text, cumulative)
  }

  /** Lets others run when this scrape has held the event loop for its slice. */
  async breathe(): Promise<void> {
    if (this.#slice.spent) await this.#slice.yield()
  }

  /** All of it, in pieces. */
  bytes(): readonly Uint8Array[] {
    if (this.openMetrics) this.#out.text('# EOF\n')
    return this.#out.take()
  }

  /** May be written: the asker may see it, and there is room in the family. */
  #takes(labels: Labels | FixedLabels, series: number): boolean {
    if (this.#shows !== undefined && !this.#isShown(labels, this.#shows)) return false
    this.#series += series
    if (this.#series <= this.#maxSeries) return true
    this.#dropped += series
    return false
  }

  #sum({ isSum, labels }: FixedLabels, more: string, value: number): number {
    if (!isSum || !this.#isCounter || this.#steady === undefined) return value
    return this.#steady(`${this.#family} ${labelText(labels)} ${more}`, value)
  }

  #sumOf({ labels }: FixedLabels, { counts, sum }: Histogram): Pick<Histogram, 'counts' | 'sum'> {
    const steady = this.#steady
    if (steady === undefined) return { counts, sum }
    const series = `${this.#family} ${labelText(labels)}`
    return {
      counts: counts.map((count, bucket) => steady(`${series} ${bucket}`, count)),
      sum: steady(`${series} sum`, sum),
    }
  }

  #isShown(labels: Labels | FixedLabels, shows: (labels: Labels) => boolean): boolean {
    if (!(labels instanceof FixedLabels)) return shows(labels)
    let isShown = this.#seen.get(labels)
    if (isShown === undefined) this.#seen.set(labels, (isShown = shows(labels.labels)))
    return isShown
  }

  #line(labels: Uint8Array, more: string | undefined, value: number): void {
    const out = this.#out
    out.room(this.#sampleName.length + labels.length + (more?.length ?? 0) * 3 + LINE_ROOM)
    out.short(this.#sampleName)
    out.short(OPEN)
    out.short(labels)
    if (more !== undefined) {
      out.short(COMMA)
      out.text(more)
    }
    out.short(CLOSE)
    out.number(value)
    out.bytes(END)
  }

  #tail(suffix: string, labels: Uint8Array, value: number): void {
    const out = this.#out
    out.text(`${this.#name}${suffix}`)
    if (labels.length > 0) {
      out.bytes(OPEN)
      out.bytes(labels)
      out.bytes(CLOSE)
    } else out.text(' ')
    out.number(value)
    out.bytes(END)
  }
}

const NONE: readonly (string | undefined)[] = []

/** What stands behind the labels of each bucket: `le="0.01"} `. The same for all histograms of these bounds. */
const knownEnds = new WeakMap<readonly number[], Map<string, readonly Uint8Array[]>>()

function endsOf(bounds: readonly number[], openMetrics: boolean, isBehindOthers: boolean): readonly Uint8Array[] {
  let known = knownEnds.get(bounds)
  if (known === undefined) knownEnds.set(bounds, (known = new Map()))
  const key = `${openMetrics} ${isBehindOthers}`
  let ends = known.get(key)
  if (ends === undefined) {
    const texts = [...bounds.map(openMetrics ? canonicalNumber : String), '+Inf']
    known.set(key, (ends = texts.map((text) => Buffer.from(`${isBehindOthers ? ',' : ''}le="${text}"} `))))
  }
  return ends
}

// OpenMetrics 1.0, "Exemplars": labels, value, seconds since 1970.
const exemplarText = ({ traceId, value, at }: Exemplar): string =>
  ` # {trace_id="${escapeLabel(traceId)}"} ${value} ${(at / 1000).toFixed(3)}`

// OpenMetrics 1.0, "Considerations: Canonical Numbers": le="1.0", not le="1".
const canonicalNumber = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))

const canonical = (labels: Labels): Labels =>
  typeof labels.le === 'number' ? { ...labels, le: canonicalNumber(labels.le) } : labels

/** Labels as they stand between the braces. */
export function labelText(labels: Labels): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(String(labels[name]))}"`
  return text
}

const escapeLabel = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value
