/** Other gateways that send their logs here: whether each is connected, since when, and what came. Not there where none may. */
import { useQuery } from '@tanstack/react-query'
import { fetchReceived, type ReceivedView } from '../../api.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { receivedStrings as words } from '../../strings/received.ts'

export function ReceivedPanel() {
  const now = useNow()
  const { data, isError } = useQuery({
    queryKey: ['received'],
    queryFn: ({ signal }) => fetchReceived(signal),
    refetchInterval: 2000,
  })
  if (data === undefined || data.length === 0) return null
  return (
    <section className="panel" aria-labelledby="received-title">
      <h2 id="received-title">{words.title}</h2>
      {isError && <p className="quiet">{words.failed}</p>}
      <ul className="cards" data-testid="received">
        {data.map((client) => (
          <li key={client.name} className={isError ? 'card aged' : 'card'}>
            <ReceivedCard client={client} now={now} lost={isError} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function ReceivedCard({ client, now, lost }: { client: ReceivedView; now: number; lost: boolean }) {
  const { name, connected, since, reason, from, samples, rejected } = client
  return (
    <>
      <span className="card-head">
        <StateMark state={connected ? 'Running' : 'Connecting'} />
        <strong dir="auto">{name}</strong>
        <span className="grow" />
        <span title={since}>
          {connected ? words.here : words.away}{' '}
          <span className="quiet">
            {lost ? valueWords.values.lastKnown : words.since(formatDuration(now - Date.parse(since)))}
          </span>
        </span>
      </span>
      {reason !== null && (
        <span className="card-reason">
          {reason}. {words.whyAway}
        </span>
      )}
      <span className="quiet card-line numbers">
        {samples > 0 ? words.samples(formatCount(samples)) : words.none}
        {from !== null && <> · {from}</>}
      </span>
      {rejected > 0 && <span className="card-reason">{words.rejected(formatCount(rejected))}</span>}
    </>
  )
}
