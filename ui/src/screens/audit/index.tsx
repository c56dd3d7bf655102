/** The audit log: who did what, when, from where and why, and what came of it; its chain verified, taken away as a file. */
import { Button } from '@mantine/core'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { usePages } from '../../api/pages.ts'
import { formatCount } from '../../format.ts'
import { DetailLayout } from '../../parts/detail-layout.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Moment } from '../../parts/moment.tsx'
import { MorePages } from '../../parts/more-pages.tsx'
import { changeQuery, hrefOf, useAddress } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { auditStrings as strings } from '../../strings/audit.ts'
import './audit.css'
import { Filters, useFilters } from './filters.tsx'
import { LineDetail } from './line-detail.tsx'
import { Verdict } from './verdict.tsx'

export type AuditLine = Operations['GET /api/v1/audit']['answer']['events'][number]

const { columns: heads } = strings
const EVERY_MS = 10_000

export default function Audit() {
  const filters = useFilters()
  const { query } = useAddress()
  const chosen = query.get('n')
  const pages = usePages('GET /api/v1/audit', { query: filters }, ({ events }) => events, { everyMs: EVERY_MS })
  const verdict = useAsk('GET /api/v1/audit/verify', { query: {} }, { when: false })
  const line = pages.rows?.find(({ n }) => String(n) === chosen)
  return (
    <>
      <div className="bar">
        <h1 className="screen-title">{strings.title}</h1>
        <span className="grow" />
        <Button
          size="compact-sm"
          variant="default"
          aria-disabled={verdict.isFetching}
          onClick={() => void verdict.refetch()}
        >
          {strings.verify.button}
        </Button>
        <Export format="csv" />
        <Export format="ndjson" />
      </div>
      <p className="quiet">{strings.about}</p>
      <Verdict query={verdict} />
      <Filters />
      <DetailLayout hasDetail={chosen !== null} width="380px">
        <div className="audit-list">
          {pages.rows !== undefined && (
            <DataTable
              label={strings.list}
              columns={COLUMNS}
              rows={pages.rows}
              keyOf={({ n }) => String(n)}
              stateOf={({ n }) => (String(n) === chosen ? 'Chosen' : undefined)}
              onOpen={({ n }) => changeQuery({ n: String(n) })}
              onEnd={pages.more}
              rowPx={30}
              empty={<EmptyState text={strings.empty} />}
              fill
            />
          )}
          <MorePages pages={pages} />
        </div>
        {chosen !== null && <LineDetail n={chosen} line={line} />}
      </DetailLayout>
    </>
  )
}

function Export({ format }: { format: 'csv' | 'ndjson' }) {
  const { from, to } = useFilters()
  // Streamed to the disk by the browser: an audit log may be larger than what a page should hold.
  return (
    <Button
      size="compact-sm"
      variant="default"
      component="a"
      download
      title={strings.export.hint}
      href={hrefOf('/api/v1/audit/export', { format, from, to })}
    >
      {strings.export[format]}
    </Button>
  )
}

const COLUMNS: readonly Column<AuditLine>[] = [
  { id: 'n', title: heads.n, width: '64px', align: 'right', render: ({ n }) => <LineLink n={n} /> },
  { id: 'time', title: heads.time, width: '146px', render: ({ time }) => <Moment time={time} /> },
  { id: 'user', title: heads.user, width: 'minmax(90px, 0.8fr)', render: ({ user }) => <bdi title={user}>{user}</bdi> },
  { id: 'action', title: heads.action, width: 'minmax(110px, 0.9fr)', render: ({ action }) => action },
  {
    id: 'object',
    title: heads.object,
    width: 'minmax(130px, 1.2fr)',
    render: ({ object }) => <bdi title={object}>{object}</bdi>,
  },
  { id: 'change', title: heads.change, width: 'minmax(130px, 1.4fr)', render: Change },
  { id: 'outcome', title: heads.outcome, width: 'minmax(110px, 0.9fr)', render: OutcomeOf },
  { id: 'reason', title: heads.reason, width: 'minmax(90px, 1fr)', render: ({ reason }) => <span title={reason ?? undefined}>{reason ?? strings.nothing}</span> }, // prettier-ignore
  { id: 'from', title: heads.from, width: 'minmax(110px, 0.8fr)', wide: true, render: ({ from }) => <span title={from}>{from}</span> }, // prettier-ignore
]

function LineLink({ n }: { n: number }) {
  const { path, query } = useAddress()
  return <Link href={hrefOf(path, { ...Object.fromEntries(query), n: String(n) })}>{formatCount(n)}</Link>
}

function Change({ before, after }: AuditLine) {
  if (isNothing(before) && isNothing(after)) return <span className="quiet">{strings.nothing}</span>
  const text = `${isNothing(before) ? '' : `${shortOf(before)} `}→ ${isNothing(after) ? strings.nothing : shortOf(after)}`
  return <span title={text.slice(0, 2000)}>{text.slice(0, 200)}</span>
}

const isNothing = (value: unknown): boolean => value === null || value === undefined
const shortOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

export function OutcomeOf({ outcome }: Pick<AuditLine, 'outcome'>) {
  const words: Readonly<Record<string, string>> = strings.outcome
  const isRefused = /^(?:[A-Z]|refused)/.test(outcome)
  return (
    <span className="state-word" title={outcome}>
      <StateMark state={isRefused ? 'Failed' : outcome === 'requested' ? 'Disabled' : 'Running'} />
      <span className="clip">{words[outcome] ?? outcome}</span>
    </span>
  )
}
