/** The trend: what it shows (pens, window, live or paused) and its controls. Loaded on its own: uPlot is not on the first screen. */
import { Button, SegmentedControl } from '@mantine/core'
import { useEffect, useState, type KeyboardEvent } from 'react'
import { useLive, useLiveStore } from '../live/context.ts'
import { strings } from '../strings.ts'
import { keyed, panned, zoomed, type Window } from './gestures.ts'
import { PenLegend } from './pen-legend.tsx'
import { TrendChart } from './trend-chart.tsx'
import { usePens } from './use-pens.ts'

interface Props {
  readonly pens: readonly string[]
  readonly spanSeconds: number
  onSpan(seconds: number): void
  onRemove(key: string): void
}

const SPANS = [60, 300, 900, 3600, 28_800, 86_400]
const ZOOM = 1.6

export default function TrendPanel({ pens: keys, spanSeconds, onSpan, onRemove }: Props) {
  const store = useLiveStore()
  const [paused, setPaused] = useState<Window>()
  const spanMs = spanSeconds * 1000
  const load = useLoadWindow(paused, spanMs)
  const { pens, failed } = usePens(keys, load)
  const lost = useLive((live) => live.connection.state === 'lost')
  const hasNoTags = useLive((live) => live.snapshots > 0 && live.tags.length === 0)
  const [readout, setReadout] = useState<readonly (number | null | undefined)[]>()

  const current = (): Window => paused ?? { from: store.now() - spanMs, to: store.now() }
  const pan = (window: Window) => setPaused(window)
  const zoom = (window: Window) => {
    if (paused !== undefined) setPaused(window)
    onSpan((window.to - window.from) / 1000)
  }
  const follow = () => setPaused(undefined)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Home') follow()
    const next = keyed(current(), event.key)
    if (next === undefined) return
    event.preventDefault()
    if (event.key.startsWith('Arrow')) pan(next)
    else zoom(next)
  }
  const chooseSpan = (seconds: number) => {
    if (paused !== undefined) setPaused({ from: paused.to - seconds * 1000, to: paused.to })
    onSpan(seconds)
  }
  return (
    <section className="panel trend" aria-labelledby="trend-title">
      <div className="bar">
        <h2 id="trend-title">{strings.trend.title}</h2>
        <span className="quiet" data-testid="trend-mode">
          {paused !== undefined ? strings.trend.paused : lost ? strings.connection.lost : strings.trend.live}
        </span>
        <span className="grow" />
        <SegmentedControl
          size="xs"
          className="spans"
          aria-label={strings.trend.span}
          value={String(spanSeconds)}
          onChange={(value) => chooseSpan(Number(value))}
          data={SPANS.map((seconds) => ({ value: String(seconds), label: spanText(seconds) }))}
        />
        <Button.Group>
          <Step label={strings.trend.earlier} text="‹" onClick={() => pan(panned(current(), -0.5))} />
          <Step label={strings.trend.later} text="›" onClick={() => pan(panned(current(), 0.5))} />
          <Step label={strings.trend.zoomOut} text="−" onClick={() => zoom(zoomed(current(), ZOOM))} />
          <Step label={strings.trend.zoomIn} text="+" onClick={() => zoom(zoomed(current(), 1 / ZOOM))} />
        </Button.Group>
        <Button
          size="compact-sm"
          variant="default"
          className="follow"
          onClick={paused === undefined ? () => setPaused(current()) : follow}
        >
          {paused === undefined ? strings.trend.pause : strings.trend.follow}
        </Button>
      </div>
      {pens.length === 0 ? (
        <p className="empty trend-wait">{hasNoTags ? strings.trend.noTags : strings.trend.empty}</p>
      ) : (
        <div
          className="chart-focus"
          role="group"
          tabIndex={0}
          aria-label={strings.trend.chartLabel(pens.map((pen) => pen.tag.key).join(', '))}
          onKeyDown={onKeyDown}
        >
          <TrendChart pens={pens} paused={paused} spanMs={spanMs} onPan={pan} onZoom={zoom} onCursor={setReadout} />
        </div>
      )}
      <PenLegend pens={pens} readout={readout} onRemove={onRemove} />
      {failed && <p className="quiet">{strings.trend.historyFailed}</p>}
    </section>
  )
}

function Step({ label, text, onClick }: { label: string; text: string; onClick(): void }) {
  return (
    <Button size="compact-sm" variant="default" aria-label={label} title={label} onClick={onClick}>
      {text}
    </Button>
  )
}

function spanText(seconds: number): string {
  if (seconds < 3600) return strings.duration.minutes(seconds / 60)
  return seconds < 86_400 ? strings.duration.hours(seconds / 3600) : strings.duration.days(seconds / 86_400)
}

/** What to fetch: half a span more at each side when paused; in live mode again every quarter of the span. */
function useLoadWindow(paused: Window | undefined, spanMs: number): Window {
  const store = useLiveStore()
  const [now, setNow] = useState(() => store.now())
  useEffect(() => {
    if (paused !== undefined) return
    setNow(store.now())
    const timer = setInterval(() => setNow(store.now()), Math.min(600_000, Math.max(15_000, spanMs / 4)))
    return () => clearInterval(timer)
  }, [paused, spanMs, store])
  if (paused === undefined) return { from: now - spanMs, to: now + spanMs }
  const margin = (paused.to - paused.from) / 2
  return { from: paused.from - margin, to: paused.to + margin }
}
