/**
 * The prometheus sink: remote write 1.0 to Prometheus and what speaks like it. A write is done when it was answered with 2xx.
 * Prometheus takes a series in ascending order of time and knows a sample by series and time; what it refuses for that is found
 * alone, and told apart from what is there already because an answer got lost. See README.md.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { defineSink, type Gap, type Sink, type SinkContext } from '../../core/sink.ts'
import { TagTable } from '../../core/tags.ts'
import type { HttpAnswer } from '../../wire/http/http-client.ts'
import { credentialsOf, HttpEndpoint } from '../../wire/http/http-endpoint.ts'
import { answered } from '../../wire/http/verdict.ts'
import { Halving, type Reply } from '../encode/halving.ts'
import { timeOf } from '../encode/payload.ts'
import { throwRejected } from '../encode/rejected.ts'
import { sharedPlaces } from '../encode/shared-places.ts'
import { prometheusOptions, type PrometheusOptions } from './options.ts'
import { SeriesEncoder } from './series.ts'
import { encodeLabels, encodeWriteRequest, type Series } from './write-request.ts'

const HEADERS = {
  'Content-Type': 'application/x-protobuf',
  'Content-Encoding': 'snappy',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
}
/** What Prometheus says of a sample whose series has a newer one, or another one of the same time. */
const NOT_NEWEST = /out of order|duplicate sample/i

/** Samples to Prometheus. */
export const prometheus = defineSink({
  name: 'prometheus',
  summary: 'Samples as series of Prometheus, Mimir, Thanos or VictoriaMetrics by remote write.',
  options: prometheusOptions,
  batchRows: 2000,
  conflicts,
  create: (options, context) => new PrometheusSink(options, context),
})

/** Tags that would write to the same series, each as a sentence. */
function conflicts(options: PrometheusOptions, tags: readonly { device: string; name: string }[]): readonly string[] {
  const encoder = new SeriesEncoder(options, { logId: 'log', sink: 'sink' }, new TagTable())
  return sharedPlaces(tags, (info) => encoder.places(info), 'series')
}

class PrometheusSink implements Sink {
  readonly #options: PrometheusOptions
  readonly #context: SinkContext
  readonly #path: string
  readonly #encoder: SeriesEncoder
  readonly #endpoint: HttpEndpoint
  readonly #halving = new Halving()
  /** The time of the newest sample of each tag that was confirmed since the start. */
  readonly #newest = new Map<number, number>()
  #newestOfAll = 0
  #alreadyThere = 0

  constructor(options: PrometheusOptions, context: SinkContext) {
    const { pathname, search } = new URL(options.url)
    this.#options = options
    this.#context = context
    this.#path = pathname + search
    this.#encoder = new SeriesEncoder(options, { logId: context.logId, sink: context.name }, context.tags)
    this.#endpoint = new HttpEndpoint(options, credentialsOf(options), context)
  }

  /** A write of nothing says whether address and credentials are right. */
  async connect(signal: AbortSignal): Promise<void> {
    this.#halving.reset()
    await this.#endpoint.connect(signal)
    this.#endpoint.verdict(await this.#send([], signal))
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = new Map<number, string>()
    const twins = new Map<number, number>()
    const rows = this.#encoder.rowsOf(batch, rejected, twins)
    const refused = new Map<number, string>()
    await this.#halving.write(rows, (some) => this.#post(batch, some, signal), refused)
    const there = this.#already(batch, refused)
    for (const [row, reason] of refused) if (!there.has(row)) rejected.set(row, reason)
    for (const [row, twin] of twins) if (rejected.has(twin)) rejected.set(row, rejected.get(twin)!)
    this.#note(batch, rows, rejected)
    throwRejected(this.#endpoint.where, batch, rejected)
  }

  /** At the time of the loss, or of the newest sample where that is later: Prometheus takes no past. */
  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    if (!this.#options.gaps) return
    const time = Math.floor(Math.max(gap.toTime, this.#newestOfAll))
    const series = (name: string, value: number): Series => ({
      labels: encodeLabels([
        { name: '__name__', value: `bifrost_gap_${name}` },
        { name: 'log', value: this.#context.logId },
        { name: 'reason', value: gap.reason },
      ]),
      times: [time],
      values: [value],
    })
    const told = [
      series('samples', gap.samples ?? gap.toSeq - gap.fromSeq + 1),
      series('from_seq', gap.fromSeq),
      series('to_seq', gap.toSeq),
    ]
    const answer = await this.#send(told, signal)
    this.#endpoint.mustTake(answer, 'the gap')
  }

  progress(): number {
    return this.#endpoint.answers
  }

  facts(): Record<string, string | number> {
    return {
      ...(this.#alreadyThere === 0 ? {} : { 'samples that were there already': this.#alreadyThere }),
      ...this.#halving.facts,
    }
  }

  async close(): Promise<void> {
    this.#endpoint.close()
  }

  async #post(batch: SampleBatch, rows: readonly number[], signal: AbortSignal): Promise<Reply> {
    const answer = await this.#send(this.#encoder.encode(batch, rows), signal)
    const verdict = this.#endpoint.verdict(answer)
    if (verdict === 'taken') return { taken: true }
    return { taken: false, tooLarge: verdict === 'too-large', reason: answered(answer) }
  }

  /**
   * Rows that the far side has: it calls them older than its newest sample, which came from us, in a write whose answer got lost
   * or before a restart. A row that is older than what was confirmed since is really too old.
   */
  #already(batch: SampleBatch, refused: ReadonlyMap<number, string>): ReadonlySet<number> {
    const there = new Set<number>()
    for (const [row, reason] of refused) {
      const newest = this.#newest.get(batch.tag[row]!) ?? -Infinity
      if (NOT_NEWEST.test(reason) && timeOf(batch, row) > newest) there.add(row)
    }
    if (there.size === 0) return there
    this.#alreadyThere += there.size
    this.#context.log.info({ samples: there.size }, 'the far side has these samples already, from before a lost answer')
    return there
  }

  #note(batch: SampleBatch, rows: readonly number[], rejected: ReadonlyMap<number, string>): void {
    for (const row of rows) {
      if (rejected.has(row)) continue
      const [tag, time] = [batch.tag[row]!, timeOf(batch, row)]
      if (time > (this.#newest.get(tag) ?? -Infinity)) this.#newest.set(tag, time)
      this.#newestOfAll = Math.max(this.#newestOfAll, time)
    }
  }

  async #send(series: readonly Series[], signal: AbortSignal): Promise<HttpAnswer> {
    const { compress } = await import('snappyjs')
    const body = compress(encodeWriteRequest(series))
    return this.#endpoint.send({ method: 'POST', path: this.#path, headers: HEADERS, body }, signal)
  }
}
