/** Whom we trust, who waits for it and why, authorities and revocation lists: of applications, or of persons. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatCount } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Moment } from '../../parts/moment.tsx'
import { Panel } from '../../parts/panel.tsx'
import { certificateStrings as strings } from '../../strings/certificates.ts'
import { DownloadButton, grouped, nameOf, sanOf, ValidUntil, type Listed } from './certificate.tsx'
import { FileDialog } from './file-dialog.tsx'
import { Inbox } from './inbox.tsx'
import { TrustChange, type Change, type Holders } from './trust-change.tsx'

const { columns: heads, trusted: words, issuers: ofIssuers } = strings

type Lists = Operations['GET /api/v1/certificates']['answer']['revocationLists']
type ChangeOf = (change: Change, certificate: Listed) => void

export function TrustTab({ holders }: { holders: Holders }) {
  const listing = useAsk('GET /api/v1/certificates', { query: { holders } }, { everyMs: 3000 })
  const [changing, setChanging] = useState<{ change: Change; certificate: Listed }>()
  const [file, setFile] = useState<'trust' | 'import'>()
  const change: ChangeOf = (kind, certificate) => setChanging({ change: kind, certificate })
  return (
    <>
      <Asked query={listing}>
        {({ certificates, revocationLists, problems }) => {
          const inState = (state: Listed['state']) => certificates.filter((one) => one.state === state)
          return (
            <>
              <Inbox holders={holders} certificates={inState('rejected')} onChange={change} />
              <Panel
                title={words.title}
                actions={
                  <Button size="compact-xs" variant="default" onClick={() => setFile('trust')}>
                    {words.add}
                  </Button>
                }
              >
                <DataTable
                  label={words.list}
                  name="trusted"
                  columns={trustedColumns(change)}
                  rows={inState('trusted')}
                  keyOf={({ thumbprint }) => thumbprint}
                  empty={<EmptyState text={words.empty} />}
                />
              </Panel>
              <Panel
                title={ofIssuers.title}
                actions={
                  <Button size="compact-xs" variant="default" onClick={() => setFile('import')}>
                    {ofIssuers.import}
                  </Button>
                }
              >
                <Issuers issuers={inState('issuer')} lists={revocationLists} onChange={change} />
              </Panel>
              {problems.length > 0 && (
                <Panel title={strings.problems}>
                  <ul className="problem-places">
                    {problems.map((one) => (
                      <li key={one.file}>
                        <code>{one.file}</code> {one.problem}
                      </li>
                    ))}
                  </ul>
                </Panel>
              )}
            </>
          )
        }}
      </Asked>
      {changing !== undefined && <TrustChange holders={holders} {...changing} onClose={() => setChanging(undefined)} />}
      {file !== undefined && <FileDialog holders={holders} kind={file} onClose={() => setFile(undefined)} />}
    </>
  )
}

const name: Column<Listed> = {
  id: 'name',
  title: heads.name,
  width: 'minmax(130px, 1fr)',
  sort: nameOf,
  render: (one) => <bdi title={one.subject}>{nameOf(one)}</bdi>,
}
const thumbprint: Column<Listed> = {
  id: 'thumbprint',
  title: heads.thumbprint,
  width: 'minmax(110px, 0.8fr)',
  render: (one) => <code title={grouped(one.thumbprint)}>{grouped(one.thumbprint)}</code>,
}
const valid: Column<Listed> = {
  id: 'valid',
  title: heads.valid,
  width: '150px',
  sort: ({ validTo }) => validTo,
  render: ({ validFrom, validTo }) => <ValidUntil from={validFrom} to={validTo} />,
}

const trustedColumns = (change: ChangeOf): readonly Column<Listed>[] => [
  name,
  thumbprint,
  { id: 'uri', title: heads.uri, width: 'minmax(120px, 1fr)', render: ({ applicationUri }) => <span title={applicationUri ?? undefined}>{applicationUri ?? strings.none}</span> }, // prettier-ignore
  { id: 'names', title: heads.names, width: '120px', hidden: true, wide: true, render: (one) => sanOf(one) },
  valid,
  {
    id: 'usedBy',
    title: heads.usedBy,
    width: 'minmax(100px, 0.8fr)',
    render: ({ presented }) => {
      const users = [...new Set(presented.map(({ device }) => device))].join(', ')
      return users === '' ? <span className="quiet">{words.unused}</span> : <bdi title={users}>{users}</bdi>
    },
  },
  {
    id: 'trusted',
    title: heads.trusted,
    width: 'minmax(120px, 0.8fr)',
    wide: true,
    sort: ({ trustedAt }) => trustedAt,
    render: ({ trustedAt, trustedBy }) => (
      <>
        <Moment time={trustedAt} />{' '}
        {trustedBy !== null && (
          <span className="quiet">{trustedBy === 'first use' ? words.firstUse : words.by(trustedBy)}</span>
        )}
      </>
    ),
  },
  {
    id: 'reason',
    title: heads.reason,
    width: 'minmax(90px, 0.8fr)',
    render: ({ reason }) => (reason === null ? <span className="quiet">–</span> : <span title={reason}>{reason}</span>),
  },
  {
    id: 'actions',
    title: heads.actions,
    width: '190px',
    render: (one) => (
      <span className="row-actions">
        <DownloadButton certificate={one} />
        <Button
          size="compact-xs"
          variant="default"
          aria-label={words.rejectOf(nameOf(one))}
          onClick={() => change('reject', one)}
        >
          {words.reject}
        </Button>
      </span>
    ),
  },
]

function Issuers({ issuers, lists, onChange }: { issuers: readonly Listed[]; lists: Lists; onChange: ChangeOf }) {
  if (issuers.length === 0 && lists.length === 0) return <EmptyState text={ofIssuers.empty} />
  return (
    <>
      <DataTable
        label={ofIssuers.list}
        name="issuers"
        columns={issuerColumns(onChange)}
        rows={issuers}
        keyOf={(one) => one.thumbprint}
        empty={<EmptyState text={ofIssuers.empty} />}
      />
      <DataTable
        label={ofIssuers.lists}
        name="lists"
        columns={LISTS}
        rows={lists}
        keyOf={({ file }) => file}
        empty={<EmptyState text={ofIssuers.noLists} />}
      />
    </>
  )
}

const issuerColumns = (change: ChangeOf): readonly Column<Listed>[] => [
  name,
  thumbprint,
  valid,
  {
    id: 'actions',
    title: heads.actions,
    width: '230px',
    render: (one) => (
      <span className="row-actions">
        <Button
          size="compact-xs"
          variant="default"
          aria-label={strings.inbox.trustOf(nameOf(one))}
          onClick={() => change('trust', one)}
        >
          {strings.inbox.trust}
        </Button>
        <DownloadButton certificate={one} />
        <Button
          size="compact-xs"
          variant="default"
          aria-label={strings.inbox.removeOf(nameOf(one))}
          onClick={() => change('remove', one)}
        >
          {strings.inbox.remove}
        </Button>
      </span>
    ),
  },
]

const LISTS: readonly Column<Lists[number]>[] = [
  {
    id: 'file',
    title: ofIssuers.file,
    width: 'minmax(200px, 2fr)',
    render: ({ file }) => <code title={file}>{file}</code>,
  },
  { id: 'from', title: ofIssuers.from, width: '150px', render: ({ thisUpdate }) => <Moment time={thisUpdate} /> },
  { id: 'next', title: ofIssuers.next, width: '150px', render: ({ nextUpdate }) => nextUpdate === null ? <span className="quiet">{ofIssuers.notSaid}</span> : <ValidUntil from={null} to={nextUpdate} /> }, // prettier-ignore
  {
    id: 'revoked',
    title: ofIssuers.revoked,
    width: '110px',
    align: 'right',
    render: ({ revoked }) => formatCount(revoked),
  },
]
