/** Reads what a file sink has written, as a consumer would: finished files and those still written, in every format and compression. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'

/** One row, as its format shows it: NDJSON as it is, CSV and Parquet turned into the same. */
export interface WrittenRow {
  readonly time: number
  readonly device: string | null
  readonly tag: string | null
  readonly value: unknown
  readonly unit: string | null
  readonly status: number
  readonly log: string
  readonly seq: number
  readonly type: string
  readonly historical: boolean
}

/** Every file below a folder, sorted, but for those that are hidden. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

/** The rows of one file. */
export async function rowsOf(path: string): Promise<WrittenRow[]> {
  let bytes = readFileSync(path)
  if (path.endsWith('.gz')) bytes = gunzipSync(bytes)
  if (path.endsWith('.zst')) bytes = zstdDecompressSync(bytes)
  if (path.endsWith('.parquet')) return parquetRows(bytes)
  return path.includes('.csv') ? csvRows(bytes.toString()) : jsonRows(bytes.toString())
}

function jsonRows(text: string): WrittenRow[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('half a line at the end')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const { time, historical = false, ...row } = JSON.parse(line)
      return { ...row, time: Date.parse(time), historical }
    })
}

/** RFC 4180: fields between commas, quoted where they hold one, a quote or a line break. */
function csvRows(text: string): WrittenRow[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('half a line at the end')
  const records: string[][] = []
  let record: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/gy
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    // A marker keeps an empty string apart from nothing.
    record.push(match[1] === undefined ? match[2]! : `\u0001${match[1].replaceAll('""', '"')}`)
    if (match[3] === ',') continue
    records.push(record)
    record = []
  }
  const [header, ...rows] = records
  if (header?.join() !== 'time,device,tag,value,unit,status,log,seq,type,historical')
    throw new Error(`header ${header?.join()}`)
  return rows.map((fields) => {
    const [time, device, tag, , unit, status, log, seq, type, historical] = fields.map((text) =>
      text.replace('\u0001', ''),
    )
    return {
      time: Date.parse(time!),
      device: device!,
      tag: tag!,
      value: typedValue(fields[3]!, type!),
      unit: unit === '' ? null : unit!,
      status: Number(status),
      log: log!,
      seq: Number(seq),
      type: type!,
      historical: historical === 'true',
    }
  })
}

function typedValue(text: string, type: string): unknown {
  if (text === '') return null
  const value = text.replace('\u0001', '')
  if (type === 'gap') return JSON.parse(value)
  if (type === 'bool') return value === 'true'
  const isText = text !== value || ['string', 'bytes', 'int64', 'uint64'].includes(type)
  return isText || Number.isNaN(Number(value)) ? value : Number(value)
}

async function parquetRows(bytes: Buffer): Promise<WrittenRow[]> {
  const compressors = { ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)) }
  const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors })
  return rows.map(({ time, device, tag, value, text, unit, status, log, seq, type, historical }) => ({
    time: (time as Date).getTime(),
    device,
    tag,
    value: type === 'gap' ? JSON.parse(text) : type === 'bool' ? value === 1 : (text ?? value),
    unit,
    status: Number(status),
    log,
    seq: Number(seq),
    type,
    historical,
  }))
}
