/**
 * The grid of tags, as people know it from spreadsheets: a cursor, blocks of cells, Enter or F2 to edit, Tab and arrows to move, rows that are
 * marked at their heads. Only what is in sight exists. Tab leaves it at the end of a row, so that nobody is caught in it.
 */
import { useVirtualizer, defaultRangeExtractor } from '@tanstack/react-virtual'
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from 'react'
import { tagStrings as strings } from '../../strings/tags.ts'
import { rowFaults, type TagSchema } from './check.ts'
import type { TagColumn } from './columns.ts'
import { GridHead } from './grid-head.tsx'
import { GridRow, type Editing, type EditEnd } from './grid-row.tsx'
import { blockOf, bounded, steppedBy, type Selection, type Spot } from './selection.ts'
import { withCell, type TagSheet } from './sheet.ts'

const ROW_PX = 28
const PAGE_ROWS = 20
/** Rows beyond what is in sight, above and below. */
const OVERSCAN = 6
/** Of the column with the numbers of the rows. */
const HEAD_PX = 64

interface Props {
  readonly label: string
  readonly sheet: TagSheet
  /** Rows of the sheet in the order in which they are shown. */
  readonly view: readonly number[]
  readonly columns: readonly TagColumn[]
  readonly schema: TagSchema | undefined
  readonly selection: Selection
  readonly editable: boolean
  readonly grid: RefObject<HTMLDivElement | null>
  /** A column, `-` before it: the other way round. */
  readonly sort: string
  onSort(sort: string): void
  onSelect(selection: Selection): void
  /** A key that is no business of the cursor; true: it is done. */
  onKey(event: KeyboardEvent): boolean
}

export function TagGrid(props: Props) {
  const { label, sheet, view, columns, schema, selection, editable, grid, sort, onSort, onSelect, onKey } = props
  const [editing, setEditing] = useState<Editing>()
  const edited = editing === undefined ? -1 : view.indexOf(editing.at)
  const virtual = useVirtualizer({
    count: view.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollPaddingStart: ROW_PX,
    // A field that is being filled in stays, wherever the eye goes meanwhile.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range)
      return edited < 0 || seen.includes(edited) ? seen : [...seen, edited].toSorted((a, b) => a - b)
    },
  })
  const block = blockOf(selection)
  const { at: cursor } = selection
  // Wherever the cursor was put from outside, it is in sight.
  const { row: cursorRow, column: cursorColumn } = cursor
  useEffect(() => {
    virtual.scrollToIndex(cursorRow)
    showColumn(grid.current, columns, cursorColumn)
  }, [virtual, grid, columns, cursorRow, cursorColumn])

  const moveTo = (to: Spot, extend: boolean) => {
    const spot = bounded(to, view.length, columns.length)
    onSelect({ ...selection, ...(extend ? { to: spot } : { at: spot, to: spot, marked: new Set() }) })
    if (extend) virtual.scrollToIndex(spot.row)
  }
  const edit = (typed?: string) => {
    const at = view[cursor.row]
    if (!editable || at === undefined || sheet.rows[at]!.removed) return
    setEditing({ at, column: columns[cursor.column]!.name, typed })
  }

  // What the row calls stays the same function, so that rows that did not change are not rendered.
  const onEdited = useRef<(end: EditEnd) => void>(() => undefined)
  useLayoutEffect(() => {
    onEdited.current = ({ text, move }) => {
      if (editing !== undefined && text !== undefined)
        sheet.change([{ at: editing.at, next: withCell(sheet.rows[editing.at]!, editing.column, text) }])
      setEditing(undefined)
      // Whoever clicked elsewhere has gone there.
      if (text === undefined || move !== undefined) grid.current?.focus({ preventScroll: true })
      const steps = { down: [1, 0], up: [-1, 0], right: [0, 1], left: [0, -1] } as const
      const [down, right] = move === undefined ? [0, 0] : steps[move]
      if (move !== undefined) moveTo({ row: cursor.row + down, column: cursor.column + right }, false)
    }
  })
  const whenEdited = useCallback((end: EditEnd) => onEdited.current(end), [])

  const press = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || onKey(event)) return
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event
    const ctrl = ctrlKey || metaKey
    const tab = shiftKey ? -1 : 1
    const next = steppedBy(key, ctrl, shiftKey ? selection.to : cursor, view.length, columns.length, PAGE_ROWS)
    if (next !== undefined) moveTo(next, shiftKey)
    else if (key === 'Tab' && isWithin(cursor.column + tab, columns.length))
      moveTo({ row: cursor.row, column: cursor.column + tab }, false)
    else if (key === 'Enter' || key === 'F2') edit()
    else if (key.length === 1 && !ctrl && !altKey && key !== ' ')
      edit(isTyped(columns[cursor.column]!) ? key : undefined)
    else return
    event.preventDefault()
  }

  const point = (event: PointerEvent) => {
    const spot = spotOf(event)
    if (spot === undefined || editing !== undefined) return
    const at = view[spot.row]!
    if (spot.column < 0) {
      const marked = new Set(selection.marked)
      if (event.shiftKey)
        for (let row = Math.min(cursor.row, spot.row); row <= Math.max(cursor.row, spot.row); row++) marked.add(view[row]!) // prettier-ignore
      else if (!marked.delete(at)) marked.add(at)
      const here = { row: spot.row, column: cursor.column }
      onSelect({ marked, at: here, to: here })
    } else if (event.shiftKey) onSelect({ ...selection, to: spot })
    else onSelect({ at: spot, to: spot, marked: new Set() })
  }
  const drag = (event: PointerEvent) => {
    const spot = event.buttons === 1 && editing === undefined ? spotOf(event) : undefined
    if (
      spot !== undefined &&
      spot.column >= 0 &&
      (spot.row !== selection.to.row || spot.column !== selection.to.column)
    )
      onSelect({ ...selection, to: spot })
  }

  const cursorAt = view[cursor.row]
  const items = virtual.getVirtualItems()
  const pool = Math.max(items.length, Math.ceil((virtual.scrollRect?.height ?? 0) / ROW_PX) + 2 * OVERSCAN + 1)
  const inSight = items.some(({ index }) => index === cursor.row)
  const widthPx = HEAD_PX + columns.reduce((sum, one) => sum + one.widthPx, 0)
  return (
    <div
      ref={grid}
      role="grid"
      tabIndex={0}
      className="tag-grid"
      aria-label={label}
      aria-rowcount={view.length + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      aria-readonly={!editable}
      aria-activedescendant={inSight && editing === undefined && cursorAt !== undefined ? `tag-cell-${cursorAt}-${columns[cursor.column]?.name}` : undefined} // prettier-ignore
      onKeyDown={press}
      onPointerDown={point}
      onPointerMove={drag}
      onDoubleClick={(event) => spotOf(event) !== undefined && spotOf(event)!.column >= 0 && edit()}
    >
      <div role="rowgroup" className="tag-heads" style={{ width: widthPx }}>
        <div role="row" aria-rowindex={1} className="tag-row">
          <span role="columnheader" className="tag-head">
            {strings.row}
          </span>
          {columns.map((one, column) => (
            <GridHead
              key={one.name}
              column={one}
              index={column + 2}
              hint={schema?.properties[one.name]?.description}
              sort={sort}
              onSort={onSort}
            />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="tag-body" style={{ height: virtual.getTotalSize(), width: widthPx }}>
        {items.map(({ index, start }) => {
          const at = view[index]!
          const row = sheet.rows[at]!
          const isIn = index >= block.top && index <= block.bottom
          return (
            <GridRow
              // A row that goes out of sight is used again for the one that comes; the one that is edited stays itself.
              key={index === edited ? 'edited' : index % pool}
              row={row}
              at={at}
              index={index}
              top={start}
              columns={columns}
              from={isIn ? block.left : -1}
              to={isIn ? block.right : -1}
              cursor={index === cursor.row ? cursor.column : -1}
              marked={selection.marked.has(at)}
              faults={faultsOf(sheet, at, schema)}
              editing={editing?.at === at ? editing : undefined}
              onEdited={whenEdited}
            />
          )
        })}
      </div>
    </div>
  )
}

/** Only of what was changed: what runs is good. Nothing wrong: undefined, always the same. */
function faultsOf(sheet: TagSheet, at: number, schema: TagSchema | undefined): ReadonlyMap<string, string> | undefined {
  const row = sheet.rows[at]!
  if (!sheet.pending.has(at) || row.removed) return undefined
  const faults = new Map([...rowFaults(row.cells, schema, sheet), ...(sheet.refusedAt(at) ?? [])])
  return faults.size === 0 ? undefined : faults
}

const isWithin = (column: number, count: number): boolean => column >= 0 && column < count
const isTyped = ({ kind }: TagColumn): boolean => kind !== 'choice' && kind !== 'flag'

/** Column -1: the head of the row. */
function spotOf(event: { target: EventTarget }): Spot | undefined {
  const target = event.target as HTMLElement
  const row = target.closest<HTMLElement>('[data-index]')
  const cell = target.closest<HTMLElement>('[data-column]')
  const head = target.closest<HTMLElement>('[data-head]')
  if (row === null || (cell === null && head === null)) return undefined
  return { row: Number(row.dataset.index), column: cell === null ? -1 : Number(cell.dataset.column) }
}

/** The name stays in sight at the left, so that a column can be behind it. */
function showColumn(grid: HTMLElement | null, columns: readonly TagColumn[], column: number): void {
  if (grid === null) return
  if (column === 0) {
    grid.scrollLeft = 0
    return
  }
  const left = HEAD_PX + columns.slice(0, column).reduce((sum, { widthPx }) => sum + widthPx, 0)
  const right = left + columns[column]!.widthPx
  const hiddenPx = HEAD_PX + columns[0]!.widthPx
  if (left - hiddenPx < grid.scrollLeft) grid.scrollLeft = left - hiddenPx
  else if (right > grid.scrollLeft + grid.clientWidth) grid.scrollLeft = right - grid.clientWidth
}
