/**
 * Payloads of births, deaths and data (Sparkplug 3.0, 6.4.19 … 6.4.27). A sample's sequence number travels in `body`, as `uuid` says:
 * the number of the first metric, then for each further one the difference to the one before (zigzag varints); or as the property
 * `Seq` of each metric.
 */
import { HAS_VALUE, IS_BIG, IS_OTHER, KEPT, type SampleBatch } from '../../core/batch.ts'
import type { LatestValue } from '../../core/sink.ts'
import { sparkplugQuality, type StatusCode } from '../../core/status.ts'
import { GAP_ALIAS, type Metric } from './edge-node.ts'
import { MetricType, writeNumber, writeValue } from './metric-type.ts'
import { METRIC, PAYLOAD, PROPERTIES, PROPERTY } from './payload-fields.ts'
import { PayloadWriter } from './payload-writer.ts'

export interface EncoderOptions {
  readonly logId: string
  readonly aliases: boolean
  readonly sequence: 'body' | 'property'
  /** A UInt32 stands in long_value. */
  readonly wideUint32: boolean
}

/** A metric of a birth with what it is told to be. */
export interface BornMetric {
  readonly metric: Metric
  readonly latest: LatestValue
}

const text = (value: string): Uint8Array =>
  Buffer.concat([Buffer.from([PROPERTIES.key, value.length]), Buffer.from(value)])
const QUALITY_KEY = text('Quality')
const STATUS_KEY = text('StatusCode')
const SEQ_KEY = text('Seq')

export class PayloadEncoder {
  readonly #options: EncoderOptions
  readonly #writer = new PayloadWriter()
  readonly #uuid: string
  readonly #body = new PayloadWriter()
  /** Where all stood before the last row. */
  readonly #before = { at: 0, body: 0, seq: 0 }
  #lastSeq = 0
  #count = 0

  constructor(options: EncoderOptions) {
    this.#options = options
    this.#uuid = `bifrost-seq:${options.logId}`
  }

  /** NDEATH: the birth-death sequence number alone, and no seq. */
  nodeDeath(bdSeq: number, now: number): Buffer {
    this.#begin(now)
    this.#bdSeq(bdSeq, now)
    return this.#writer.taken()
  }

  /** NBIRTH; `gap` is the last stretch of lost samples that was told. */
  nodeBirth(bdSeq: number, gap: string | undefined, now: number): Buffer {
    this.#begin(now)
    this.#bdSeq(bdSeq, now)
    const rebirth = this.#named('Node Control/Rebirth', undefined, now, MetricType.Boolean)
    this.#writer.flag(METRIC.boolean, false)
    this.#writer.close(rebirth)
    const start = this.#named('Bifrost/Gap', GAP_ALIAS, now, MetricType.String)
    if (gap === undefined) this.#writer.flag(METRIC.isNull, true)
    else this.#writer.text(METRIC.string, gap)
    this.#writer.close(start)
    return this.#finished(0)
  }

  /** NDATA with a stretch of lost samples. */
  gap(gap: string, seq: number, now: number): Buffer {
    this.#begin(now)
    const start = this.#writer.open(PAYLOAD.metric)
    if (this.#options.aliases) this.#writer.number(METRIC.alias, GAP_ALIAS)
    else this.#writer.text(METRIC.name, 'Bifrost/Gap')
    this.#writer.number(METRIC.timestamp, wholeMs(now))
    this.#writer.text(METRIC.string, gap)
    this.#writer.close(start)
    return this.#finished(seq)
  }

  /** DBIRTH. Texts and bytes longer than `longest` are told as null. */
  deviceBirth(metrics: readonly BornMetric[], seq: number, now: number, longest = Infinity): Buffer {
    this.#begin(now)
    for (const { metric, latest } of metrics) {
      const { value, time, status } = latest
      const at = value === undefined ? now : time
      const start = this.#named(metric.name, metric.alias, at, metric.type)
      const isLong = (typeof value === 'string' || value instanceof Uint8Array) && value.length > longest
      const isNull = value === undefined || isLong
      if (isNull) this.#writer.flag(METRIC.isNull, true)
      this.#birthProperties(metric, status)
      if (!isNull && !writeValue(this.#writer, metric.type, value, this.#options.wideUint32))
        this.#writer.flag(METRIC.isNull, true)
      this.#writer.close(start)
    }
    return this.#finished(seq)
  }

  /** DDEATH: no metrics. */
  deviceDeath(seq: number, now: number): Buffer {
    this.#begin(now)
    return this.#finished(seq)
  }

  /** Begins a DDATA: `add` rows, then take it with `data`. */
  begin(now: number): void {
    this.#begin(now)
    this.#body.at = 0
    this.#lastSeq = 0
    this.#count = 0
  }

  /** How many rows the DDATA has, and how many bytes it will have. */
  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#writer.at + this.#body.at + this.#uuid.length + 16
  }

  /** Adds a row; false when its value is none of the metric's type: nothing is added then. */
  add(batch: SampleBatch, row: number, metric: Metric, isHistory: boolean): boolean {
    const writer = this.#writer
    const before = writer.at
    const flags = batch.flags[row]!
    const status = batch.status[row]!
    const seq = batch.seq === undefined ? 0 : batch.seq[row]!
    const start = writer.open(PAYLOAD.metric)
    if (this.#options.aliases) writer.number(METRIC.alias, metric.alias)
    else writer.text(METRIC.name, metric.name)
    writer.number(METRIC.timestamp, wholeMs(batch.time[row]!))
    if (isHistory) writer.flag(METRIC.isHistorical, true)
    const hasValue = (flags & (HAS_VALUE | KEPT)) !== 0
    if (!hasValue) writer.flag(METRIC.isNull, true)
    if (status !== 0 || this.#options.sequence === 'property') this.#rowProperties(status, seq)
    if (hasValue && !this.#rowValue(batch, row, flags, metric.type)) {
      writer.at = before
      return false
    }
    writer.close(start)
    this.#before.at = before
    this.#before.body = this.#body.at
    this.#before.seq = this.#lastSeq
    if (this.#options.sequence === 'body') this.#body.varint(this.#count === 0 ? seq : zigzag(seq - this.#lastSeq))
    this.#lastSeq = seq
    this.#count++
    return true
  }

  /** Takes the last row away again. */
  undo(): void {
    this.#writer.at = this.#before.at
    this.#body.at = this.#before.body
    this.#lastSeq = this.#before.seq
    this.#count--
  }

  /** The DDATA that `begin` and `add` made. */
  data(seq: number): Buffer {
    this.#writer.number(PAYLOAD.seq, seq)
    this.#writer.text(PAYLOAD.uuid, this.#uuid)
    if (this.#options.sequence === 'body') this.#writer.bytes(PAYLOAD.body, this.#body.taken())
    return this.#writer.taken()
  }

  #begin(now: number): void {
    this.#writer.at = 0
    this.#writer.number(PAYLOAD.timestamp, wholeMs(now))
  }

  #finished(seq: number): Buffer {
    this.#writer.number(PAYLOAD.seq, seq)
    return this.#writer.taken()
  }

  #bdSeq(bdSeq: number, now: number): void {
    const start = this.#named('bdSeq', undefined, now, MetricType.Int64)
    this.#writer.number(METRIC.long, bdSeq)
    this.#writer.close(start)
  }

  /** Begins a metric of a birth. */
  #named(name: string, alias: number | undefined, time: number, type: MetricType): number {
    const start = this.#writer.open(PAYLOAD.metric)
    this.#writer.text(METRIC.name, name)
    if (alias !== undefined && this.#options.aliases) this.#writer.number(METRIC.alias, alias)
    this.#writer.number(METRIC.timestamp, wholeMs(time))
    this.#writer.number(METRIC.datatype, type)
    return start
  }

  #rowValue(batch: SampleBatch, row: number, flags: number, type: MetricType): boolean {
    const { wideUint32 } = this.#options
    if ((flags & (IS_BIG | IS_OTHER)) === 0) return writeNumber(this.#writer, type, batch.value[row]!, wideUint32)
    const value = batch.lastValueAt(row)
    return value !== undefined && writeValue(this.#writer, type, value, wideUint32)
  }

  #rowProperties(status: StatusCode, seq: number): void {
    const start = this.#writer.open(METRIC.properties)
    const withSeq = this.#options.sequence === 'property'
    this.#statusKeys(status)
    if (withSeq) this.#writer.raw(SEQ_KEY)
    this.#statusValues(status)
    if (withSeq) this.#property(MetricType.Int64, (writer) => writer.number(PROPERTY.long, seq))
    this.#writer.close(start)
  }

  #birthProperties({ info: { settings } }: Metric, status: StatusCode): void {
    const { unit, low, high } = settings
    if (status === 0 && unit === undefined && low === undefined && high === undefined) return
    const writer = this.#writer
    const start = writer.open(METRIC.properties)
    this.#statusKeys(status)
    if (unit !== undefined) writer.text(PROPERTIES.key, 'engUnit')
    if (low !== undefined) writer.text(PROPERTIES.key, 'engLow')
    if (high !== undefined) writer.text(PROPERTIES.key, 'engHigh')
    this.#statusValues(status)
    if (unit !== undefined) this.#property(MetricType.String, () => writer.text(PROPERTY.string, unit))
    if (low !== undefined) this.#property(MetricType.Double, () => writer.double(PROPERTY.double, low))
    if (high !== undefined) this.#property(MetricType.Double, () => writer.double(PROPERTY.double, high))
    writer.close(start)
  }

  #statusKeys(status: StatusCode): void {
    if (status === 0) return
    this.#writer.raw(QUALITY_KEY)
    this.#writer.raw(STATUS_KEY)
  }

  #statusValues(status: StatusCode): void {
    if (status === 0) return
    this.#property(MetricType.Int32, (writer) => writer.number(PROPERTY.int, sparkplugQuality(status)))
    // Not a UInt32: libraries differ in the field where they look for one.
    this.#property(MetricType.Int64, (writer) => writer.number(PROPERTY.long, status))
  }

  #property(type: MetricType, write: (writer: PayloadWriter) => void): void {
    const start = this.#writer.open(PROPERTIES.value)
    this.#writer.number(PROPERTY.type, type)
    write(this.#writer)
    this.#writer.close(start)
  }
}

/** Timestamps are whole milliseconds, and none is before 1970. */
const wholeMs = (time: number): number => (time > 0 ? Math.floor(time) : 0)

const zigzag = (difference: number): number => (difference >= 0 ? difference * 2 : -difference * 2 - 1)
