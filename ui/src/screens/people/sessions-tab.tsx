/** Sessions: one's own, or everybody's for whoever manages accounts; each can be ended. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAccess } from '../../access/context.ts'
import { useDo } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { usePages } from '../../api/pages.ts'
import { formatCount } from '../../format.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput, matchesWords } from '../../parts/filter-input.tsx'
import { Moment } from '../../parts/moment.tsx'
import { MorePages } from '../../parts/more-pages.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { peopleStrings } from '../../strings/people.ts'
import { Action } from './people-tab.tsx'

const strings = peopleStrings.sessions
const { columns: heads } = strings

type Session = Operations['GET /api/v1/sessions']['answer']['sessions'][number]

export default function SessionsTab() {
  const { state } = useAccess()
  const me = 'user' in state ? state.user.name : undefined
  const sessions = usePages('GET /api/v1/sessions', {}, (answer) => answer.sessions, { everyMs: 15_000 })
  const end = useDo('DELETE /api/v1/sessions/{session}', ['GET /api/v1/sessions'])
  const endAll = useDo('DELETE /api/v1/sessions', ['GET /api/v1/sessions'])
  const [filter] = useQueryPart('q')
  const [asking, setAsking] = useState(false)
  const shown = sessions.rows?.filter(({ user, address, agent }) => matchesWords(filter, [user, address, agent]))
  const others = sessions.rows?.some(({ user, current }) => user === me && !current) === true
  return (
    <>
      <div className="bar">
        <FilterInput hint={strings.hint} />
        <span className="grow" />
        {endAll.data !== undefined && (
          <span role="status" className="quiet">
            {strings.endedOthers(formatCount(endAll.data.ended))}
          </span>
        )}
        {others && (
          <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
            {strings.endOthers}
          </Button>
        )}
      </div>
      <ProblemNote error={end.error} />
      {shown !== undefined && (
        <DataTable
          label={strings.list}
          columns={columnsOf((session) => end.mutate({ params: { session: session.id }, query: {} }))}
          rows={shown}
          keyOf={({ id }) => id}
          nameOf={({ user }) => user}
          empty={<EmptyState text={strings.empty} />}
        />
      )}
      <MorePages pages={sessions} />
      {asking && (
        <Confirm
          title={strings.endOthers}
          text={strings.endOthersWhy}
          label={strings.endOthers}
          busy={endAll.isPending}
          error={endAll.error}
          onConfirm={() => endAll.mutate({ query: {} }, { onSuccess: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}

const columnsOf = (end: (session: Session) => void): readonly Column<Session>[] => [
  {
    id: 'user',
    title: heads.user,
    width: 'minmax(130px, 1fr)',
    sort: ({ user }) => user,
    render: ({ user, current }) => (
      <>
        <bdi>{user}</bdi> {current && <span className="quiet">({strings.current})</span>}
      </>
    ),
  },
  { id: 'via', title: heads.via, width: '120px', sort: ({ via }) => via, render: ({ via }) => strings.via[via] },
  { id: 'created', title: heads.created, width: 'minmax(120px, 0.8fr)', sort: ({ createdAt }) => createdAt, render: ({ createdAt }) => <Moment time={createdAt} /> }, // prettier-ignore
  { id: 'used', title: heads.used, width: 'minmax(120px, 0.8fr)', sort: ({ lastUsedAt }) => lastUsedAt, render: ({ lastUsedAt }) => <Moment time={lastUsedAt} /> }, // prettier-ignore
  { id: 'ends', title: heads.ends, width: 'minmax(120px, 0.8fr)', wide: true, sort: ({ endsAt }) => endsAt, render: ({ endsAt }) => <Moment time={endsAt} /> }, // prettier-ignore
  { id: 'address', title: heads.address, width: 'minmax(110px, 0.7fr)', sort: ({ address }) => address, render: ({ address }) => address }, // prettier-ignore
  {
    id: 'agent',
    title: heads.agent,
    width: 'minmax(140px, 1.4fr)',
    wide: true,
    render: ({ agent }) => <span title={agent ?? undefined}>{agent ?? '–'}</span>,
  },
  {
    id: 'actions',
    title: heads.actions,
    width: '76px',
    render: (session) =>
      // One's own present session ends by signing out, which says so.
      session.current ? null : (
        <Action label={strings.end} full={strings.endOf(session.user, session.address)} onClick={() => end(session)} />
      ),
  },
]
