/** Which rows of a sheet are shown, and in which order. */
import type { SheetRow, TagSheet } from './sheet.ts'

const SEARCHED = ['name', 'address', 'unit', 'description', 'type'] as const
/** What the filter looks into, made once for each row. */
const texts = new WeakMap<SheetRow, string>()

export interface ViewOptions {
  readonly filter: string
  readonly onlyPending: boolean
  /** A column, `-` before it: the other way round; empty: as they are written. */
  readonly sort: string
}

const collator = new Intl.Collator(undefined, { numeric: true })

/** Places in the sheet. New rows that were taken back are not there. */
export function viewOf(sheet: TagSheet, { filter, onlyPending, sort }: ViewOptions): readonly number[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const view: number[] = []
  for (const [at, row] of sheet.rows.entries()) {
    if (row.removed && row.was === undefined) continue
    if (onlyPending && !sheet.pending.has(at)) continue
    if (words.length === 0 || matches(row, words)) view.push(at)
  }
  return sort === '' ? view : sorted(view, sheet, sort)
}

function matches(row: SheetRow, words: readonly string[]): boolean {
  let text = texts.get(row)
  if (text === undefined) {
    text = SEARCHED.map((column) => row.cells[column] ?? '').join(' ').toLowerCase() // prettier-ignore
    texts.set(row, text)
  }
  return words.every((word) => text.includes(word))
}

function sorted(view: number[], sheet: TagSheet, sort: string): number[] {
  const column = sort.replace(/^-/, '')
  const sign = sort.startsWith('-') ? -1 : 1
  const keyed = view.map((at) => {
    const text = sheet.rows[at]!.cells[column] ?? ''
    const number = text === '' ? NaN : Number(text)
    return { at, text, number }
  })
  keyed.sort((a, b) => {
    // What is not given comes last either way.
    if (a.text === '' || b.text === '') return Number(a.text === '') - Number(b.text === '')
    if (!Number.isNaN(a.number) && !Number.isNaN(b.number)) return sign * (a.number - b.number)
    return sign * collator.compare(a.text, b.text)
  })
  return keyed.map(({ at }) => at)
}
