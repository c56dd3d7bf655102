/** Starts and stops the trace; how long it still runs and how much it holds is counted in sight. */
import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import { formatBytes, formatCount, formatTime } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { countdown } from '../../parts/moment.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { StateMark } from '../../status-mark.tsx'
import { traceStrings as strings } from '../../strings/trace.ts'
import type { TraceStatus } from './use-trace.ts'

type Duration = keyof typeof strings.durations
const DURATIONS = Object.keys(strings.durations) as Duration[]

interface Props {
  readonly device: string
  readonly status: TraceStatus
  /** It was started or stopped. */
  onChanged(): void
}

export function TraceControl({ device, status, onChanged }: Props) {
  const start = useDo('POST /api/v1/devices/{device}/trace')
  const stop = useDo('DELETE /api/v1/devices/{device}/trace')
  const [duration, setDuration] = useState<Duration>('10m')
  const { active, startedAt, captured, held, heldBytes, bounds } = status
  return (
    <div className="panel trace-control">
      <div className="bar">
        {startedAt === null ? <span className="quiet">{strings.never}</span> : <Counting status={status} />}
        <span className="grow" />
        {active ? (
          <Button
            size="compact-sm"
            disabled={stop.isPending}
            onClick={() => stop.mutate({ params: { device } }, { onSettled: onChanged })}
          >
            {strings.stop}
          </Button>
        ) : (
          <>
            <NativeSelect
              size="xs"
              aria-label={strings.stopAfter}
              value={duration}
              onChange={(event) => setDuration(event.currentTarget.value as Duration)}
              data={DURATIONS.map((value) => ({ value, label: `${strings.stopAfter} ${strings.durations[value]}` }))}
            />
            <Button
              size="compact-sm"
              disabled={start.isPending}
              onClick={() => start.mutate({ params: { device }, body: { duration } }, { onSettled: onChanged })}
            >
              {startedAt === null ? strings.start : strings.again}
            </Button>
          </>
        )}
      </div>
      {startedAt !== null && (
        <p className="quiet" data-testid="trace-size">
          {strings.size(formatCount(captured), formatCount(held), formatBytes(heldBytes))}.{' '}
          {strings.bound(formatCount(bounds.exchanges), formatBytes(bounds.bytes))}
        </p>
      )}
      <ProblemNote error={start.error} what={strings.startFailed} />
      <ProblemNote error={stop.error} what={strings.stopFailed} />
    </div>
  )
}

function Counting({ status: { active, endsAt } }: { status: TraceStatus }) {
  const now = useNow()
  const end = Date.parse(endsAt ?? '')
  return (
    <span className="state-word numbers" role={active ? 'timer' : 'status'} data-testid="trace-state">
      <StateMark state={active ? 'Running' : 'Disabled'} />
      {active ? strings.running(countdown(end - now)) : strings.stopped(formatTime(end))}
    </span>
  )
}
