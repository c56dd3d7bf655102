/**
 * The one table of the page: virtualised (only rows in sight exist), sorted by its heads, with columns to choose, rows to select, and
 * cards in its place on a phone. Order and columns are in the address, so that a view can be linked. Keyboard: arrows, Home and End move
 * along the rows, Space selects, Enter opens.
 */
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useQueryPart } from '../shell/address.ts'
import { partStrings } from '../strings/parts.ts'
import { ColumnChooser, shownColumns } from './column-chooser.tsx'
import { rowMoves } from './row-moves.ts'
import { SortSelect } from './sort-select.tsx'
import './data-table.css'

const strings = partStrings.table

export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** Width in the grid: `120px`, `minmax(140px, 2fr)`. */
  readonly width: string
  readonly render: (row: Row) => ReactNode
  /** By what it is sorted; without it the head is no button. */
  readonly sort?: (row: Row) => string | number | null
  readonly align?: 'right'
  /** Not shown until somebody chooses it. */
  readonly hidden?: boolean
  /** Not on the card of a phone. */
  readonly wide?: boolean
}

interface Props<Row> {
  /** Names the table for whoever does not see it. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** How a row is called where it is selected. */
  readonly nameOf?: (row: Row) => string
  /** Marks a row: `Failed` and the like, for style. */
  readonly stateOf?: (row: Row) => string | undefined
  readonly onOpen?: (row: Row) => void
  /** Keys of what is selected; without it nothing can be. */
  readonly selected?: ReadonlySet<string>
  readonly onSelect?: (keys: ReadonlySet<string>) => void
  /** In place of the rows where there are none. */
  readonly empty?: ReactNode
  /** Fills what is left of the screen and scrolls within itself; otherwise it is as long as its rows, to a bound. */
  readonly fill?: boolean
  /** Height of a row; cards measure themselves. */
  readonly rowPx?: number
  /** The last row came into sight: more can be fetched. */
  readonly onEnd?: () => void
  /** Tells apart two tables of a screen in the address. */
  readonly name?: string
}

export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, keyOf, stateOf, onOpen, selected, empty, fill = false, rowPx = 36, name = '' } = props
  const narrow = useMediaQuery('(max-width: 760px)')
  const scroller = useRef<HTMLDivElement>(null)
  const [sort, setSort] = useQueryPart(`${name}sort`)
  const [chosen, setChosen] = useQueryPart(`${name}columns`)
  const [focused, setFocused] = useState(0)
  const shown = useMemo(() => shownColumns(columns, chosen), [columns, chosen])
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort])
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? 24 + 22 * shown.filter(({ wide }) => wide !== true).length : rowPx),
    getItemKey: (index) => keyOf(sorted[index]!),
    overscan: 8,
  })
  const { onEnd } = props
  const last = virtual.getVirtualItems().at(-1)?.index
  const isAtEnd = last !== undefined && last === sorted.length - 1
  useEffect(() => {
    if (isAtEnd) onEnd?.()
  }, [isAtEnd, onEnd])
  const template = [...(selected === undefined ? [] : ['32px']), ...shown.map(({ width }) => width)].join(' ')
  const leastPx = leastWidth(template)
  const toggle = (keys: readonly string[], on: boolean) => {
    const next = new Set(selected)
    for (const key of keys)
      if (on) next.add(key)
      else next.delete(key)
    props.onSelect?.(next)
  }
  const onKey = (event: KeyboardEvent<HTMLElement>, index: number) => {
    if (event.target !== event.currentTarget) return
    const row = sorted[index]!
    const steps: Record<string, () => void> = {
      ...rowMoves(index, sorted.length, virtual, scroller, setFocused),
      Enter: () => onOpen?.(row),
      ' ': () => selected !== undefined && toggle([keyOf(row)], !selected.has(keyOf(row))),
    }
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    step()
  }
  const allKeys = () => sorted.map(keyOf)
  const isAll = selected !== undefined && sorted.length > 0 && sorted.every((row) => selected.has(keyOf(row)))
  return (
    <div className={fill ? 'data-table fill' : 'data-table'}>
      {narrow && sorted.length > 1 && <SortSelect columns={columns} sort={sort} onSort={setSort} />}
      <div
        ref={scroller}
        className={narrow ? 'data-scroller cards-only' : 'data-scroller'}
        role="table"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
      >
        <div role="rowgroup" className="data-head">
          <div
            role="row"
            aria-rowindex={1}
            className="data-row"
            style={{ gridTemplateColumns: template, minWidth: leastPx }}
          >
            {selected !== undefined && (
              <span role="columnheader">
                <input
                  type="checkbox"
                  aria-label={strings.selectAll}
                  checked={isAll}
                  onChange={(event) => toggle(allKeys(), event.currentTarget.checked)}
                />
              </span>
            )}
            {shown.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={setSort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="data-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = sorted[index]!
            const rowKey = keyOf(row)
            return (
              <div
                key={key}
                ref={narrow ? virtual.measureElement : undefined}
                role="row"
                aria-rowindex={index + 2}
                className="data-row"
                data-index={index}
                data-row={rowKey}
                data-state={stateOf?.(row)}
                data-selected={selected?.has(rowKey) === true ? true : undefined}
                tabIndex={index === Math.min(focused, sorted.length - 1) ? 0 : -1}
                style={{
                  transform: `translateY(${start}px)`,
                  ...(narrow ? {} : { gridTemplateColumns: template, height: rowPx, minWidth: leastPx }),
                }}
                onFocus={() => setFocused(index)}
                onKeyDown={(event) => onKey(event, index)}
                onDoubleClick={() => onOpen?.(row)}
              >
                {selected !== undefined && (
                  <span role="cell" className="data-select">
                    <input
                      type="checkbox"
                      aria-label={strings.select(props.nameOf?.(row) ?? rowKey)}
                      checked={selected.has(rowKey)}
                      onChange={(event) => toggle([rowKey], event.currentTarget.checked)}
                    />
                  </span>
                )}
                {shown.map((column) => (
                  <span
                    key={column.id}
                    role="cell"
                    className={`data-cell${column.align === 'right' ? ' right numbers' : ''}${column.wide === true ? ' wide' : ''}`}
                    data-column={column.id}
                  >
                    {narrow && <span className="data-label">{column.title}</span>}
                    {column.render(row)}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
      </div>
      {sorted.length === 0 && empty}
      {columns.length > 5 && <ColumnChooser columns={columns} chosen={chosen} onChoose={setChosen} />}
    </div>
  )
}

interface HeadProps<Row> {
  readonly column: Column<Row>
  readonly sort: string
  onSort(sort: string): void
}

function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const { id, title, align } = column
  const order = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : undefined
  // First up, then down, then as they came.
  const next = order === undefined ? id : order === 'ascending' ? `-${id}` : ''
  return (
    <span
      role="columnheader"
      aria-sort={column.sort === undefined ? undefined : (order ?? 'none')}
      className={align === 'right' ? 'right' : undefined}
    >
      {column.sort === undefined ? (
        title
      ) : (
        <button type="button" className="sort" title={strings.sortBy(title)} onClick={() => onSort(next)}>
          {title}
          <span aria-hidden="true">{order === undefined ? '' : order === 'ascending' ? ' ▲' : ' ▼'}</span>
        </button>
      )}
    </span>
  )
}

const GAP_PX = 12
const PADDING_PX = 20

/** Below this the table scrolls sideways: head and rows have the same width then, so that their columns stand below each other. */
function leastWidth(template: string): number {
  const widths = template.match(/\d+(?=px)/g)?.map(Number) ?? []
  return widths.reduce((sum, width) => sum + width, 0) + (widths.length - 1) * GAP_PX + PADDING_PX
}

const collator = new Intl.Collator(undefined, { numeric: true })

/** Sorted by a column, `-` before it: the other way round. Rows without a value come last either way. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: string): readonly Row[] {
  const by = columns.find(({ id }) => id === sort.replace(/^-/, ''))?.sort
  if (by === undefined) return rows
  const sign = sort.startsWith('-') ? -1 : 1
  const keyed = rows.map((row) => ({ row, key: by(row) }))
  keyed.sort(({ key: a }, { key: b }) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
    return sign * collator.compare(String(a), String(b))
  })
  return keyed.map(({ row }) => row)
}
