/** A row of the grid. It renders again only when something of it changes: 50,000 of them pass by without an effort. */
import { memo } from 'react'
import { tagStrings as strings } from '../../strings/tags.ts'
import { CellEditor } from './cell-editor.tsx'
import type { TagColumn } from './columns.ts'
import type { SheetRow } from './sheet.ts'

export interface Editing {
  readonly at: number
  readonly column: string
  /** What was typed to begin with, in place of what is there. */
  readonly typed?: string | undefined
}

export type EditEnd = {
  readonly text: string | undefined
  readonly move?: 'down' | 'up' | 'right' | 'left' | undefined
}

interface Props {
  readonly row: SheetRow
  /** Place in the sheet, and in what is shown. */
  readonly at: number
  readonly index: number
  readonly top: number
  readonly columns: readonly TagColumn[]
  /** The columns of the block, from and to; -1: none of this row. */
  readonly from: number
  readonly to: number
  readonly cursor: number
  readonly marked: boolean
  readonly faults: ReadonlyMap<string, string> | undefined
  readonly editing: Editing | undefined
  onEdited(end: EditEnd): void
}

export const GridRow = memo(function GridRow(props: Props) {
  const { row, at, index, top, columns, from, to, cursor, marked, faults, editing, onEdited } = props
  const state = stateOf(row)
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="tag-row"
      data-at={at}
      data-index={index}
      data-state={state}
      data-marked={marked || undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="rowheader" className="tag-head" aria-selected={marked} data-head>
        <span className="numbers">{at + 1}</span>
        {state !== undefined && (
          <span className="tag-state" title={strings.states[state]}>
            {SIGNS[state]}
            <span className="sr-only">{strings.states[state]}</span>
          </span>
        )}
      </span>
      {columns.map(({ name, kind, widthPx }, column) => {
        const text = row.cells[name] ?? ''
        const before = row.was?.[name] ?? ''
        const isChanged = row.was !== undefined && before !== text
        const fault = faults?.get(name)
        return (
          <span
            key={name}
            id={`tag-cell-${at}-${name}`}
            role="gridcell"
            aria-colindex={column + 2}
            aria-selected={column >= from && column <= to}
            aria-invalid={fault !== undefined || undefined}
            className={kind === 'number' ? 'tag-cell numbers right' : 'tag-cell'}
            data-column={column}
            data-cursor={column === cursor || undefined}
            data-changed={isChanged || undefined}
            title={fault ?? (isChanged ? strings.was(before) : undefined)}
            style={{ width: widthPx }}
          >
            {editing?.column === name ? (
              <CellEditor column={columns[column]!} text={editing.typed ?? text} onEnd={onEdited} />
            ) : (
              <>
                {fault !== undefined && <FaultMark />}
                {isChanged ? <bdi>{text}</bdi> : text}
                {isChanged && <Before text={before} />}
              </>
            )}
          </span>
        )
      })}
    </div>
  )
})

const SIGNS = { added: '+', changed: '~', removed: '−' } as const

function stateOf({ was, cells, removed }: SheetRow): keyof typeof SIGNS | undefined {
  if (removed) return 'removed'
  if (was === undefined) return 'added'
  return was === cells ? undefined : Object.keys({ ...was, ...cells }).some((name) => was[name] !== cells[name]) ? 'changed' : undefined // prettier-ignore
}

const Before = ({ text }: { text: string }) => (
  <s className="tag-before">
    <span className="sr-only">{strings.wasLabel} </span>
    <bdi>{text === '' ? strings.nothing : text}</bdi>
  </s>
)

const FaultMark = () => (
  <svg className="mark mark-square" viewBox="0 0 16 16" width="11" height="11" aria-hidden="true">
    <rect x="1.5" y="1.5" width="13" height="13" fill="currentColor" />
    <path d="m5 5 6 6m0-6-6 6" stroke="var(--surface-2)" strokeWidth="2" />
  </svg>
)
