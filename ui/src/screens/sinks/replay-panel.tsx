/** Delivers a stretch of stored time again: from, to, what it means, how far it is, and its end. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import type { SinkView } from '../../api.ts'
import { formatTime } from '../../format.ts'
import { useLiveStore } from '../../live/context.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { sinkStrings } from '../../strings/sinks.ts'
import { ReasonInput } from './reason-input.tsx'
import { isRunning, ReplayProgress } from './replay-progress.tsx'

const strings = sinkStrings.replay
const MINUTE_MS = 60_000

interface Range {
  readonly from: number
  readonly to: number
}

export function ReplayPanel({ sink }: { sink: SinkView }) {
  const store = useLiveStore()
  const [range, setRange] = useState<Range>(() => lastMinutes(store.now(), 60))
  const [asking, setAsking] = useState(false)
  const cancel = useDo('DELETE /api/v1/sinks/{sink}/replay', ['GET /api/v1/sinks'])
  const running = isRunning(sink.replay)
  const valid = range.from < range.to
  return (
    <Panel title={strings.title} className="sink-replay">
      <p className="quiet">{strings.what}</p>
      <div className="form-grid">
        <TimeInput label={strings.from} value={range.from} onChange={(from) => setRange({ ...range, from })} />
        <TimeInput
          label={strings.to}
          value={range.to}
          error={valid ? undefined : strings.order}
          onChange={(to) => setRange({ ...range, to })}
        />
      </div>
      <div className="bar">
        {Object.entries(strings.spans).map(([span, minutes]) => (
          <Button
            key={span}
            size="compact-xs"
            variant="default"
            onClick={() => setRange(lastMinutes(store.now(), minutes))}
          >
            {strings.last(span)}
          </Button>
        ))}
        <span className="grow" />
        <Button size="compact-sm" variant="default" disabled={!valid || running} onClick={() => setAsking(true)}>
          {strings.start}
        </Button>
      </div>
      <ReplayProgress replay={sink.replay} />
      {running && (
        <Button
          size="compact-sm"
          variant="default"
          loading={cancel.isPending}
          onClick={() => cancel.mutate({ params: { sink: sink.name } })}
        >
          {strings.cancel}
        </Button>
      )}
      <ProblemNote error={cancel.error} />
      {asking && <AskReplay sink={sink} range={range} onClose={() => setAsking(false)} />}
    </Panel>
  )
}

function AskReplay({ sink, range: { from, to }, onClose }: { sink: SinkView; range: Range; onClose(): void }) {
  const [reason, setReason] = useState('')
  const replay = useDo('POST /api/v1/sinks/{sink}/replay', ['GET /api/v1/sinks'])
  const [begin, end] = [formatTime(from), formatTime(to)]
  return (
    <Confirm
      title={strings.confirmTitle(sink.name)}
      text={
        <>
          <p>{strings.confirm(begin, end, sink.name)}</p>
          {sink.state !== 'Running' && <p>{strings.away}</p>}
        </>
      }
      label={strings.label(begin, end, sink.name)}
      busy={replay.isPending}
      error={replay.error}
      onConfirm={() =>
        replay.mutate(
          {
            params: { sink: sink.name },
            body: {
              from: new Date(from).toISOString(),
              to: new Date(to).toISOString(),
              ...(reason === '' ? {} : { reason }),
            },
          },
          { onSuccess: onClose },
        )
      }
      onClose={onClose}
    >
      <ReasonInput value={reason} onChange={setReason} />
    </Confirm>
  )
}

interface TimeProps {
  readonly label: string
  readonly value: number
  readonly error?: string | undefined
  onChange(time: number): void
}

/** Local time, as the browser's own field for it writes it. */
function TimeInput({ label, value, error, onChange }: TimeProps) {
  return (
    <TextInput
      type="datetime-local"
      step={1}
      size="xs"
      label={label}
      error={error}
      value={localText(value)}
      onChange={(event) => {
        const time = Date.parse(event.currentTarget.value)
        if (!Number.isNaN(time)) onChange(time)
      }}
    />
  )
}

/** `2026-11-23T10:00:00`, local. */
function localText(time: number): string {
  const offset = new Date(time).getTimezoneOffset() * MINUTE_MS
  return new Date(time - offset).toISOString().slice(0, 19)
}

function lastMinutes(now: number, minutes: number): Range {
  const to = Math.floor(now / 1000) * 1000
  return { from: to - minutes * MINUTE_MS, to }
}
