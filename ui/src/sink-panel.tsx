/** Sinks with state, what waits and how long, and what was dropped and why. */
import { useQuery } from '@tanstack/react-query'
import { fetchSinks, type SinkView } from './api.ts'
import { formatCount, formatDuration } from './format.ts'
import { useNow } from './live/context.ts'
import { StateMark } from './status-mark.tsx'
import { strings } from './strings.ts'

export function SinkPanel() {
  const now = useNow()
  const { data, isPending, isError } = useQuery({
    queryKey: ['sinks'],
    queryFn: ({ signal }) => fetchSinks(signal),
    refetchInterval: 2000,
  })
  return (
    <section className="panel" aria-labelledby="sinks-title">
      <h2 id="sinks-title">{strings.sinks.title}</h2>
      {isPending && <p className="quiet">{strings.sinks.loading}</p>}
      {isError && <p className="quiet">{strings.sinks.failed}</p>}
      {data?.length === 0 && <p className="quiet">{strings.sinks.empty}</p>}
      <ul className="cards" data-testid="sinks">
        {(data ?? []).map((sink) => (
          <li key={sink.name} className={isError ? 'card aged' : 'card'}>
            <SinkCard sink={sink} now={now} lost={isError} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function SinkCard({ sink, now, lost }: { sink: SinkView; now: number; lost: boolean }) {
  const dropped = Object.entries(sink.dropped).filter(([, count]) => count > 0)
  return (
    <>
      <span className="card-head">
        <StateMark state={sink.state} />
        <strong>{sink.name}</strong>
        <span className="quiet">{sink.kind}</span>
        <span className="grow" />
        <span title={sink.stateSince}>
          {sink.state}{' '}
          <span className="quiet">
            {lost ? strings.values.lastKnown : strings.sinks.since(formatDuration(now - Date.parse(sink.stateSince)))}
          </span>
        </span>
      </span>
      {sink.reason !== null && <span className="card-reason">{sink.reason}</span>}
      <span className="quiet card-line numbers">
        {formatCount(sink.delivered)} {strings.sinks.delivered} · {formatCount(sink.pending)} {strings.sinks.pending}
        {sink.oldestPendingAgeMs !== null && sink.oldestPendingAgeMs >= 5000 && (
          <> · {strings.sinks.oldest(formatDuration(sink.oldestPendingAgeMs))}</>
        )}
      </span>
      {dropped.map(([reason, count]) => (
        <span key={reason} className="card-reason">
          {strings.sinks.dropped(formatCount(count), reason)}
        </span>
      ))}
    </>
  )
}
