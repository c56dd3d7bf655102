/**
 * Edits of a CSV file that people keep by hand or in a spreadsheet: cells, rows and columns, found by the text of the column `name`.
 * Separator, quotes, blanks for alignment, line ends and a byte order mark stay as they are; a row that is not meant is never touched.
 */
import { parseCsv, parseRecord, type CsvRecord } from '../../core/csv.ts'
import { GatewayError } from '../../core/errors.ts'

/** Texts of cells by the names of their columns. */
export type Cells = Readonly<Record<string, string>>

/** A stretch of the file: a record with its line break, or what stands before and between records. */
interface Piece {
  text: string
  record: CsvRecord | undefined
  /** Where a record begins that is read when somebody asks for it; 0: it is none, or is read. */
  readonly line: number
}

/** A file while it is edited: many edits cost one parse. */
export class CsvEdit {
  readonly #file: string
  readonly #pieces: Piece[]
  /** Of each row by its name; the first one where several have it, which no loaded file has. */
  readonly #rows = new Map<string, Piece>()
  readonly #header: Piece
  readonly #columns: string[]
  readonly #separator: string
  readonly #lineEnd: string

  /** `file` is how messages call it. Throws CONFLICT where it is no CSV file with a column `name`. */
  constructor(text: string, file: string) {
    this.#file = file
    const plain = plainPieces(text)
    const { records, faults } = parseCsv(plain === undefined ? text : text.slice(0, plain.from))
    const [header] = records
    if (faults.length > 0 || header === undefined || !header.cells.includes('name'))
      throw this.#refusal(1, 'this is no CSV file with a column "name", so that nothing can be changed in it')
    const head = piecesOf(plain === undefined ? text : text.slice(0, plain.from), records)
    this.#pieces = plain === undefined ? head : head.concat(plain.pieces)
    this.#header = head.find(({ record }) => record === header)!
    this.#columns = [...header.cells]
    this.#separator = header.separator
    this.#lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
    const at = this.#columns.indexOf('name')
    for (const piece of this.#pieces) {
      const name = piece.line === 0 ? piece.record?.cells[at] : cellOfLine(piece.text, this.#separator, at)
      if (piece !== this.#header && name !== undefined && !this.#rows.has(name)) this.#rows.set(name, piece)
    }
  }

  get text(): string {
    return this.#pieces.map(({ text }) => text).join('')
  }

  get names(): Iterable<string> {
    return this.#rows.keys()
  }

  has(name: string): boolean {
    return this.#rows.has(name)
  }

  /** The line of a row in the file as it was read; that of the header where there is no such row. */
  lineOf(name: string): number {
    return this.#recordOf(this.#rows.get(name) ?? this.#header).line
  }

  /** The text of a cell; undefined where there is no such row or column. */
  cell(name: string, column: string): string | undefined {
    const at = this.#columns.indexOf(column)
    const piece = this.#rows.get(name)
    return at < 0 || piece === undefined ? undefined : this.#recordOf(piece).cells[at]
  }

  /** Another text in one cell; the column is added at the end where the file does not have it. Throws CONFLICT without such a row. */
  set(name: string, column: string, text: string): void {
    const piece = this.#row(name)
    if (column === 'name' && text !== name && this.#rows.has(text))
      throw this.#refusal(this.lineOf(text), `there is a row "${text}" already`)
    if (text === '' && !this.#columns.includes(column)) return
    this.#setCell(piece, this.#column(column), text)
    if (column !== 'name') return
    this.#rows.delete(name)
    this.#rows.set(text, piece)
  }

  /** A further row, at the end. Throws CONFLICT where there is one of that name. */
  add(cells: Cells): void {
    const { name = '' } = cells
    if (this.#rows.has(name)) throw this.#refusal(this.lineOf(name), `there is a row "${name}" already`)
    for (const column of Object.keys(cells)) if (cells[column] !== '') this.#column(column)
    const last = this.#pieces.findLast(({ record, line }) => record !== undefined || line > 0)!
    const end = lineEndOf(last.text)
    const line = this.#columns.map((column) => this.#quoted(cells[column] ?? '', false)).join(this.#separator)
    if (end === '') last.text += this.#lineEnd
    const piece = {
      text: `${line}${end}`,
      record: parseRecord(line, this.#separator, this.#recordOf(last).line + 1, 0),
      line: 0,
    }
    this.#pieces.splice(this.#pieces.lastIndexOf(last) + 1, 0, piece)
    this.#rows.set(name, piece)
  }

  /** A row goes. Throws CONFLICT without such a row. */
  remove(name: string): void {
    const piece = this.#row(name)
    this.#pieces.splice(this.#pieces.indexOf(piece), 1)
    this.#rows.delete(name)
  }

  #recordOf(piece: Piece): CsvRecord {
    return (piece.record ??= parseRecord(piece.text.replace(/\r?\n$/, ''), this.#separator, piece.line, 0))
  }

  #row(name: string): Piece {
    const piece = this.#rows.get(name)
    if (piece === undefined) throw this.#refusal(1, `there is no row "${name}"`)
    return piece
  }

  /** Where a column is; it is added to the header where it is not there. */
  #column(column: string): number {
    const known = this.#columns.indexOf(column)
    if (known >= 0) return known
    this.#replace(this.#header, `${this.#header.record!.text}${this.#separator}${column}`)
    this.#columns.push(column)
    return this.#columns.length - 1
  }

  #setCell(piece: Piece, at: number, text: string): void {
    const record = this.#recordOf(piece)
    const range = record.rangeOf(at)
    const missing = this.#separator.repeat(Math.max(0, at - record.cells.length + 1))
    const line =
      range === undefined
        ? `${record.text}${missing}${this.#quoted(text, false)}`
        : `${record.text.slice(0, range[0])}${this.#quoted(text, record.text[range[0]] === '"')}${record.text.slice(range[1])}`
    this.#replace(piece, line)
  }

  /** The record's text; its line break stays. */
  #replace(piece: Piece, text: string): void {
    const { line, number, text: before } = this.#recordOf(piece)
    piece.text = `${text}${piece.text.slice(before.length)}`
    piece.record = parseRecord(text, this.#separator, line, number)
  }

  #quoted(text: string, wasQuoted: boolean): string {
    const needs = text.includes(this.#separator) || /["\r\n]|^\s|\s$/.test(text)
    return needs || (wasQuoted && text !== '') ? `"${text.replaceAll('"', '""')}"` : text
  }

  #refusal(line: number, message: string): GatewayError {
    return new GatewayError('CONFLICT', `${this.#file}:${line}: ${message}`, { details: { file: this.#file, line } })
  }
}

const lineEndOf = (text: string): string => /(?:\r?\n)?$/.exec(text)![0]

/** Records with their line breaks, and what stands between them (a mark, `sep=;`, blank lines), in order: together they are the file. */
function piecesOf(text: string, records: readonly CsvRecord[]): Piece[] {
  const pieces: Piece[] = []
  let [at, line] = [0, 1]
  for (const record of records) {
    let from = at
    for (; line < record.line; line++) from = text.indexOf('\n', from) + 1
    if (from === 0 && text.startsWith('\uFEFF')) from = 1
    if (from > at) pieces.push({ text: text.slice(at, from), record: undefined, line: 0 })
    const end = from + record.text.length
    const lineBreak = text.indexOf('\n', end)
    at = lineBreak < 0 ? text.length : lineBreak + 1
    line = record.line + (record.text.match(/\n/g)?.length ?? 0) + 1
    pieces.push({ text: text.slice(from, at), record, line: 0 })
  }
  if (at < text.length) pieces.push({ text: text.slice(at), record: undefined, line: 0 })
  return pieces
}

/**
 * The lines behind the header of a long file in which nothing is quoted: each is a record, or blank, and is read when it is asked for. Where
 * they begin; undefined where quotes or strange line ends ask for more care.
 */
function plainPieces(text: string): { from: number; pieces: Piece[] } | undefined {
  if (text.includes('"') || /\r[^\n]/.test(text)) return undefined
  const pieces: Piece[] = []
  let line = 1
  let from = /^\uFEFF?sep=.\r?\n/i.exec(text.slice(0, 16))?.[0].length ?? 0
  if (from > 0) line++
  while (from < text.length) {
    const end = nextLine(text, from)
    line++
    const isBlank = text.slice(from, end).replace('\uFEFF', '').trim() === ''
    from = end
    if (!isBlank) break
  }
  for (let at = from; at < text.length; line++) {
    const end = nextLine(text, at)
    const isBlank = text.charCodeAt(at) <= 32 && text.slice(at, end).trim() === ''
    pieces.push({ text: text.slice(at, end), record: undefined, line: isBlank ? 0 : line })
    at = end
  }
  return { from, pieces }
}

const nextLine = (text: string, from: number): number => text.indexOf('\n', from) + 1 || text.length

/** The cell of a line without quotes. */
function cellOfLine(line: string, separator: string, cell: number): string | undefined {
  let from = 0
  for (let at = 0; at < cell; at++) {
    from = line.indexOf(separator, from) + 1
    if (from === 0) return undefined
  }
  const end = line.indexOf(separator, from)
  return line.slice(from, end < 0 ? undefined : end).trim()
}
