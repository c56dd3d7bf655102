/** One of a few, as a field of the browser's own: by keyboard, by touch and by ear as everywhere else. */
import { useId, type ReactNode } from 'react'
import './fields.css'

export interface Choice {
  readonly value: string
  readonly label: string
}

interface Props {
  readonly label: string
  readonly value: string
  readonly choices: readonly Choice[]
  /** Without words beside it: the label is only heard. */
  readonly bare?: boolean
  readonly description?: ReactNode
  readonly disabled?: boolean
  onChange(value: string): void
}

export function SelectInput({ label, value, choices, bare = false, description, disabled = false, onChange }: Props) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id} className={bare ? 'sr-only' : 'field-label'}>
        {label}
      </label>
      {description !== undefined && (
        <p id={`${id}-d`} className="field-help">
          {description}
        </p>
      )}
      <select
        id={id}
        className="select"
        value={value}
        disabled={disabled}
        aria-describedby={description === undefined ? undefined : `${id}-d`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </select>
    </div>
  )
}
