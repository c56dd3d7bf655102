/** The tags that were chosen: named, typed and taken away again where they stand. */
import { Button, TextInput } from '@mantine/core'
import { useMemo } from 'react'
import { formatCount } from '../../format.ts'
import { pointStrings as strings } from '../../strings/points.ts'
import { DataTable, type Column } from '../data-table.tsx'
import { EmptyState } from '../empty-state.tsx'
import './points.css'
import type { TagRow } from './tag-rows.ts'

interface Props {
  readonly rows: readonly TagRow[]
  readonly types: readonly string[]
  onChange(rows: readonly TagRow[]): void
}

interface Numbered {
  readonly row: TagRow
  readonly at: number
}

export function ChosenTags({ rows, types, onChange }: Props) {
  const numbered = useMemo(() => rows.map((row, at) => ({ row, at })), [rows])
  const columns = useMemo(() => columnsOf(types, rows, onChange), [types, rows, onChange])
  if (rows.length === 0) return <EmptyState text={strings.none} />
  return (
    <>
      <div className="bar">
        <strong className="numbers" data-testid="chosen" role="status">
          {strings.chosen(formatCount(rows.length))}
        </strong>
        <span className="grow" />
        <Button size="compact-xs" variant="default" onClick={() => onChange([])}>
          {strings.removeAll}
        </Button>
      </div>
      <DataTable
        name="chosen-"
        label={strings.chosen(formatCount(rows.length))}
        columns={columns}
        rows={numbered}
        keyOf={({ at }) => String(at)}
        rowPx={34}
      />
    </>
  )
}

function columnsOf(
  types: readonly string[],
  rows: readonly TagRow[],
  onChange: Props['onChange'],
): readonly Column<Numbered>[] {
  const change = (at: number, column: string, text: string) =>
    onChange(rows.map((row, index) => (index === at ? withCell(row, column, text) : row)))
  const cell = (column: 'name' | 'address' | 'unit' | 'order', width: string): Column<Numbered> => ({
    id: column,
    title: strings.columns[column],
    width,
    render: ({ row, at }) => (
      <TextInput
        size="xs"
        className="cell-input"
        aria-label={`${strings.columns[column]}: ${row.name ?? ''}`}
        spellCheck={false}
        value={row[column] ?? ''}
        onChange={(event) => change(at, column, event.currentTarget.value)}
      />
    ),
  })
  return [
    cell('name', 'minmax(120px, 1.5fr)'),
    cell('address', 'minmax(120px, 2fr)'),
    {
      id: 'type',
      title: strings.columns.type,
      width: '120px',
      render: ({ row, at }) => (
        <select
          className="select"
          aria-label={`${strings.columns.type}: ${row.name ?? ''}`}
          value={row.type ?? ''}
          onChange={(event) => change(at, 'type', event.currentTarget.value)}
        >
          <option value="">{strings.hand.byDevice}</option>
          {types.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      ),
    },
    cell('order', '76px'),
    cell('unit', '76px'),
    {
      id: 'remove',
      title: strings.remove,
      width: '84px',
      render: ({ row, at }) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={strings.removeTag(row.name ?? '')}
          onClick={() => onChange(rows.filter((_, index) => index !== at))}
        >
          {strings.remove}
        </Button>
      ),
    },
  ]
}

function withCell(row: TagRow, column: string, text: string): TagRow {
  const { [column]: _, ...rest } = row
  return text === '' ? rest : { ...rest, [column]: text }
}
