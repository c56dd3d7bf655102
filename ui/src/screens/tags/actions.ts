/** What can be done with many cells at once: each is one change of the sheet, and one step back. */
import { COLUMNS, columnOf, type TagColumn } from './columns.ts'
import type { Block } from './selection.ts'
import { parseSeparated, toTabs } from './separated.ts'
import { nextInSeries, seriesOf } from './series.ts'
import { withCell, type Cells, type RowChange, type SheetRow, type TagSheet } from './sheet.ts'

/** As many as a list may have. */
const MOST_ROWS = 100_000

export function setCells(sheet: TagSheet, rows: readonly number[], column: string, text: string): void {
  sheet.change(live(sheet, rows).map((at) => ({ at, next: withCell(sheet.rows[at]!, column, text) })))
}

export function removeRows(sheet: TagSheet, rows: readonly number[]): void {
  sheet.change(rows.map((at) => ({ at, next: { ...sheet.rows[at]!, removed: true } })))
}

/** Back to what the gateway has; new rows go. */
export function revertRows(sheet: TagSheet, rows: readonly number[]): void {
  sheet.change(
    rows.map((at) => {
      const row = sheet.rows[at]!
      return {
        at,
        next: row.was === undefined ? { ...row, removed: true } : { ...row, cells: row.was, removed: false },
      }
    }),
  )
}

export function clearBlock(
  sheet: TagSheet,
  view: readonly number[],
  block: Block,
  columns: readonly TagColumn[],
): void {
  const names = columns.slice(block.left, block.right + 1).map(({ name }) => name)
  const rows = live(sheet, view.slice(block.top, block.bottom + 1))
  sheet.change(rows.map((at) => ({ at, next: names.reduce((row, name) => withCell(row, name, ''), sheet.rows[at]!) })))
}

/** The first row of the block goes into all of it. */
export function fillDown(sheet: TagSheet, view: readonly number[], block: Block, columns: readonly TagColumn[]): void {
  const first = sheet.rows[view[block.top]!]!
  const names = columns.slice(block.left, block.right + 1).map(({ name }) => name)
  const rows = live(sheet, view.slice(block.top + 1, block.bottom + 1))
  sheet.change(
    rows.map((at) => ({
      at,
      next: names.reduce((row, name) => withCell(row, name, first.cells[name] ?? ''), sheet.rows[at]!),
    })),
  )
}

export function fillSeries(sheet: TagSheet, rows: readonly number[], column: string, step: number | undefined): void {
  const places = live(sheet, rows)
  const texts = seriesOf(column, places.map((at) => sheet.rows[at]!.cells), step) // prettier-ignore
  sheet.change(places.map((at, nth) => ({ at, next: withCell(sheet.rows[at]!, column, texts[nth]!) })))
}

/** So many new rows; with a row to go on from its name and its address go on in a series, and the rest is the same. */
export function addRows(sheet: TagSheet, count: number, from?: SheetRow): number {
  const first = sheet.rows.length
  if (from === undefined) sheet.add(Array.from({ length: count }, () => ({})))
  else {
    const like = Array.from({ length: count + 1 }, () => from.cells)
    const addresses = seriesOf('address', like, undefined)
    const names: string[] = [from.cells['name'] ?? '']
    for (let nth = 1; nth <= count; nth++) names.push(nextInSeries(names[nth - 1]!, 1))
    sheet.add(names.slice(1).map((name, nth) => trimmed({ ...from.cells, name, address: addresses[nth + 1]! })))
  }
  return first
}

export interface Replacing {
  readonly find: string
  readonly replace: string
  readonly column: string
  readonly wholeCell: boolean
  readonly matchCase: boolean
}

/** Rows in which something would be replaced, with what comes of it. */
export function replacements(sheet: TagSheet, rows: readonly number[], how: Replacing): RowChange[] {
  const { find, replace, column, wholeCell, matchCase } = how
  if (find === '') return []
  const escaped = find.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const pattern = new RegExp(wholeCell ? `^(?:${escaped})$` : escaped, matchCase ? 'gu' : 'giu')
  return live(sheet, rows).flatMap((at) => {
    const row = sheet.rows[at]!
    const before = row.cells[column] ?? ''
    const after = before.replace(pattern, () => replace)
    return after === before ? [] : [{ at, next: withCell(row, column, after) }]
  })
}

export function copyBlock(
  sheet: TagSheet,
  view: readonly number[],
  block: Block,
  columns: readonly TagColumn[],
): string {
  const names = columns.slice(block.left, block.right + 1).map(({ name }) => name)
  const rows = view.slice(block.top, block.bottom + 1)
  return toTabs(rows.map((at) => names.map((name) => sheet.rows[at]!.cells[name] ?? '')))
}

export interface Pasted {
  readonly changed: number
  readonly added: number
}

/**
 * Cells of a spreadsheet. With a first row that names columns (`name` among them) each row goes to the tag of its name, or is a new one;
 * else they go from the cursor on, one cell into all of a block, and beyond the last row into new ones.
 */
export function paste(
  sheet: TagSheet,
  view: readonly number[],
  block: Block,
  columns: readonly TagColumn[],
  text: string,
): Pasted {
  const given = parseSeparated(text.replace(/\r?\n$/, ''), '\t').slice(0, MOST_ROWS)
  const [head = []] = given
  const named = head.map((cell) => columnOf(cell.trim())?.name ?? byTitle(cell))
  const isNamed = named.includes('name') && named.every((name) => name !== undefined)
  const places = isNamed ? placesByName(sheet) : undefined
  const changes: RowChange[] = []
  let added = 0
  const put = (at: number | undefined, cells: readonly (readonly [string, string])[]) => {
    const row = at === undefined ? undefined : sheet.rows[at]
    if (row?.removed === true) return
    const before: SheetRow = row ?? { was: undefined, cells: {}, removed: false }
    const next = cells.reduce((so, [name, cell]) => withCell(so, name, cell.trim()), before)
    changes.push({ at: row === undefined ? sheet.rows.length + added++ : at!, next })
  }
  if (places !== undefined)
    for (const cells of given.slice(1)) {
      const name = cells[named.indexOf('name')]?.trim() ?? ''
      put(places.get(name), cells.flatMap((cell, nth) => (named[nth] === undefined ? [] : [[named[nth], cell] as const]))) // prettier-ignore
    }
  else if (given.length === 1 && head.length === 1)
    for (const at of view.slice(block.top, block.bottom + 1))
      put(at, columns.slice(block.left, block.right + 1).map(({ name }) => [name, head[0]!] as const)) // prettier-ignore
  else
    for (const [nth, cells] of given.entries())
      put(view[block.top + nth], cells.flatMap((cell, along) => (columns[block.left + along] === undefined ? [] : [[columns[block.left + along]!.name, cell] as const]))) // prettier-ignore
  sheet.change(changes)
  return { changed: changes.length - added, added }
}

const byTitle = (cell: string) => COLUMNS.find(({ title }) => title.toLowerCase() === cell.trim().toLowerCase())?.name

function placesByName(sheet: TagSheet): Map<string, number> {
  const places = new Map<string, number>()
  for (const [at, { cells, removed }] of sheet.rows.entries()) if (!removed) places.set(cells['name'] ?? '', at)
  return places
}

const live = (sheet: TagSheet, rows: readonly number[]): readonly number[] =>
  rows.filter((at) => !sheet.rows[at]!.removed)

const trimmed = (cells: Cells): Cells => Object.fromEntries(Object.entries(cells).filter(([, text]) => text !== ''))
