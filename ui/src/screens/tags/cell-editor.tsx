/** The field in a cell while it is edited. Enter and Tab keep what was typed and go on, Esc leaves it as it was. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { tagStrings as strings } from '../../strings/tags.ts'
import type { TagColumn } from './columns.ts'
import type { EditEnd } from './grid-row.tsx'

interface Props {
  readonly column: TagColumn
  readonly text: string
  onEnd(end: EditEnd): void
}

export function CellEditor({ column, text, onEnd }: Props) {
  const [draft, setDraft] = useState(text)
  const field = useRef<HTMLInputElement & HTMLSelectElement>(null)
  const ended = useRef(false)
  useEffect(() => {
    field.current?.focus()
    if (column.kind !== 'choice' && column.kind !== 'flag') field.current?.setSelectionRange(text.length, text.length)
  }, [column, text])
  const end = (given: EditEnd) => {
    if (ended.current) return
    ended.current = true
    onEnd(given)
  }
  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation()
    const moves: Record<string, EditEnd['move']> = {
      Enter: event.shiftKey ? 'up' : 'down',
      Tab: event.shiftKey ? 'left' : 'right',
    }
    if (event.key === 'Escape') end({ text: undefined })
    else if (event.key in moves) end({ text: draft.trim(), move: moves[event.key] })
    else return
    event.preventDefault()
  }
  const common = {
    ref: field,
    className: 'tag-editor',
    'aria-label': column.title,
    value: draft,
    onKeyDown: onKey,
    onBlur: () => end({ text: draft.trim() }),
    onChange: (event: { currentTarget: { value: string } }) => setDraft(event.currentTarget.value),
  }
  const { kind, choices = FLAGS, name } = column
  if (kind === 'choice' || kind === 'flag') {
    const known = draft === '' || choices.includes(draft)
    return (
      <select {...common}>
        <option value="">{kind === 'flag' ? strings.flagAbsent : ''}</option>
        {!known && <option value={draft}>{draft}</option>}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    )
  }
  return (
    <>
      <input
        {...common}
        list={column.choices && `tag-choices-${name}`}
        inputMode={kind === 'number' ? 'decimal' : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      {column.choices && (
        <datalist id={`tag-choices-${name}`}>
          {column.choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </>
  )
}

const FLAGS = ['true', 'false']
