/** What can be changed of a person: roles, whether they may sign in, a lost password; and that they are gone. */
import { Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { NewPassword } from '../../access/form-parts.tsx'
import { useDo } from '../../api/ask.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { peopleStrings } from '../../strings/people.ts'
import type { Person } from './people-tab.tsx'
import { RoleChoice } from './role-choice.tsx'

const strings = peopleStrings.people

interface Props {
  readonly person: Person
  onClose(): void
}

export function EditPerson({ person, onClose }: Props) {
  const change = useDo('PATCH /api/v1/users/{user}', ['GET /api/v1/users', 'GET /api/v1/sessions'])
  const [roles, setRoles] = useState<readonly string[]>(person.roles)
  const [enabled, setEnabled] = useState(person.enabled)
  const [unlock, setUnlock] = useState(false)
  const [reason, setReason] = useState('')
  const otherRoles = [...roles].sort().join() !== [...person.roles].sort().join()
  const submit = () => {
    const body = {
      ...(otherRoles ? { roles: [...roles] } : {}),
      ...(enabled === person.enabled ? {} : { enabled }),
      ...(unlock ? { unlock: true as const } : {}),
      ...reasonOf(reason),
    }
    change.mutate({ params: { user: person.name }, body }, { onSuccess: onClose })
  }
  return (
    <FormDialog
      title={strings.editTitle(person.name)}
      label={strings.change(person.name)}
      busy={change.isPending}
      error={change.error}
      what={strings.notChanged}
      disabled={!otherRoles && enabled === person.enabled && !unlock}
      onSubmit={submit}
      onClose={onClose}
    >
      {person.origin === 'oidc' ? (
        <p className="quiet">{strings.oidcRoles}</p>
      ) : (
        <RoleChoice chosen={roles} onChoose={setRoles} />
      )}
      {otherRoles && <p className="quiet">{strings.rolesEnd}</p>}
      <Switch
        mt="sm"
        label={strings.enabled}
        description={strings.enabledWhy}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
      />
      {person.pausedUntil !== null && (
        <Switch
          mt="sm"
          label={strings.unlock}
          checked={unlock}
          onChange={(event) => setUnlock(event.currentTarget.checked)}
        />
      )}
      <Reason value={reason} onChange={setReason} />
    </FormDialog>
  )
}

export function ResetPassword({ person, onClose }: Props) {
  const reset = useDo('PUT /api/v1/users/{user}/password', ['GET /api/v1/users', 'GET /api/v1/sessions'])
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [reason, setReason] = useState('')
  const submit = () =>
    reset.mutate({ params: { user: person.name }, body: { password, ...reasonOf(reason) } }, { onSuccess: onClose })
  return (
    <FormDialog
      title={strings.resetTitle(person.name)}
      label={strings.resetEffect(person.name)}
      busy={reset.isPending}
      error={reset.error}
      what={strings.notReset}
      disabled={password === '' || password !== again}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>{strings.resetWhy}</p>
      <NewPassword value={password} again={again} onChange={setPassword} onAgain={setAgain} />
      <Reason value={reason} onChange={setReason} />
    </FormDialog>
  )
}

export function RemovePerson({ person, onClose }: Props) {
  const { name } = person
  const changes = ['GET /api/v1/users', 'GET /api/v1/tokens', 'GET /api/v1/sessions'] as const
  const remove = useDo('DELETE /api/v1/users/{user}', changes)
  const [reason, setReason] = useState('')
  return (
    <Confirm
      title={strings.removeTitle(name)}
      text={
        <>
          <p>{strings.removeWhy(name)}</p>
          <p className="quiet">{strings.disableInstead}</p>
        </>
      }
      label={strings.removeEffect(name)}
      typed={name}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate({ params: { user: name }, query: reasonOf(reason) }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Reason value={reason} onChange={setReason} />
    </Confirm>
  )
}

export function Reason({ value, onChange }: { value: string; onChange(value: string): void }) {
  return (
    <TextInput
      mt="sm"
      label={peopleStrings.reason}
      maxLength={500}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

/** A reason that is none is left out. */
export const reasonOf = (text: string): { reason?: string } => (text.trim() === '' ? {} : { reason: text.trim() })
