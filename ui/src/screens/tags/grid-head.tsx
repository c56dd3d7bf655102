/** The head of a column: what it is, and the order by it. */
import { partStrings } from '../../strings/parts.ts'
import type { TagColumn } from './columns.ts'

interface Props {
  readonly column: TagColumn
  /** From 1. */
  readonly index: number
  readonly hint: string | undefined
  readonly sort: string
  onSort(sort: string): void
}

export function GridHead({ column: { name, title, widthPx, kind }, index, hint, sort, onSort }: Props) {
  const order = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : undefined
  // First up, then down, then as they are written.
  const next = order === undefined ? name : order === 'ascending' ? `-${name}` : ''
  return (
    <span
      role="columnheader"
      aria-colindex={index}
      aria-sort={order ?? 'none'}
      className={kind === 'number' ? 'tag-cell right' : 'tag-cell'}
      title={hint}
      style={{ width: widthPx }}
    >
      <button
        type="button"
        className="sort"
        tabIndex={-1}
        aria-label={partStrings.table.sortBy(title)}
        onClick={() => onSort(next)}
      >
        {title}
        <span aria-hidden="true">{order === undefined ? '' : order === 'ascending' ? ' ▲' : ' ▼'}</span>
      </button>
    </span>
  )
}
