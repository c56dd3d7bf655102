/** The first administrator, with the token of the one-time link. Whoever comes without the link types the token. */
import { useState, type FormEvent } from 'react'
import { ProblemError } from '../api.ts'
import { accessStrings as words } from '../strings/access.ts'
import { hasDevices, setUp } from './calls.ts'
import { useAccess } from './context.ts'
import { Fault, Field, Frame, NewPassword, Submit } from './form-parts.tsx'
import { faultText, usePause } from './pause.ts'

export default function SetUp({ token: given }: { token: string | undefined }) {
  const { store } = useAccess()
  const pause = usePause()
  const [token, setToken] = useState(given ?? '')
  const [asksToken, setAsksToken] = useState(given === undefined)
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || pause.leftMs > 0) return
    setFault(undefined)
    if (password !== again) return setFault(words.differs)
    setBusy(true)
    try {
      const who = await setUp(token, name, password)
      if (!(await hasDevices())) window.history.replaceState(null, '', '/first-steps')
      store.heard(who)
    } catch (error) {
      setFault(faultText(error))
      pause.begin(error)
      const code = error instanceof ProblemError ? error.code : undefined
      if (code === 'SIGN_IN_FAILED') setAsksToken(true)
      // Somebody was faster.
      if (code === 'CONFLICT') await store.ask()
    } finally {
      setBusy(false)
    }
  }
  return (
    <Frame title={words.setUp}>
      <p>{words.setUpWhy}</p>
      <form onSubmit={(event) => void submit(event)}>
        {asksToken && (
          <Field
            label={words.token}
            description={words.tokenFrom}
            name="one-time-token"
            autoComplete="off"
            autoCapitalize="characters"
            data-autofocus={given === undefined || undefined}
            value={token}
            onChange={setToken}
          />
        )}
        <Field
          label={words.name}
          name="username"
          autoComplete="username"
          data-autofocus={given !== undefined || undefined}
          value={name}
          onChange={setName}
        />
        <NewPassword value={password} again={again} onChange={setPassword} onAgain={setAgain} />
        <Fault text={fault} />
        <Submit label={words.makeAdmin} busy={busy} leftMs={pause.leftMs} />
      </form>
    </Frame>
  )
}
