/** How far a replay is, or how the last one ended. */
import type { SinkView } from '../../api.ts'
import { formatDuration, formatTime } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { StateMark } from '../../status-mark.tsx'
import { sinkStrings } from '../../strings/sinks.ts'

const strings = sinkStrings.replay
type Replay = SinkView['replay']

export const isRunning = (replay: Replay): boolean => replay?.state === 'waiting' || replay?.state === 'running'

export function ReplayProgress({ replay }: { replay: Replay }) {
  const now = useNow()
  if (replay === null) return <p className="quiet">{strings.none}</p>
  const { kind, from, to, startedAt, endedAt, state, delivered, rejected, withoutNumber, reason } = replay
  const time = formatDuration((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt))
  const what =
    kind === 'dead-letters' || from === null || to === null
      ? strings.letters
      : strings.range(formatTime(Date.parse(from)), formatTime(Date.parse(to)))
  return (
    <div className="replay-progress" role="status" data-testid="replay" data-state={state}>
      <p>
        <span className="state-word">
          {state === 'failed' && <StateMark state="Failed" />}
          <strong>{what}</strong>
        </span>{' '}
        {strings.states[state]}{' '}
        <span className="quiet numbers">{endedAt === null ? strings.elapsed(time) : strings.took(time)}</span>
      </p>
      <p className="numbers">{strings.progress(delivered, rejected)}</p>
      {withoutNumber > 0 && <p className="quiet">{strings.withoutNumber(withoutNumber)}</p>}
      {reason !== null && <pre className="hex">{reason}</pre>}
    </div>
  )
}
