/**
 * The influx sink: samples as points of InfluxDB 1, 2 or 3. A write is done when InfluxDB has it in its write-ahead log. Points
 * that it refuses (a field of another type, older than the retention) are found and named alone. See README.md.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { oneLine } from '../../core/one-line.ts'
import { defineSink, type Gap, type Sink, type SinkContext } from '../../core/sink.ts'
import { TagTable } from '../../core/tags.ts'
import { gzipped } from '../../wire/http/gzip.ts'
import type { HttpAnswer } from '../../wire/http/http-client.ts'
import { HttpEndpoint } from '../../wire/http/http-endpoint.ts'
import { answered } from '../../wire/http/verdict.ts'
import { gapDocument } from '../encode/gap-document.ts'
import { Halving, type Reply } from '../encode/halving.ts'
import { keyText, measurementText, stringText } from '../encode/line-text.ts'
import { throwRejected } from '../encode/rejected.ts'
import { sharedPlaces } from '../encode/shared-places.ts'
import { parseName } from '../encode/tag-words.ts'
import { fillTemplate } from '../encode/template.ts'
import { influxCredentials, refusedLines, writePath } from './interface.ts'
import { LineEncoder } from './line-encoder.ts'
import { influxOptions, type InfluxOptions } from './options.ts'

/** Samples to InfluxDB. */
export const influx = defineSink({
  name: 'influx',
  summary: 'Samples as points of InfluxDB 1.x, 2.x or 3 by line protocol.',
  options: influxOptions,
  batchRows: 5000,
  conflicts,
  create: (options, context) => new InfluxSink(options, context),
})

/** Two tags that would write the same field of the same series, each as a sentence. */
function conflicts(options: InfluxOptions, tags: readonly { device: string; name: string }[]): readonly string[] {
  const encoder = new LineEncoder(options, { logId: 'log', sink: 'sink' }, new TagTable())
  return sharedPlaces(tags, (info) => [encoder.place(info)], 'series and field')
}

/** InfluxDB takes strings up to this length. */
const MAX_TEXT_BYTES = 65_536

class InfluxSink implements Sink {
  readonly #options: InfluxOptions
  readonly #context: SinkContext
  readonly #path: string
  readonly #encoder: LineEncoder
  readonly #endpoint: HttpEndpoint
  readonly #halving = new Halving()
  #server: string | undefined

  constructor(options: InfluxOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
    this.#path = writePath(options)
    this.#encoder = new LineEncoder(options, { logId: context.logId, sink: context.name }, context.tags)
    this.#endpoint = new HttpEndpoint(options, influxCredentials(options), context)
  }

  /** A write of nothing: credentials, database and permission are checked before InfluxDB looks at the lines. */
  async connect(signal: AbortSignal): Promise<void> {
    this.#halving.reset()
    await this.#endpoint.connect(signal)
    const answer = await this.#send('', signal)
    // Versions 2 and 3 say 400: there are no points.
    this.#endpoint.verdict(answer)
    const version = answer.headers['x-influxdb-version']
    this.#server = typeof version === 'string' ? oneLine(version) : undefined
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = new Map<number, string>()
    const rows = this.#encoder.rowsOf(batch, rejected)
    await this.#halving.write(rows, (some) => this.#post(batch, some, signal), rejected)
    throwRejected(this.#endpoint.where, batch, rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    if (this.#options.gapMeasurement === '') return
    const answer = await this.#send(this.#gapLine(gap), signal)
    this.#endpoint.mustTake(answer, 'the gap')
  }

  progress(): number {
    return this.#endpoint.answers
  }

  facts(): Record<string, string | number> {
    return {
      ...(this.#server === undefined ? {} : { server: `InfluxDB ${this.#server}` }),
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
    const reason = answered(answer)
    if (verdict === 'too-large') return { taken: false, tooLarge: true, reason }
    const rejected = this.#options.version === 3 ? refusedLines(answer, rows) : undefined
    if (allTooOld(answer.text, rows.length)) return { taken: true, rejected: new Map(rows.map((row) => [row, reason])) }
    // Versions 1 and 2 store the good lines and name none of the others. To send a line again changes nothing.
    return rejected === undefined ? { taken: false, reason } : { taken: true, rejected }
  }

  async #send(lines: string, signal: AbortSignal): Promise<HttpAnswer> {
    const compressed = this.#options.gzip && lines !== ''
    const body = compressed ? await gzipped(Buffer.from(lines)) : Buffer.from(lines)
    const headers = {
      'Content-Type': 'text/plain; charset=utf-8',
      ...(compressed ? { 'Content-Encoding': 'gzip' } : {}),
    }
    return this.#endpoint.send({ method: 'POST', path: this.#path, headers, body }, signal)
  }

  /** `bifrost_gap,log=k3f9 fromSeq=2i,toSeq=11i,samples=10i,reason="retention",… TIME`, at the time of the last loss. */
  #gapLine(gap: Gap): string {
    const { logId, tags, name } = this.#context
    const { precision, gapMeasurement } = this.#options
    const measurement = fillTemplate(parseName(gapMeasurement), (word) =>
      word === 'log' ? logId : word === 'sink' ? name : '',
    )
    const integers = {
      fromSeq: gap.fromSeq,
      toSeq: gap.toSeq,
      samples: gap.samples,
      fromTime: gap.fromTime,
      toTime: gap.toTime,
    }
    const known = Object.entries(integers).flatMap(([key, value]) =>
      value === undefined ? [] : `${key}=${Math.floor(value)}i`,
    )
    const { tags: lost } = gapDocument(gap, logId, tags) as { tags?: object }
    const names = JSON.stringify(lost ?? '')
    const named = lost === undefined || names.length > MAX_TEXT_BYTES / 3 ? '' : `,tags=${stringText(names)}`
    const digits = String(gap.fromSeq % 1_000_000).padStart(6, '0')
    const time = precision === 'ms' ? `${Math.floor(gap.toTime)}` : `${Math.floor(gap.toTime)}${digits}`
    return `${measurementText(measurement)},log=${keyText(logId)} ${known.join()},reason=${stringText(gap.reason)}${named} ${time}\n`
  }
}

/** A whole batch that is older than the retention: no need to look for its rows one by one. The count is of points. */
const allTooOld = (text: string, rows: number): boolean =>
  /points beyond retention policy dropped=(\d+)/.exec(text)?.[1] === String(rows)
