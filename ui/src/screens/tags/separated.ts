/**
 * Separated values, as the gateway and spreadsheets write them (RFC 4180): lists of tags come and go as CSV, cells are pasted and copied with
 * tabs between them. In a file `'` stands before a text that a spreadsheet would take for a formula; on the clipboard nothing does.
 */

/** Rows of cells. A quote within a cell that does not begin with one is a quote. */
export function parseSeparated(text: string, separator: ',' | ';' | '\t'): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  while (at < text.length) {
    const { cell, end } = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at, separator)
    row.push(cell)
    at = end
    if (text[at] === separator) {
      at++
      // A separator at the very end: one more cell, which is empty.
      if (at < text.length && !isLineEnd(text[at]!)) continue
      row.push('')
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    rows.push(row)
    row = []
  }
  return rows
}

const isLineEnd = (character: string): boolean => character === '\n' || character === '\r'

function plainCell(text: string, from: number, separator: string): { cell: string; end: number } {
  let end = from
  while (end < text.length && text[end] !== separator && !isLineEnd(text[end]!)) end++
  return { cell: text.slice(from, end), end }
}

function quotedCell(text: string, from: number): { cell: string; end: number } {
  let cell = ''
  let at = from + 1
  for (;;) {
    const close = text.indexOf('"', at)
    if (close < 0) return { cell: cell + text.slice(at), end: text.length }
    cell += text.slice(at, close)
    if (text[close + 1] !== '"') return { cell, end: close + 1 }
    cell += '"'
    at = close + 2
  }
}

/** As the gateway takes it: commas, CRLF, no cell that begins a formula. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map((cell) => quoted(toSafe(cell), ',')).join(',')}\r\n`).join('')
}

/** For the clipboard. */
export const toTabs = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map((cell) => quoted(cell, '\t')).join('\t')).join('\n')

const FORMULA = /^'*[=+\-@\t\r\n]/
const NUMBER = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i

const toSafe = (text: string): string => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text)

/** A cell of an exported file as it was written. */
export const fromSafe = (text: string): string => (/^''*[=+\-@\t\r\n]/.test(text) ? text.slice(1) : text)

function quoted(text: string, separator: string): string {
  const needs = text.includes(separator) || /[",;\r\n\t]|^\s|\s$/.test(text)
  return needs ? `"${text.replaceAll('"', '""')}"` : text
}
