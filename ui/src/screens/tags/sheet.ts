/**
 * The tags of a device while they are edited: what the gateway has, what was changed since, and every step back. Rows are never changed but
 * replaced, so that a row that is the same object is the same row; their place in the list is who they are.
 */
import { fromSafe, parseSeparated } from './separated.ts'

/** Texts by the names of columns; an empty text is not there. */
export type Cells = Readonly<Record<string, string>>

export interface SheetRow {
  /** What the gateway has; undefined: it is new. */
  readonly was: Cells | undefined
  readonly cells: Cells
  readonly removed: boolean
}

export interface RowChange {
  readonly at: number
  readonly next: SheetRow
}

interface Step {
  readonly changes: readonly { readonly at: number; readonly before: SheetRow; readonly after: SheetRow }[]
}

export interface PendingCounts {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

const NOTHING: SheetRow = { was: undefined, cells: {}, removed: true }

/** More steps back than these nobody takes. */
const MOST_STEPS = 200

export class TagSheet {
  readonly rows: SheetRow[] = []
  /** Rows that differ from what the gateway has. */
  readonly pending = new Set<number>()
  /** Grows with every change, for React. */
  version = 0
  /** Grows when rows come or go. */
  structure = 0
  #names = new Map<string, number>()
  #undo: Step[] = []
  #redo: Step[] = []
  #listeners = new Set<() => void>()
  /** What the gateway found wrong with a row, until the row is changed. */
  readonly #refused = new Map<number, { readonly row: SheetRow; readonly faults: ReadonlyMap<string, string> }>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  constructor(list: readonly Cells[] = []) {
    for (const cells of list) this.#put(this.rows.length, { was: cells, cells, removed: false })
  }

  get canUndo(): boolean {
    return this.#undo.length > 0
  }

  get canRedo(): boolean {
    return this.#redo.length > 0
  }

  /** How many rows have this name. */
  named(name: string): number {
    return this.#names.get(name) ?? 0
  }

  get counts(): PendingCounts {
    const counts = { added: 0, changed: 0, removed: 0 }
    for (const at of this.pending) {
      const { was, removed } = this.rows[at]!
      if (was === undefined) counts.added++
      else if (removed) counts.removed++
      else counts.changed++
    }
    return counts
  }

  /** Columns that some row uses. */
  usedColumns(): Set<string> {
    const used = new Set<string>()
    for (const { cells } of this.rows) for (const column in cells) used.add(column)
    return used
  }

  /** All of it is one step back. */
  change(changes: readonly RowChange[]): void {
    const made = changes
      .map(({ at, next }) => ({ at, before: this.rows[at] ?? NOTHING, after: next }))
      .filter(({ before, after }) => before.removed !== after.removed || !sameCells(before.cells, after.cells))
    if (made.length === 0) return
    this.#undo.push({ changes: made })
    if (this.#undo.length > MOST_STEPS) this.#undo.shift()
    this.#redo = []
    for (const { at, after } of made) this.#put(at, after)
    this.#tell()
  }

  /** New rows, at the end. */
  add(list: readonly Cells[]): void {
    const from = this.rows.length
    this.change(list.map((cells, nth) => ({ at: from + nth, next: { was: undefined, cells, removed: false } })))
  }

  undo(): void {
    this.#step(this.#undo, this.#redo, 'before')
  }

  redo(): void {
    this.#step(this.#redo, this.#undo, 'after')
  }

  /** What the gateway said is wrong: kept with these rows until they are changed. */
  refuse(faults: readonly { readonly at: number; readonly column: string; readonly reason: string }[]): void {
    this.#refused.clear()
    for (const { at, column, reason } of faults) {
      const known = this.#refused.get(at)?.faults ?? new Map<string, string>()
      this.#refused.set(at, { row: this.rows[at]!, faults: new Map([...known, [column, reason]]) })
    }
    this.#tell()
  }

  /** By column. */
  refusedAt(at: number): ReadonlyMap<string, string> | undefined {
    const refused = this.#refused.get(at)
    return refused?.row === this.rows[at] ? refused?.faults : undefined
  }

  #step(from: Step[], to: Step[], side: 'before' | 'after'): void {
    const step = from.pop()
    if (step === undefined) return
    to.push(step)
    for (const change of step.changes) this.#put(change.at, change[side])
    this.#tell()
  }

  #put(at: number, row: SheetRow): void {
    const before = this.rows[at]
    this.rows[at] = row
    this.#count(before, -1)
    this.#count(row, 1)
    if (before?.removed !== row.removed) this.structure++
    const isPending = row.was === undefined ? !row.removed : row.removed || !sameCells(row.was, row.cells)
    if (isPending) this.pending.add(at)
    else this.pending.delete(at)
  }

  #count(row: SheetRow | undefined, by: number): void {
    if (row === undefined || row.removed) return
    const name = row.cells['name'] ?? ''
    this.#names.set(name, (this.#names.get(name) ?? 0) + by)
  }

  #tell(): void {
    this.version++
    for (const listener of this.#listeners) listener()
  }
}

/** With another text in one column; an empty one takes it away. */
export function withCell(row: SheetRow, column: string, text: string): SheetRow {
  const { [column]: _, ...rest } = row.cells
  return { ...row, cells: text === '' ? rest : { ...rest, [column]: text } }
}

function sameCells(a: Cells, b: Cells): boolean {
  if (a === b) return true
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/** The rows of an exported list. */
export function cellsOfExport(csv: string): Cells[] {
  const [header = [], ...rows] = parseSeparated(csv, ',')
  return rows.map((row) => {
    const cells: Record<string, string> = {}
    row.forEach((text, at) => {
      if (text !== '') cells[header[at]!] = fromSafe(text)
    })
    return cells
  })
}

/** What was changed, on top of what the gateway has by now; what somebody else removed is new again, and what is there already is not. */
export function rebased(sheet: TagSheet, list: readonly Cells[]): TagSheet {
  const next = new TagSheet(list)
  const places = new Map(list.map((cells, at) => [cells['name'] ?? '', at]))
  const changes: RowChange[] = []
  const added: Cells[] = []
  for (const at of sheet.pending) {
    const { was, cells, removed } = sheet.rows[at]!
    const place = was === undefined ? undefined : places.get(was['name'] ?? '')
    if (place === undefined) {
      const same = list[places.get(cells['name'] ?? '') ?? -1]
      if (!removed && (same === undefined || !sameCells(same, cells))) added.push(cells)
      continue
    }
    let row = next.rows[place]!
    const columns = new Set([...Object.keys(was!), ...Object.keys(cells)])
    for (const column of columns) if (was![column] !== cells[column]) row = withCell(row, column, cells[column] ?? '')
    changes.push({ at: place, next: { ...row, removed } })
  }
  next.change([
    ...changes,
    ...added.map((cells, nth) => ({ at: list.length + nth, next: { was: undefined, cells, removed: false } })),
  ])
  return next
}
