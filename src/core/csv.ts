/**
 * A reader of CSV (RFC 4180) that knows where each cell stands. It takes what spreadsheets write: a byte order mark, CRLF or
 * LF, comma, semicolon or tab (found from the header line, or given by Excel's `sep=;` line), quoted cells with doubled quotes.
 */

/** A record. `line` is where it begins in the file; `number` counts records from 1, the header included. */
export class CsvRecord {
  readonly line: number
  readonly number: number
  /** The cells' texts, blanks around unquoted ones removed. */
  readonly cells: readonly string[]
  /** As it stands in the file, without its line break. */
  readonly text: string
  readonly separator: string

  constructor(line: number, number: number, cells: readonly string[], text: string, separator: string) {
    this.line = line
    this.number = number
    this.cells = cells
    this.text = text
    this.separator = separator
  }

  /** Line and column (from 1) of the first character of a cell's text; found only when someone asks. */
  placeOf(cell: number): { line: number; column: number } {
    const starts = splitRecord(this.text, 0, this.separator).starts
    const start = starts[cell] ?? this.text.length
    const before = this.text.slice(0, start)
    const lastBreak = before.lastIndexOf('\n')
    return { line: this.line + (before.match(/\n/g)?.length ?? 0), column: start - lastBreak }
  }

  /** From where to where a cell reaches within `text`, quotes included, blanks around it not; undefined where there is none. */
  rangeOf(cell: number): readonly [from: number, to: number] | undefined {
    const { starts, ends } = splitRecord(this.text, 0, this.separator)
    const [start, end] = [starts[cell], ends[cell]]
    if (start === undefined || end === undefined) return undefined
    const isQuoted = this.text[start - 1] === '"' && this.text[end] === '"'
    return isQuoted ? [start - 1, end + 1] : [start, end]
  }
}

/** The text of one record alone, without a line break at its end. */
export const parseRecord = (text: string, separator: string, line: number, number: number): CsvRecord =>
  new CsvRecord(line, number, splitRecord(text, 0, separator).cells, text, separator)

/** What stops the reading of a file. */
export interface CsvFault {
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface CsvTable {
  readonly records: readonly CsvRecord[]
  readonly faults: readonly CsvFault[]
}

/** All records of `text`, blank lines left out. Faults are told apart from records, and reading goes on after them. */
export function parseCsv(text: string): CsvTable {
  const records: CsvRecord[] = []
  const faults: CsvFault[] = []
  let position = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  const declared = /^sep=(.)\r?\n/i.exec(text.slice(position, position + 16))
  if (declared !== null) {
    position += declared[0].length
    line++
  }
  if (/\r[^\n]/.test(text) && !text.includes('\n'))
    return {
      records,
      faults: [{ line, column: 1, message: 'the lines of this file end as on an old Mac; save it as "CSV UTF-8"' }],
    }
  const separator = declared?.[1] ?? findSeparator(text, position)
  while (position < text.length) {
    const record = readRecord(text, position, separator)
    if (record.fault !== undefined)
      faults.push({ line, column: record.fault.offset - position + 1, message: record.fault.message })
    if (record.cells.length > 1 || record.cells[0] !== '') {
      records.push(new CsvRecord(line, records.length + 1, record.cells, text.slice(position, record.end), separator))
    }
    line += record.lines
    position = record.next
  }
  return { records, faults }
}

/** The separator that the header line uses most, outside quotes. */
function findSeparator(text: string, from: number): string {
  const end = text.indexOf('\n', from)
  const header = text.slice(from, end < 0 ? undefined : end).replace(/"[^"]*"/g, '')
  const count = (separator: string) => header.split(separator).length
  return [',', ';', '\t'].reduce((best, separator) => (count(separator) > count(best) ? separator : best))
}

interface RecordText {
  cells: string[]
  /** Where the record's text ends, its line break not included. */
  end: number
  next: number
  lines: number
  fault?: { offset: number; message: string }
}

function readRecord(text: string, position: number, separator: string): RecordText {
  const lineBreak = text.indexOf('\n', position)
  const next = lineBreak < 0 ? text.length : lineBreak + 1
  let end = lineBreak < 0 ? text.length : lineBreak
  if (end > position && text.charCodeAt(end - 1) === 13) end--
  const line = text.slice(position, end)
  if (!line.includes('"')) return { cells: line.split(separator).map((cell) => cell.trim()), end, next, lines: 1 }
  const { cells, end: quotedEnd, fault } = splitRecord(text, position, separator)
  const quotedNext = text[quotedEnd] === '\r' ? quotedEnd + 2 : quotedEnd + 1
  const lines = text.slice(position, quotedEnd).split('\n').length
  return {
    cells,
    end: quotedEnd,
    next: Math.min(quotedNext, text.length),
    lines,
    ...(fault === undefined ? {} : { fault }),
  }
}

interface SplitRecord {
  cells: string[]
  starts: number[]
  ends: number[]
  end: number
  fault?: { offset: number; message: string }
}

/** The slow way, for records with quotes and for places: one cell after the other, each with where its text starts. */
function splitRecord(text: string, position: number, separator: string): SplitRecord {
  const result: SplitRecord = { cells: [], starts: [], ends: [], end: position }
  let at = position
  for (;;) {
    const blanks = /^[ \u00a0]*/.exec(text.slice(at, at + 64))![0].length
    const quoted = text[at + blanks] === '"'
    const end = quoted ? readQuoted(text, at + blanks, separator, result) : endOfCell(text, at, separator)
    if (!quoted) {
      result.cells.push(text.slice(at, end).trim())
      result.starts.push(at + blanks)
      result.ends.push(at + blanks + text.slice(at + blanks, end).trimEnd().length)
    }
    if (text[end] !== separator) return { ...result, end }
    at = end + 1
  }
}

/** Reads a quoted cell whose quote stands at `at`; returns where the cell ends. */
function readQuoted(text: string, at: number, separator: string, result: SplitRecord): number {
  let close = text.indexOf('"', at + 1)
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
  result.starts.push(at + 1)
  if (close < 0) {
    result.fault ??= { offset: at, message: 'this quote is never closed' }
    const end = endOfLine(text, at)
    result.cells.push(text.slice(at + 1, end))
    result.ends.push(end)
    return end
  }
  result.cells.push(text.slice(at + 1, close).replaceAll('""', '"'))
  result.ends.push(close)
  const end = endOfCell(text, close + 1, separator)
  if (text.slice(close + 1, end).trim() !== '') {
    result.fault ??= {
      offset: close + 1,
      message: 'text after a closing quote; a quote inside a quoted cell is written twice',
    }
  }
  return end
}

function endOfCell(text: string, from: number, separator: string): number {
  const lineEnd = endOfLine(text, from)
  const cellEnd = text.indexOf(separator, from)
  return cellEnd < 0 || cellEnd > lineEnd ? lineEnd : cellEnd
}

function endOfLine(text: string, from: number): number {
  const lineBreak = text.indexOf('\n', from)
  if (lineBreak < 0) return text.length
  return lineBreak > from && text.charCodeAt(lineBreak - 1) === 13 ? lineBreak - 1 : lineBreak
}
