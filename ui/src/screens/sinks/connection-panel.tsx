/** How a sink is connected: what that means for the samples first, what the far side said underneath, and where to go on. */
import type { SinkView } from '../../api.ts'
import { formatCount, formatDuration, formatMoment } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { sinkStrings } from '../../strings/sinks.ts'

const strings = sinkStrings.health

const HOUR_MS = 3_600_000

const MEANS: Readonly<Record<SinkView['state'], string>> = {
  Running: strings.well,
  Connecting: strings.connecting,
  Degraded: strings.degraded,
  Failed: strings.away,
  Disabled: strings.disabled,
}

export function ConnectionPanel({ sink }: { sink: SinkView }) {
  const now = useNow()
  const mayRead = useMay('config.read')
  const mayDiagnose = useMay('diagnose')
  const { state, stateSince, owner, insecure } = sink
  return (
    <Panel title={strings.title} className="sink-connection">
      <p className="state-word">
        <StateMark state={state} />
        <strong title={formatMoment(Date.parse(stateSince))}>
          {strings.state(state, formatDuration(now - Date.parse(stateSince)))}
        </strong>
      </p>
      <p>{MEANS[state]}</p>
      {state === 'Failed' && <Room hoursLeft={sink.capacity.hoursLeft} />}
      {insecure && <p className="quiet">{valueWords.insecure}</p>}
      <Retry at={sink.nextAttemptAt} now={now} />
      <Reason sink={sink} now={now} />
      <dl className="facts numbers">
        {sink.endpoint !== null && (
          <>
            <dt>{strings.endpoint}</dt>
            <dd>
              <bdi>{sink.endpoint}</bdi>
            </dd>
          </>
        )}
        <dt>{strings.lastDelivery}</dt>
        <dd>
          {sink.lastDeliveryAt === null
            ? strings.never
            : strings.ago(formatDuration(now - Date.parse(sink.lastDeliveryAt)))}
        </dd>
        <dt>{strings.writes}</dt>
        <dd>{strings.writesOf(formatCount(sink.writes.ok), formatCount(sink.writes.retried))}</dd>
        <dt>{strings.reconnects}</dt>
        <dd>{formatCount(sink.writes.reconnects)}</dd>
      </dl>
      <p className="quiet bar">
        {owner !== null && (
          <span>
            {strings.owner}{' '}
            {mayRead ? (
              <Link href={hrefOf('/configuration', { tab: 'files', file: owner.split(':')[0] })}>{owner}</Link>
            ) : (
              owner
            )}
          </span>
        )}
        {mayDiagnose && <Link href={hrefOf('/logs', { q: sink.name })}>{strings.logs}</Link>}
      </p>
    </Panel>
  )
}

/** The pause before the next attempt, counted down. */
function Retry({ at, now }: { at: string | null; now: number }) {
  if (at === null) return null
  const left = Math.ceil((Date.parse(at) - now) / 1000)
  return (
    <p className="numbers" data-testid="retry">
      {left > 0 ? strings.next(valueWords.duration.seconds(left)) : strings.now}
    </p>
  )
}

/** What the far side said: of now, or what went wrong last when all is well again. */
function Reason({ sink: { state, reason, lastError }, now }: { sink: SinkView; now: number }) {
  const text = reason ?? lastError?.reason
  if (text === undefined) return null
  const title =
    reason === null && lastError !== null
      ? strings.lastError(formatDuration(now - Date.parse(lastError.at)))
      : strings.details
  return (
    <details open={state === 'Failed' || state === 'Degraded' || state === 'Connecting'}>
      <summary>{title}</summary>
      <pre className="hex" data-testid="reason">
        {text}
      </pre>
    </details>
  )
}

/** How long nothing is lost yet. */
function Room({ hoursLeft }: { hoursLeft: number | null }) {
  return <p>{hoursLeft === null ? strings.roomUnknown : strings.room(formatDuration(hoursLeft * HOUR_MS))}</p>
}
