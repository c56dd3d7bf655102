/**
 * Samples as lines of text: NDJSON, or CSV (RFC 4180, with a line feed at the end of a line). What depends on the tag alone is made once
 * a tag. No value is lost: see `row-values.ts`; in CSV no value is an empty field and an empty string is `""`.
 */
import { HISTORICAL, type SampleBatch } from '../core/batch.ts'
import type { Gap } from '../core/sink.ts'
import { Status } from '../core/status.ts'
import type { TagInfo } from '../core/tags.ts'
import type { TagId, Value } from '../core/value.ts'
import { numberText, plainText, TimeText } from './row-values.ts'

export interface RowTextOptions {
  readonly logId: string
  readonly tags: { get(id: TagId): TagInfo | undefined }
  /** A row without a value shows the last one of its tag beside the new status. */
  readonly lastValues?: boolean
  /** CSV: also the tag's type, and whether the sample is historical. NDJSON has them always. */
  readonly allColumns?: boolean
}

/** Lines of one format. */
export interface RowText {
  /** The first line of a file, with its end; empty where there is none. */
  readonly header: string
  /** One line, with its end. */
  row(batch: SampleBatch, row: number): string
  /** What was lost, as a line of the type `gap`: its value is the gap as JSON, its time when the loss began, its number the first lost. */
  gap(gap: Gap): string
}

/** What was lost, for people and programs: names in place of tag ids. */
function gapJson(gap: Gap, tags: RowTextOptions['tags']): object {
  const { fromSeq, toSeq, samples, reason, fromTime, toTime } = gap
  const names = gap.tags?.map((id) => tags.get(id)).filter((info) => info !== undefined)
  const lost = { fromSeq, toSeq, samples: samples ?? null, reason, fromTime, toTime }
  return names === undefined
    ? lost
    : { ...lost, tags: names.map(({ device, settings }) => `${device}/${settings.name}`) }
}

/** Texts that depend on the tag alone, by tag id. */
class TagTexts<Texts> {
  readonly #known: ({ info: TagInfo | undefined; texts: Texts } | undefined)[] = []
  readonly #tags: RowTextOptions['tags']
  readonly #make: (info: TagInfo | undefined) => Texts

  constructor(tags: RowTextOptions['tags'], make: (info: TagInfo | undefined) => Texts) {
    this.#tags = tags
    this.#make = make
  }

  of(tag: TagId): Texts {
    const info = this.#tags.get(tag)
    const known = this.#known[tag]
    if (known !== undefined && known.info === info) return known.texts
    const texts = this.#make(info)
    this.#known[tag] = { info, texts }
    return texts
  }
}

/** `{"time":…,"device":…,"tag":…,"value":…,"unit":…,"status":0,"log":…,"seq":4711,"type":…}`, and `"historical":true` where it is. */
export class NdjsonText implements RowText {
  readonly header = ''
  readonly #options: RowTextOptions
  readonly #time = new TimeText()
  readonly #texts: TagTexts<{ names: string; unit: string; type: string }>
  readonly #log: string

  constructor(options: RowTextOptions) {
    this.#options = options
    this.#log = JSON.stringify(options.logId)
    this.#texts = new TagTexts(options.tags, (info) => ({
      names: `"device":${JSON.stringify(info?.device ?? null)},"tag":${JSON.stringify(info?.settings.name ?? null)}`,
      unit: JSON.stringify(info?.settings.unit ?? null),
      type: JSON.stringify(info?.settings.type ?? null),
    }))
  }

  row(batch: SampleBatch, row: number): string {
    const { names, unit, type } = this.#texts.of(batch.tag[row]!)
    const value = this.#options.lastValues === true ? batch.lastValueAt(row) : batch.valueAt(row)
    const seq = batch.seq === undefined ? '"log":null,"seq":null' : `"log":${this.#log},"seq":${batch.seq[row]!}`
    const historical = batch.flags[row]! & HISTORICAL ? ',"historical":true' : ''
    return `{"time":${this.#timeOf(batch.time[row]!)},${names},"value":${jsonValue(value)},"unit":${unit},"status":${batch.status[row]!},${seq},"type":${type}${historical}}\n`
  }

  gap(gap: Gap): string {
    const value = JSON.stringify(gapJson(gap, this.#options.tags))
    return `{"time":${this.#timeOf(gap.fromTime)},"device":null,"tag":null,"value":${value},"unit":null,"status":${Status.BadDataLost},"log":${this.#log},"seq":${gap.fromSeq},"type":"gap"}\n`
  }

  #timeOf(ms: number): string {
    const text = this.#time.of(ms)
    return text === undefined ? 'null' : `"${text}"`
  }
}

function jsonValue(value: Value | undefined): string {
  if (value === undefined) return 'null'
  if (typeof value === 'number') return value - value === 0 ? numberText(value) : `"${value}"`
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return JSON.stringify(plainText(value))
}

const COLUMNS = 'time,device,tag,value,unit,status,log,seq'

/** The first line of a CSV file, with its end. */
export const csvHeader = (allColumns: boolean): string => `${COLUMNS}${allColumns ? ',type,historical' : ''}\n`

/** `2026-11-23T10:00:00.123Z,press-1,level,1.5,m,0,k3f9,4711`. */
export class CsvText implements RowText {
  readonly header: string
  readonly #options: RowTextOptions
  readonly #time = new TimeText()
  readonly #texts: TagTexts<{ names: string; unit: string; type: string }>
  readonly #log: string

  constructor(options: RowTextOptions) {
    this.#options = options
    this.#log = csvField(options.logId)
    this.header = csvHeader(options.allColumns === true)
    this.#texts = new TagTexts(options.tags, (info) => ({
      names: `${csvName(info?.device)},${csvName(info?.settings.name)}`,
      unit: csvName(info?.settings.unit),
      type: csvName(info?.settings.type),
    }))
  }

  row(batch: SampleBatch, row: number): string {
    const { names, unit, type } = this.#texts.of(batch.tag[row]!)
    const value = this.#options.lastValues === true ? batch.lastValueAt(row) : batch.valueAt(row)
    const text = value === undefined ? '' : typeof value === 'string' ? csvField(value) : plainText(value)
    const seq = batch.seq === undefined ? ',' : `${this.#log},${batch.seq[row]!}`
    const more = this.#options.allColumns === true ? `,${type},${(batch.flags[row]! & HISTORICAL) !== 0}` : ''
    return `${this.#time.of(batch.time[row]!) ?? ''},${names},${text},${unit},${batch.status[row]!},${seq}${more}\n`
  }

  gap(gap: Gap): string {
    const value = csvField(JSON.stringify(gapJson(gap, this.#options.tags)))
    const more = this.#options.allColumns === true ? ',gap,false' : ''
    return `${this.#time.of(gap.fromTime) ?? ''},,,${value},,${Status.BadDataLost},${this.#log},${gap.fromSeq}${more}\n`
  }
}

const csvName = (name: string | undefined): string => (name === undefined || name === '' ? '' : csvField(name))

/** RFC 4180, 2.5 to 2.7; an empty text is quoted, as an empty field is no text. */
const csvField = (text: string): string => (/^$|[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
