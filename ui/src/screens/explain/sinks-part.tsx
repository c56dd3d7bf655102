/** What became of the value at every sink: acknowledged after how long, or why it waits; and what was sent. */
import type { SessionState } from '../../api.ts'
import { formatCount, formatMoment, formatDuration } from '../../format.ts'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { explainStrings as words } from '../../strings/explain.ts'
import { wordsOf } from './hex.ts'
import type { Explained, ExplainedSink } from './types.ts'
import { timeOf } from './value-parts.tsx'

export function SinksPart({ explained: { sinks } }: { explained: Explained }) {
  return (
    <Panel title={words.parts.sinks}>
      {sinks.length === 0 && <p className="quiet">{words.noSinks}</p>}
      {sinks.map((sink) => (
        <section key={sink.name} className="explain-sink" aria-label={sink.name}>
          <SinkHead sink={sink} />
          {sink.messages === null && <p className="quiet">{words.noMessages}</p>}
          {sink.messages?.map((message) => (
            <Message key={`${message.place} ${message.member ?? ''}`} message={message} />
          ))}
        </section>
      ))}
    </Panel>
  )
}

function SinkHead({ sink }: { sink: ExplainedSink }) {
  const { name, kind, state, outcome, acknowledgedAt, afterMs, reason, pending, oldestPendingAgeMs } = sink
  return (
    <div>
      <p className="state-word">
        <StateMark state={state as SessionState} />
        <span>
          <Link href={hrefOf('/sinks', { name })}>{name}</Link> <span className="quiet">{kind}</span>{' '}
          <strong>{words.outcomes[outcome]}</strong>{' '}
          <span className="quiet numbers" title={acknowledgedAt ?? undefined}>
            {afterMs !== null && words.after(formatCount(Math.round(afterMs)))}{' '}
            {acknowledgedAt !== null && formatMoment(timeOf(acknowledgedAt))}
          </span>
        </span>
      </p>
      {reason !== null && <p>{reason}</p>}
      {outcome === 'pending' && (
        <p className="quiet">
          {words.waits(formatCount(pending))}
          {oldestPendingAgeMs !== null && ` · ${words.oldest(formatDuration(oldestPendingAgeMs))}`}
        </p>
      )}
    </div>
  )
}

function Message({ message }: { message: NonNullable<ExplainedSink['messages']>[number] }) {
  const { place, member, facts, bytes, text, hex, decoded, cut } = message
  const told = Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`)
  return (
    <div className="explain-message">
      <p>
        {words.topic} <code>{place}</code> {member !== null && <code>{member}</code>}{' '}
        <span className="quiet">{[...told, words.payload(formatCount(bytes))].join(' · ')}</span>
      </p>
      <pre className="hex" tabIndex={0} aria-label={words.payload(formatCount(bytes))}>
        {text ?? wordsOf(hex ?? '', 2)}
      </pre>
      {text === null && decoded !== null && <pre className="hex">{JSON.stringify(decoded, null, 2)}</pre>}
      {cut && <p className="quiet">{words.cut}</p>}
    </div>
  )
}
