/** Adds somebody who may sign in: name, roles, a first password. */
import { useState } from 'react'
import { Field, NewPassword } from '../../access/form-parts.tsx'
import { useDo } from '../../api/ask.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { peopleStrings } from '../../strings/people.ts'
import { RoleChoice } from './role-choice.tsx'

const strings = peopleStrings.people

export function AddPerson({ onClose }: { onClose(): void }) {
  const add = useDo('POST /api/v1/users', ['GET /api/v1/users'])
  const [name, setName] = useState('')
  const [roles, setRoles] = useState<readonly string[]>([])
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const submit = () => add.mutate({ body: { name: name.trim(), password, roles: [...roles] } }, { onSuccess: onClose })
  return (
    <FormDialog
      title={strings.addTitle}
      label={strings.addEffect(name.trim())}
      busy={add.isPending}
      error={add.error}
      what={strings.notAdded}
      disabled={name.trim() === '' || password === '' || password !== again}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field data-autofocus label={strings.name} autoComplete="off" value={name} onChange={setName} />
      <RoleChoice chosen={roles} onChoose={setRoles} />
      <NewPassword value={password} again={again} onChange={setPassword} onAgain={setAgain} />
    </FormDialog>
  )
}
