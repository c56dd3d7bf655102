/** What is chosen in the grid: a cell, a block of cells from it, and rows that were marked at their heads. All by place in what is shown. */

export interface Spot {
  readonly row: number
  readonly column: number
}

export interface Selection {
  /** Where the cursor is. */
  readonly at: Spot
  /** The other corner of the block. */
  readonly to: Spot
  /** Rows of the sheet, marked one by one. */
  readonly marked: ReadonlySet<number>
}

export interface Block {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

export const AT_START: Selection = { at: { row: 0, column: 0 }, to: { row: 0, column: 0 }, marked: new Set() }

export const blockOf = ({ at, to }: Selection): Block => ({
  top: Math.min(at.row, to.row),
  bottom: Math.max(at.row, to.row),
  left: Math.min(at.column, to.column),
  right: Math.max(at.column, to.column),
})

/** Within what there is. */
export function bounded({ row, column }: Spot, rows: number, columns: number): Spot {
  return { row: Math.max(0, Math.min(rows - 1, row)), column: Math.max(0, Math.min(columns - 1, column)) }
}

/** Rows of the sheet that an action is about: those that are marked, else those of the block. */
export function chosenRows(selection: Selection, view: readonly number[]): number[] {
  if (selection.marked.size > 0) return view.filter((at) => selection.marked.has(at))
  const { top, bottom } = blockOf(selection)
  return view.slice(top, bottom + 1)
}

/** Where a key leads from a spot; undefined: it is no key of the cursor. */
export function steppedBy(key: string, ctrl: boolean, from: Spot, rows: number, columns: number, page: number) {
  const { row, column } = from
  const steps: Record<string, Spot> = {
    ArrowDown: { row: ctrl ? rows - 1 : row + 1, column },
    ArrowUp: { row: ctrl ? 0 : row - 1, column },
    ArrowRight: { row, column: ctrl ? columns - 1 : column + 1 },
    ArrowLeft: { row, column: ctrl ? 0 : column - 1 },
    PageDown: { row: row + page, column },
    PageUp: { row: row - page, column },
    Home: ctrl ? { row: 0, column: 0 } : { row, column: 0 },
    End: ctrl ? { row: rows - 1, column: columns - 1 } : { row, column: columns - 1 },
  }
  const step = steps[key]
  return step === undefined ? undefined : bounded(step, rows, columns)
}
