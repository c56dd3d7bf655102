/** Which columns of a table are shown, kept in the address; nothing there: those that are not hidden at first. */
import { Button } from '@mantine/core'
import { useId } from 'react'
import { partStrings } from '../strings/parts.ts'

const strings = partStrings.table

interface Choice {
  readonly id: string
  readonly title: string
  readonly hidden?: boolean
}

export function shownColumns<C extends Choice>(columns: readonly C[], chosen: string): readonly C[] {
  if (chosen === '') return columns.filter(({ hidden }) => hidden !== true)
  const ids = chosen.split(',')
  const shown = columns.filter(({ id }) => ids.includes(id))
  return shown.length > 0 ? shown : columns
}

interface Props {
  readonly columns: readonly Choice[]
  readonly chosen: string
  onChoose(chosen: string): void
}

export function ColumnChooser({ columns, chosen, onChoose }: Props) {
  const menu = useId()
  const shown = shownColumns(columns, chosen)
  const usual = shownColumns(columns, '')
  const toggle = (id: string, on: boolean) => {
    const next = columns.filter((column) => (column.id === id ? on : shown.includes(column)))
    const isUsual = next.length === usual.length && next.every((column) => usual.includes(column))
    if (next.length > 0) onChoose(isUsual ? '' : next.map((column) => column.id).join(','))
  }
  return (
    <div className="columns-button">
      <Button size="compact-xs" variant="default" popoverTarget={menu}>
        {strings.columns}
      </Button>
      <fieldset id={menu} popover="auto" className="panel columns-menu">
        <legend className="sr-only">{strings.columnsTitle}</legend>
        {columns.map((column) => (
          <label key={column.id}>
            <input
              type="checkbox"
              checked={shown.includes(column)}
              onChange={(event) => toggle(column.id, event.currentTarget.checked)}
            />{' '}
            {column.title}
          </label>
        ))}
      </fieldset>
    </div>
  )
}
