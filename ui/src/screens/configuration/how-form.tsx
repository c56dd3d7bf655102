/** How a change of the configuration is made: why, for the history; and whether it goes back by itself unless somebody confirms it. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { configurationStrings } from '../../strings/configuration.ts'
import { partStrings } from '../../strings/parts.ts'
import './how-form.css'

const strings = configurationStrings.how

export interface How {
  readonly message: string | undefined
  readonly confirmWithin: string | undefined
}

interface HowFormProps {
  readonly label: string
  readonly disabled: boolean
  onCancel(): void
  onSend(how: How): void
}

/** Why, for the history; and whether it goes back by itself. */
export function HowForm({ label, disabled, onCancel, onSend }: HowFormProps) {
  const [message, setMessage] = useState('')
  const [within, setWithin] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!disabled) onSend({ message: message.trim() || undefined, confirmWithin: within || undefined })
      }}
    >
      <div className="form-grid config-how">
        <TextInput
          label={strings.message}
          maxLength={500}
          autoComplete="off"
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
        />
        <NativeSelect
          label={strings.trial}
          data={TRIALS}
          value={within}
          onChange={(event) => setWithin(event.currentTarget.value)}
        />
      </div>
      <div className="bar end">
        <Button variant="default" onClick={onCancel}>
          {partStrings.cancel}
        </Button>
        <Button type="submit" className="effect" disabled={disabled}>
          {label}
        </Button>
      </div>
    </form>
  )
}

const TRIALS = [
  { value: '', label: strings.noTrial },
  ...(['1m', '5m', '15m', '1h'] as const).map((value) => ({ value, label: strings.trialOf(value) })),
]
