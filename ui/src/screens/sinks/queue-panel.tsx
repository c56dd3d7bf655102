/** What waits for a sink: how much, how long, how much more there is room for, how fast it goes; and to let go of it. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useDo } from '../../api/ask.ts'
import type { SinkView } from '../../api.ts'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../format.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { sinkStrings } from '../../strings/sinks.ts'
import { ReasonInput } from './reason-input.tsx'
import type { Throughput } from './throughput.ts'

const strings = sinkStrings.queue
const HOUR_MS = 3_600_000

interface Props {
  readonly sink: SinkView
  readonly throughput: Throughput
  readonly mayManage: boolean
}

export function QueuePanel({ sink, throughput, mayManage }: Props) {
  const { data: log } = useAsk('GET /api/v1/log', {}, { everyMs: 10_000 })
  const [asking, setAsking] = useState(false)
  const hours = (of: number | null, text: (hours: string) => string): string =>
    of === null ? strings.unknown : text(formatDuration(of * HOUR_MS))
  return (
    <Panel title={strings.title} className="sink-queue">
      <dl className="facts numbers">
        <dt>{strings.depth}</dt>
        <dd data-testid="depth">{formatCount(sink.pending)}</dd>
        <dt>{strings.age}</dt>
        <dd>{sink.oldestPendingAgeMs === null ? strings.none : formatDuration(sink.oldestPendingAgeMs)}</dd>
        <dt>{strings.bytes}</dt>
        <dd>{log === undefined ? strings.unknown : formatBytes(log.bytes)}</dd>
        <dt>{strings.capacity}</dt>
        <dd>{hours(sink.capacity.hoursLeft, strings.capacityValue)}</dd>
        <dt>{strings.held}</dt>
        <dd>{hours(sink.capacity.hoursHeld, strings.heldValue)}</dd>
        <Rate
          title={strings.inRate}
          name={sink.name}
          now={sink.inPerSecond}
          rates={throughput.routed}
          label={strings.trendIn}
        />
        <Rate
          title={strings.outRate}
          name={sink.name}
          now={sink.outPerSecond}
          rates={throughput.delivered}
          label={strings.trend}
        />
      </dl>
      {mayManage && (
        <Button
          size="compact-sm"
          variant="default"
          disabled={sink.pending === 0 && !asking}
          onClick={() => setAsking(true)}
        >
          {strings.purge(sink.pending)}
        </Button>
      )}
      {asking && <Purge sink={sink} onClose={() => setAsking(false)} />}
    </Panel>
  )
}

interface RateProps {
  readonly title: string
  readonly name: string
  readonly now: number | null
  readonly rates: readonly (number | null)[]
  label(name: string, now: string): string
}

function Rate({ title, name, now, rates, label }: RateProps) {
  const text = now === null ? strings.measuring : strings.perSecond(formatRate(now))
  return (
    <>
      <dt>{title}</dt>
      <dd className="bar">
        <span className="rate">{text}</span>
        <Sparkline values={rates} label={label(name, text)} width={140} height={22} atLeast={1} />
      </dd>
    </>
  )
}

function Purge({ sink: { name, pending }, onClose }: { sink: SinkView; onClose(): void }) {
  const words = sinkStrings.purge
  const [reason, setReason] = useState('')
  const purge = useDo('POST /api/v1/sinks/{sink}/purge', ['GET /api/v1/sinks'])
  return (
    <Confirm
      title={words.title(name)}
      text={
        <>
          <p>{words.text(pending, name)}</p>
          <p>{words.back}</p>
        </>
      }
      label={words.label(pending, name)}
      typed={name}
      busy={purge.isPending}
      error={purge.error}
      onConfirm={() =>
        purge.mutate(
          { params: { sink: name }, body: { confirm: name, ...(reason === '' ? {} : { reason }) } },
          { onSuccess: onClose },
        )
      }
      onClose={onClose}
    >
      <ReasonInput value={reason} onChange={setReason} />
    </Confirm>
  )
}
