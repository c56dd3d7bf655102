/** Asks before something that cannot be taken back; the button names the effect. With `typed` the name has to be typed first. */
import { Button, Modal, TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { partStrings as strings } from '../strings/parts.ts'
import { Elapsed } from './elapsed.tsx'
import { ProblemNote } from './problem-note.tsx'

interface Props {
  readonly title: string
  /** What will happen. */
  readonly text: ReactNode
  /** The effect: "Purge 1 200 samples of plant". */
  readonly label: string
  /** Has to be typed. */
  readonly typed?: string
  readonly busy?: boolean
  readonly error?: Error | null
  /** Further fields. */
  readonly children?: ReactNode
  readonly disabled?: boolean
  /** Wider, where there is much to look at. */
  readonly size?: 'lg' | 'xl'
  onConfirm(): void
  onClose(): void
}

export function Confirm({
  title,
  text,
  label,
  typed,
  busy,
  error,
  children,
  disabled,
  size,
  onConfirm,
  onClose,
}: Props) {
  const [said, setSaid] = useState('')
  const ready = busy !== true && disabled !== true && (typed === undefined || said === typed)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) onConfirm()
  }
  return (
    <Modal opened onClose={onClose} title={title} centered {...(size === undefined ? {} : { size })}>
      <form onSubmit={submit}>
        <div className="confirm-text">{text}</div>
        {children}
        {typed !== undefined && (
          <TextInput
            data-autofocus
            mt="sm"
            autoComplete="off"
            label={strings.typeToConfirm(typed)}
            value={said}
            onChange={(event) => setSaid(event.currentTarget.value)}
          />
        )}
        <ProblemNote error={error} />
        {busy === true && <Elapsed label={strings.loading} />}
        <div className="bar end">
          <Button variant="default" onClick={onClose}>
            {strings.cancel}
          </Button>
          <Button type="submit" className="effect" disabled={!ready}>
            {label}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
