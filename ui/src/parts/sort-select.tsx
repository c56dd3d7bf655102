/** The order of cards: on a phone a table has no heads that could be pressed. The value is that of the address: `name`, `-name`, or nothing. */
import { partStrings } from '../strings/parts.ts'
import { SelectInput } from './select-input.tsx'

const strings = partStrings.table

interface Props {
  readonly columns: readonly { readonly id: string; readonly title: string; readonly sort?: unknown }[]
  readonly sort: string
  onSort(sort: string): void
}

export function SortSelect({ columns, sort, onSort }: Props) {
  const sortable = columns.filter((column) => column.sort !== undefined)
  if (sortable.length === 0) return null
  const choices = sortable.flatMap(({ id, title }) => [
    { value: id, label: strings.rising(title) },
    { value: `-${id}`, label: strings.falling(title) },
  ])
  return (
    <SelectInput
      bare
      label={strings.order}
      value={sort}
      choices={[{ value: '', label: strings.asTheyCame }, ...choices]}
      onChange={onSort}
    />
  )
}
