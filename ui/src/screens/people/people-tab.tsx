/** Everybody who may sign in: roles, whether they may, when they last did; added, changed and removed by whoever manages accounts. */
import { Button } from '@mantine/core'
import { useState, type ComponentType } from 'react'
import { useAccess } from '../../access/context.ts'
import type { Operations } from '../../api/operations.ts'
import { usePages } from '../../api/pages.ts'
import { formatTime } from '../../format.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput, matchesWords } from '../../parts/filter-input.tsx'
import { Moment } from '../../parts/moment.tsx'
import { MorePages } from '../../parts/more-pages.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { StateMark } from '../../status-mark.tsx'
import { peopleStrings } from '../../strings/people.ts'
import { AddPerson } from './add-person.tsx'
import { EditPerson, RemovePerson, ResetPassword } from './change-person.tsx'

const strings = peopleStrings.people
const { columns: heads } = strings

export type Person = Operations['GET /api/v1/users']['answer']['users'][number]

const DIALOGS = { edit: EditPerson, reset: ResetPassword, remove: RemovePerson } as const
type Dialog = keyof typeof DIALOGS

export default function PeopleTab() {
  const { state } = useAccess()
  const me = 'user' in state ? state.user.name : undefined
  const people = usePages('GET /api/v1/users', {}, ({ users }) => users, { everyMs: 15_000 })
  const [filter] = useQueryPart('q')
  const [adding, setAdding] = useState(false)
  const [open, setOpen] = useState<{ dialog: Dialog; person: Person }>()
  const ask = (dialog: Dialog, person: Person) => setOpen({ dialog, person })
  const shown = people.rows?.filter(({ name, roles }) => matchesWords(filter, [name, ...roles]))
  const Shown: ComponentType<{ person: Person; onClose(): void }> | undefined = open && DIALOGS[open.dialog]
  return (
    <>
      <div className="bar">
        <FilterInput hint={strings.hint} />
        <span className="grow" />
        <Button size="compact-sm" onClick={() => setAdding(true)}>
          {strings.add}
        </Button>
      </div>
      {shown !== undefined && (
        <DataTable
          label={strings.list}
          columns={columnsOf(me, ask)}
          rows={shown}
          keyOf={({ name }) => name}
          stateOf={({ enabled }) => (enabled ? undefined : 'Disabled')}
          onOpen={(person) => ask('edit', person)}
          empty={<EmptyState text={strings.empty} />}
        />
      )}
      <MorePages pages={people} />
      {adding && <AddPerson onClose={() => setAdding(false)} />}
      {open !== undefined && Shown !== undefined && <Shown person={open.person} onClose={() => setOpen(undefined)} />}
    </>
  )
}

function columnsOf(me: string | undefined, ask: (dialog: Dialog, person: Person) => void): readonly Column<Person>[] {
  return [
    {
      id: 'name',
      title: heads.name,
      width: 'minmax(140px, 1.4fr)',
      sort: ({ name }) => name,
      render: ({ name }) => (
        <>
          <bdi>{name}</bdi> {name === me && <span className="quiet">{strings.you}</span>}
        </>
      ),
    },
    {
      id: 'roles',
      title: heads.roles,
      width: 'minmax(120px, 1.2fr)',
      sort: ({ roles }) => roles.join(),
      render: ({ roles }) =>
        roles.length === 0 ? <span className="quiet">{peopleStrings.none}</span> : roles.join(', '),
    },
    {
      id: 'state',
      title: heads.state,
      width: 'minmax(110px, 1fr)',
      sort: ({ enabled, pausedUntil }) => (pausedUntil !== null ? 1 : enabled ? 0 : 2),
      render: StateOf,
    },
    {
      id: 'lastSignIn',
      title: heads.lastSignIn,
      width: 'minmax(130px, 1fr)',
      sort: ({ lastSignInAt }) => lastSignInAt,
      render: ({ lastSignInAt }) => <Moment time={lastSignInAt} none={peopleStrings.never} />,
    },
    { id: 'sessions', title: heads.sessions, width: '76px', align: 'right', sort: ({ sessions }) => sessions, render: ({ sessions }) => sessions }, // prettier-ignore
    { id: 'origin', title: heads.origin, width: '120px', wide: true, sort: ({ origin }) => origin, render: ({ origin }) => strings.origins[origin] }, // prettier-ignore
    { id: 'created', title: heads.created, width: '140px', hidden: true, wide: true, sort: ({ createdAt }) => createdAt, render: ({ createdAt }) => <Moment time={createdAt} /> }, // prettier-ignore
    { id: 'password', title: heads.password, width: '140px', hidden: true, wide: true, sort: ({ passwordChangedAt }) => passwordChangedAt, render: ({ passwordChangedAt }) => <Moment time={passwordChangedAt} /> }, // prettier-ignore
    {
      id: 'actions',
      title: heads.actions,
      width: '264px',
      render: (person) => (
        <span className="row-actions">
          <Action label={strings.edit} full={strings.editOf(person.name)} onClick={() => ask('edit', person)} />
          {person.origin === 'local' && (
            <Action label={strings.reset} full={strings.resetOf(person.name)} onClick={() => ask('reset', person)} />
          )}
          {person.name !== me && (
            <Action label={strings.remove} full={strings.removeOf(person.name)} onClick={() => ask('remove', person)} />
          )}
        </span>
      ),
    },
  ]
}

/** A button of a row: short to see, in full to hear. */
export function Action({ label, full, onClick }: { label: string; full: string; onClick(): void }) {
  return (
    <Button size="compact-xs" variant="default" aria-label={full} onClick={onClick}>
      {label}
    </Button>
  )
}

function StateOf({ enabled, pausedUntil }: Person) {
  const { states, paused } = strings
  if (pausedUntil !== null)
    return (
      <span className="state-word" title={paused(formatTime(Date.parse(pausedUntil)))}>
        <StateMark state="Degraded" />
        <span className="clip">{paused(formatTime(Date.parse(pausedUntil)))}</span>
      </span>
    )
  return (
    <span className="state-word">
      <StateMark state={enabled ? 'Running' : 'Disabled'} />
      {enabled ? states.enabled : states.disabled}
    </span>
  )
}
