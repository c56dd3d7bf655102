/** One's own new password. All other sessions of the same person end with it. */
import { Button, Modal } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { SeverityMark } from '../status-mark.tsx'
import { accessStrings as words } from '../strings/access.ts'
import { writeStrings } from '../strings/write.ts'
import { changePassword, type User } from './calls.ts'
import { Fault, Field, NewPassword, Submit } from './form-parts.tsx'
import { faultText, usePause } from './pause.ts'

export default function PasswordDialog({ user, onClose }: { user: User; onClose(): void }) {
  const pause = usePause()
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [fault, setFault] = useState<string>()
  const [progress, setProgress] = useState<'typing' | 'busy' | 'done'>('typing')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (progress === 'busy' || pause.leftMs > 0) return
    setFault(undefined)
    if (next !== again) return setFault(words.differs)
    setProgress('busy')
    try {
      await changePassword(old, next)
      setProgress('done')
    } catch (error) {
      setFault(faultText(error))
      pause.begin(error)
      setProgress('typing')
    }
  }
  return (
    <Modal size={420} opened centered onClose={onClose} title={words.changePassword}>
      {progress === 'done' ? (
        <>
          <p className="state-word" role="status">
            <SeverityMark severity="good" />
            {words.passwordChanged}
          </p>
          <Button fullWidth mt="md" variant="default" onClick={onClose}>
            {writeStrings.close}
          </Button>
        </>
      ) : (
        <form onSubmit={(event) => void submit(event)}>
          <input type="hidden" name="username" autoComplete="username" value={user.name} />
          <Field
            data-autofocus
            label={words.oldPassword}
            type="password"
            name="password"
            autoComplete="current-password"
            value={old}
            onChange={setOld}
          />
          <NewPassword value={next} again={again} onChange={setNext} onAgain={setAgain} />
          <Fault text={fault} />
          <Submit label={words.changePassword} busy={progress === 'busy'} leftMs={pause.leftMs} />
        </form>
      )}
    </Modal>
  )
}
