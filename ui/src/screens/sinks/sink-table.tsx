/** All sinks beside each other. */
import { useMemo } from 'react'
import type { SinkView } from '../../api.ts'
import { formatCount, formatDuration, formatRate } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { droppedOf, LedgerVerdict } from '../../parts/ledger.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { changeQuery, hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { sinkStrings as strings } from '../../strings/sinks.ts'
import { NOTHING, type Throughput } from './throughput.ts'

interface Props {
  readonly sinks: readonly SinkView[]
  readonly rates: ReadonlyMap<string, Throughput>
  readonly chosen: string | undefined
}

export function SinkTable({ sinks, rates, chosen }: Props) {
  const now = useNow()
  const columns = useMemo(() => columnsOf(rates, now), [rates, now])
  return (
    <DataTable
      label={strings.tableLabel}
      name="list"
      columns={columns}
      rows={sinks}
      keyOf={(sink) => sink.name}
      stateOf={(sink) => (sink.name === chosen ? 'Chosen' : sink.state)}
      onOpen={(sink) => changeQuery({ name: sink.name })}
    />
  )
}

const { columns: titles } = strings

function columnsOf(rates: ReadonlyMap<string, Throughput>, now: number): readonly Column<SinkView>[] {
  const of = (sink: SinkView): Throughput => rates.get(sink.name) ?? NOTHING
  const since = (sink: SinkView): number => Math.max(0, now - Date.parse(sink.stateSince))
  const rateText = (rate: number | null) => (rate === null ? valueWords.values.none : formatRate(rate))
  return [
    {
      id: 'name',
      title: titles.name,
      width: 'minmax(110px, 2fr)',
      sort: (sink) => sink.name,
      render: (sink) => (
        <Link className="clip" href={hrefOf('/sinks', { name: sink.name })}>
          <bdi>{sink.name}</bdi>
        </Link>
      ),
    },
    {
      id: 'kind',
      title: titles.kind,
      width: '80px',
      wide: true,
      sort: (sink) => sink.kind,
      render: (sink) => sink.kind,
    },
    {
      id: 'state',
      title: titles.state,
      width: '104px',
      sort: (sink) => sink.state,
      render: (sink) => (
        <span className="state-word" title={sink.reason ?? undefined}>
          <StateMark state={sink.state} />
          {sink.state}
        </span>
      ),
    },
    {
      id: 'since',
      title: titles.since,
      width: '56px',
      wide: true,
      hidden: true,
      align: 'right',
      sort: since,
      render: (sink) => <span title={sink.stateSince}>{formatDuration(since(sink))}</span>,
    },
    {
      id: 'in',
      title: titles.inRate,
      width: '58px',
      wide: true,
      align: 'right',
      sort: (sink) => sink.inPerSecond,
      render: (sink) => rateText(sink.inPerSecond),
    },
    {
      id: 'out',
      title: titles.outRate,
      width: '58px',
      align: 'right',
      sort: (sink) => sink.outPerSecond,
      render: (sink) => rateText(sink.outPerSecond),
    },
    {
      id: 'trend',
      title: titles.trend,
      width: '112px',
      wide: true,
      render: (sink) => (
        <Sparkline
          values={of(sink).delivered}
          width={108}
          height={24}
          label={strings.queue.trend(sink.name, rateText(sink.outPerSecond))}
        />
      ),
    },
    { ...countColumn('routed', titles.routed, (sink) => sink.routed), wide: true },
    { ...countColumn('delivered', titles.delivered, (sink) => sink.delivered), wide: true },
    countColumn('pending', titles.pending, (sink) => sink.pending),
    countColumn('dropped', titles.dropped, droppedOf),
    {
      id: 'account',
      title: titles.account,
      width: '88px',
      sort: (sink) => (sink.balanced ? 1 : 0),
      render: (sink) => <LedgerVerdict account={sink} />,
    },
    {
      id: 'age',
      title: titles.age,
      width: '88px',
      align: 'right',
      sort: (sink) => sink.oldestPendingAgeMs ?? 0,
      render: (sink) =>
        sink.oldestPendingAgeMs === null ? valueWords.values.none : formatDuration(sink.oldestPendingAgeMs),
    },
    {
      id: 'reason',
      title: titles.reason,
      width: 'minmax(120px, 3fr)',
      wide: true,
      hidden: true,
      sort: (sink) => sink.reason,
      render: (sink) => <span title={sink.reason ?? undefined}>{sink.reason ?? ''}</span>,
    },
  ]
}

function countColumn(id: string, title: string, count: (sink: SinkView) => number): Column<SinkView> {
  return {
    id,
    title,
    width: 'minmax(66px, 1fr)',
    align: 'right',
    sort: count,
    render: (sink) => formatCount(count(sink)),
  }
}
