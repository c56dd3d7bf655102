/** API tokens: one's own, or all for whoever manages accounts; made, shown once, revoked. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAccess } from '../../access/context.ts'
import { useDo } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { usePages } from '../../api/pages.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput, matchesWords } from '../../parts/filter-input.tsx'
import { Moment } from '../../parts/moment.tsx'
import { MorePages } from '../../parts/more-pages.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { StateMark } from '../../status-mark.tsx'
import { peopleStrings } from '../../strings/people.ts'
import { Reason, reasonOf } from './change-person.tsx'
import { grantsText } from './grants.ts'
import { MakeToken } from './make-token.tsx'
import { Action } from './people-tab.tsx'

const strings = peopleStrings.tokens
const { columns: heads } = strings

type Token = Operations['GET /api/v1/tokens']['answer']['tokens'][number]

export default function TokensTab() {
  const { state } = useAccess()
  const tokens = usePages('GET /api/v1/tokens', {}, (answer) => answer.tokens, { everyMs: 15_000 })
  const [filter] = useQueryPart('q')
  const [making, setMaking] = useState(false)
  const [revoked, setRevoked] = useState<Token>()
  const shown = tokens.rows?.filter(({ name, owner, grants }) =>
    matchesWords(filter, [name, owner, grantsText(grants)]),
  )
  return (
    <>
      <div className="bar">
        <FilterInput hint={strings.hint} />
        <span className="grow quiet">{strings.about}</span>
        {'user' in state && state.user.kind !== 'token' && (
          <Button size="compact-sm" onClick={() => setMaking(true)}>
            {strings.make}
          </Button>
        )}
      </div>
      {shown !== undefined && (
        <DataTable
          label={strings.list}
          columns={columnsOf(setRevoked)}
          rows={shown}
          keyOf={({ id }) => id}
          nameOf={({ name }) => name}
          empty={<EmptyState text={tokens.rows?.length === 0 ? strings.empty : strings.emptyFilter} />}
        />
      )}
      <MorePages pages={tokens} />
      {making && 'user' in state && <MakeToken may={state.user.permissions} onClose={() => setMaking(false)} />}
      {revoked !== undefined && <Revoke token={revoked} onClose={() => setRevoked(undefined)} />}
    </>
  )
}

const columnsOf = (revoke: (token: Token) => void): readonly Column<Token>[] => [
  { id: 'name', title: heads.name, width: 'minmax(120px, 1fr)', sort: ({ name }) => name, render: ({ name }) => <bdi>{name}</bdi> }, // prettier-ignore
  { id: 'owner', title: heads.owner, width: 'minmax(90px, 0.7fr)', sort: ({ owner }) => owner, render: ({ owner }) => <bdi>{owner}</bdi> }, // prettier-ignore
  {
    id: 'grants',
    title: heads.grants,
    width: 'minmax(180px, 2fr)',
    render: ({ grants }) => <span title={grantsText(grants)}>{grantsText(grants)}</span>,
  },
  {
    id: 'state',
    title: heads.state,
    width: '100px',
    sort: ({ state }) => state,
    render: ({ state }) => (
      <span className="state-word">
        <StateMark state={state === 'valid' ? 'Running' : 'Disabled'} />
        {strings.states[state]}
      </span>
    ),
  },
  { id: 'expires', title: heads.expires, width: 'minmax(130px, 1fr)', sort: ({ expiresAt }) => expiresAt, render: ({ expiresAt }) => <Moment time={expiresAt} none={peopleStrings.never} /> }, // prettier-ignore
  { id: 'used', title: heads.used, width: 'minmax(130px, 1fr)', sort: ({ lastUsedAt }) => lastUsedAt, render: ({ lastUsedAt }) => <Moment time={lastUsedAt} none={peopleStrings.never} /> }, // prettier-ignore
  { id: 'from', title: heads.from, width: 'minmax(90px, 0.7fr)', wide: true, render: ({ lastUsedFrom }) => lastUsedFrom ?? '–' }, // prettier-ignore
  { id: 'created', title: heads.created, width: '140px', hidden: true, wide: true, sort: ({ createdAt }) => createdAt, render: ({ createdAt }) => <Moment time={createdAt} /> }, // prettier-ignore
  {
    id: 'actions',
    title: heads.actions,
    width: '90px',
    render: (token) =>
      token.state === 'revoked' ? null : (
        <Action label={strings.revoke} full={strings.revokeOf(token.name)} onClick={() => revoke(token)} />
      ),
  },
]

function Revoke({ token, onClose }: { token: Token; onClose(): void }) {
  const revoke = useDo('DELETE /api/v1/tokens/{token}', ['GET /api/v1/tokens'])
  const [reason, setReason] = useState('')
  return (
    <Confirm
      title={strings.revokeTitle(token.name)}
      text={strings.revokeWhy}
      label={strings.revokeEffect(token.name)}
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate({ params: { token: token.id }, query: reasonOf(reason) }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Reason value={reason} onChange={setReason} />
    </Confirm>
  )
}
