/** What the forms of sign-in, set-up and new password share: the frame, the error that is read out, and the button that waits. */
import { Button, Switch, TextInput, type TextInputProps } from '@mantine/core'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { formatDuration } from '../format.ts'
import { SeverityMark } from '../status-mark.tsx'
import { accessStrings as words } from '../strings/access.ts'
import { shellStrings } from '../strings/shell.ts'

/** A screen of its own, or, with `over`, in front of the page: the browser keeps what is underneath out of reach. */
export function Frame({ title, over, children }: { title: string; over?: boolean; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const before = document.title
    document.title = `${title} · ${shellStrings.product}`
    dialog.current?.showModal()
    panel.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
    return () => {
      // Of the screen that waits underneath, and goes on now.
      document.title = before
    }
  }, [title])
  const inside = (
    <div ref={panel} className="panel gate-panel">
      <p className="quiet">{shellStrings.product}</p>
      <h1 id="gate-title">{title}</h1>
      {children}
    </div>
  )
  if (over !== true) return <main className="gate">{inside}</main>
  return (
    <dialog ref={dialog} className="gate" aria-labelledby="gate-title" onCancel={(event) => event.preventDefault()}>
      {inside}
    </dialog>
  )
}

/** Read out as soon as it is there. */
export function Fault({ text }: { text: string | undefined }) {
  return (
    <div role="alert" className="result" data-testid="fault">
      {text !== undefined && (
        <p className="state-word">
          <SeverityMark severity="bad" />
          {text}
        </p>
      )}
    </div>
  )
}

interface FieldProps extends Omit<TextInputProps, 'onChange'> {
  onChange(value: string): void
}

/** All are required, so that no star says so; nothing is corrected while it is typed. */
export const Field = ({ onChange, ...rest }: FieldProps) => (
  <TextInput
    mt="sm"
    required
    withAsterisk={false}
    spellCheck={false}
    autoCapitalize="none"
    onChange={(event) => onChange(event.currentTarget.value)}
    {...rest}
  />
)

interface SubmitProps {
  readonly label: string
  readonly busy: boolean
  readonly leftMs: number
}

/** Stays in reach of keys while it waits, and says how long. */
export function Submit({ label, busy, leftMs }: SubmitProps) {
  const waits = leftMs > 0
  return (
    <Button type="submit" fullWidth mt="md" className="effect" aria-disabled={busy || waits} data-disabled={waits}>
      {waits ? words.wait(label, formatDuration(Math.ceil(leftMs / 1000) * 1000)) : busy ? words.busy : label}
    </Button>
  )
}

interface PasswordProps {
  readonly value: string
  onChange(value: string): void
}

/** A new password, twice, to be seen where nobody looks on. */
export function NewPassword({
  value,
  again,
  onChange,
  onAgain,
}: PasswordProps & { again: string; onAgain(value: string): void }) {
  const [shown, setShown] = useState(false)
  const type = shown ? 'text' : 'password'
  const differs = again !== '' && value !== again
  return (
    <>
      <Field
        label={words.newPassword}
        description={words.passwordRule}
        type={type}
        name="new-password"
        autoComplete="new-password"
        value={value}
        onChange={onChange}
      />
      <Field
        label={words.again}
        type={type}
        name="new-password-again"
        autoComplete="new-password"
        value={again}
        error={differs ? words.differs : undefined}
        onChange={onAgain}
      />
      <Switch
        mt="sm"
        size="sm"
        label={words.show}
        checked={shown}
        onChange={(event) => setShown(event.currentTarget.checked)}
      />
    </>
  )
}
