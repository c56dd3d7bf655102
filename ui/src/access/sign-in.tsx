/** Name and password, or the provider of the organisation. In front of the page when a session has ended. */
import { Button } from '@mantine/core'
import { useRef, useState, type FormEvent } from 'react'
import { accessStrings as words } from '../strings/access.ts'
import { keepView } from './address.ts'
import { signIn, SINGLE_SIGN_ON, type User, type Who } from './calls.ts'
import { useAccess } from './context.ts'
import { Fault, Field, Frame, Submit } from './form-parts.tsx'
import { faultText, usePause } from './pause.ts'

interface Props {
  readonly who: Who
  readonly late: boolean
  /** Whose session ended. */
  readonly ended: User | undefined
}

export default function SignIn({ who, late, ended }: Props) {
  const { store } = useAccess()
  const pause = usePause()
  const [name, setName] = useState(ended?.kind === 'user' ? ended.name : '')
  const [password, setPassword] = useState('')
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  const passwordField = useRef<HTMLInputElement>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || pause.leftMs > 0) return
    setBusy(true)
    setFault(undefined)
    try {
      store.heard(await signIn(name, password))
    } catch (error) {
      setFault(faultText(error))
      pause.begin(error)
      setPassword('')
      passwordField.current?.focus()
    } finally {
      setBusy(false)
    }
  }
  return (
    <Frame title={words.signIn} over={ended !== undefined}>
      {late && <p>{words.isSetUp}</p>}
      {ended !== undefined && <p>{words.ended}</p>}
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label={words.name}
          name="username"
          autoComplete="username"
          data-autofocus={name === '' || undefined}
          value={name}
          onChange={setName}
        />
        <Field
          ref={passwordField}
          label={words.password}
          type="password"
          name="password"
          autoComplete="current-password"
          data-autofocus={name !== '' || undefined}
          value={password}
          onChange={setPassword}
        />
        <Fault text={fault} />
        <Submit label={words.signIn} busy={busy} leftMs={pause.leftMs} />
      </form>
      {who.singleSignOn !== null && (
        <Button component="a" href={SINGLE_SIGN_ON} variant="default" fullWidth mt="sm" onClick={keepView}>
          {words.provider(URL.parse(who.singleSignOn)?.host ?? who.singleSignOn)}
        </Button>
      )}
    </Frame>
  )
}
