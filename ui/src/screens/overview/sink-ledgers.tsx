/** A row a sink: its account as a sum that says whether it adds up, how long the oldest sample waits, and what was dropped and why. */
import { useMemo } from 'react'
import type { SinkView } from '../../api.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { droppedOf, LedgerVerdict } from '../../parts/ledger.tsx'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf, navigate } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { overviewStrings } from '../../strings/overview.ts'

const strings = overviewStrings.sinks

export function SinkLedgers({ sinks }: { sinks: readonly SinkView[] }) {
  const columns = useMemo(columnsOf, [])
  return (
    <Panel title={strings.title} actions={<Link href="/sinks">{strings.open}</Link>}>
      {sinks.length === 0 ? (
        <p className="quiet">{strings.empty}</p>
      ) : (
        <DataTable
          label={strings.label}
          name="sinks"
          columns={columns}
          rows={sinks}
          keyOf={({ name }) => name}
          stateOf={({ state }) => state}
          onOpen={({ name }) => navigate(hrefOf('/sinks', { name }))}
        />
      )}
    </Panel>
  )
}

function columnsOf(): readonly Column<SinkView>[] {
  const titles = strings.columns
  const count = (id: string, title: string, of: (sink: SinkView) => number, wide = false): Column<SinkView> => ({
    id,
    title,
    width: 'minmax(84px, 1fr)',
    align: 'right',
    wide,
    sort: of,
    render: (sink) => formatCount(of(sink)),
  })
  return [
    {
      id: 'name',
      title: titles.name,
      width: 'minmax(110px, 2fr)',
      sort: ({ name }) => name,
      render: ({ name }) => (
        <Link href={hrefOf('/sinks', { name })}>
          <bdi>{name}</bdi>
        </Link>
      ),
    },
    {
      id: 'state',
      title: titles.state,
      width: '112px',
      sort: ({ state }) => state,
      render: ({ state, reason }) => (
        <span className="state-word" title={reason ?? undefined}>
          <StateMark state={state} />
          {state}
        </span>
      ),
    },
    count('routed', titles.routed, ({ routed }) => routed),
    count('delivered', titles.delivered, ({ delivered }) => delivered),
    count('pending', titles.pending, ({ pending }) => pending),
    count('dropped', titles.dropped, droppedOf),
    {
      id: 'account',
      title: titles.account,
      width: '110px',
      sort: ({ balanced }) => (balanced ? 1 : 0),
      render: (sink) => <LedgerVerdict account={sink} />,
    },
    {
      id: 'age',
      title: titles.age,
      width: '100px',
      align: 'right',
      sort: ({ oldestPendingAgeMs }) => oldestPendingAgeMs ?? 0,
      render: ({ oldestPendingAgeMs: age }) => (age === null ? valueWords.values.none : formatDuration(age)),
    },
    {
      id: 'why',
      title: titles.why,
      width: 'minmax(120px, 2fr)',
      wide: true,
      render: ({ dropped }) =>
        Object.entries(dropped)
          .filter(([, lost]) => lost > 0)
          .map(([reason, lost]) => strings.droppedWhy(formatCount(lost), reason))
          .join(', '),
    },
  ]
}
