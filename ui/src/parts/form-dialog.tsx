/** A small form in a dialog: its fields, what went wrong, and the button that names the effect. */
import { Button, Modal } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { partStrings as strings } from '../strings/parts.ts'
import { Elapsed } from './elapsed.tsx'
import { ProblemNote } from './problem-note.tsx'

interface Props {
  readonly title: string
  /** The effect: "Add anna". */
  readonly label: string
  readonly busy: boolean
  readonly error: Error | null
  /** What was wanted, before the problem: "The user was not added." */
  readonly what?: string
  readonly disabled?: boolean
  readonly size?: number
  readonly children: ReactNode
  onSubmit(): void
  onClose(): void
}

export function FormDialog({ title, label, busy, error, what, disabled, size = 520, children, ...does }: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!busy && disabled !== true) does.onSubmit()
  }
  return (
    <Modal opened size={size} onClose={does.onClose} title={title} centered>
      <form onSubmit={submit}>
        {children}
        <div className="result">
          <ProblemNote error={error} {...(what === undefined ? {} : { what })} />
          {busy && <Elapsed label={strings.loading} />}
        </div>
        <div className="bar end">
          <Button variant="default" onClick={does.onClose}>
            {strings.cancel}
          </Button>
          <Button type="submit" className="effect" disabled={busy || disabled === true}>
            {label}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
