/** The trend: what it shows (pens, window, live or paused) and its controls. Loaded on its own: uPlot is not on the first screen. */
import { Button, SegmentedControl } from '@mantine/core'
import { useEffect, useState, type KeyboardEvent } from 'react'
import { formatMoment, isoTime } from '../../../format.ts'
import { useLive, useLiveStore } from '../../../live/context.ts'
import { saveAddress } from '../../../parts/download.ts'
import { useMay } from '../../../shell/permissions.ts'
import { valueWords } from '../../../strings/value-words.ts'
import { shellStrings } from '../../../strings/shell.ts'
import { trendStrings } from '../../../strings/trend.ts'
import { keyed, panned, zoomed, type Window } from './gestures.ts'
import { PenLegend } from './pen-legend.tsx'
import { TrendChart } from './trend-chart.tsx'
import { usePaused } from './use-paused.ts'
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
  const [paused, setPaused] = usePaused(spanSeconds)
  const spanMs = spanSeconds * 1000
  const load = useLoadWindow(paused, spanMs)
  const { pens, failed } = usePens(keys, load)
  const connection = useLive((live) => live.connection.state)
  const hasNoTags = useLive((live) => live.snapshots > 0 && live.tags.length === 0)
  const [cursor, setCursor] = useState<number>()
  const [dragZooms, setDragZooms] = useState(false)
  const mayExport = useMay('export')

  const current = (): Window => paused ?? { from: store.now() - spanMs, to: store.now() }
  const pan = (window: Window) => setPaused(window)
  const zoom = (window: Window) => {
    if (paused !== undefined) setPaused(window)
    onSpan((window.to - window.from) / 1000)
  }
  const toSpan = (window: Window) => {
    const next = zoomed(window, 1)
    setPaused(next)
    onSpan((next.to - next.from) / 1000)
  }
  const saveCsv = () => {
    const { from, to } = current()
    const query = new URLSearchParams({ format: 'csv', from: isoTime(from), to: isoTime(to) })
    for (const { tag } of pens) query.append('tags', tag.key)
    saveAddress(`/api/v1/export?${query.toString()}`)
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
        <h2 id="trend-title">{trendStrings.title}</h2>
        <span className="quiet" data-testid="trend-mode">
          {paused !== undefined
            ? trendStrings.paused
            : connection === 'open'
              ? trendStrings.live
              : shellStrings.connection[connection]}
        </span>
        {cursor !== undefined && (
          <span className="numbers" data-testid="cursor-time">
            {formatMoment(cursor)}
          </span>
        )}
        <span className="grow" />
        <SegmentedControl
          size="xs"
          className="spans"
          aria-label={trendStrings.span}
          value={String(spanSeconds)}
          onChange={(value) => chooseSpan(Number(value))}
          data={SPANS.map((seconds) => ({ value: String(seconds), label: spanText(seconds) }))}
        />
        <Button.Group>
          <Step label={trendStrings.earlier} text="‹" onClick={() => pan(panned(current(), -0.5))} />
          <Step label={trendStrings.later} text="›" onClick={() => pan(panned(current(), 0.5))} />
          <Step label={trendStrings.zoomOut} text="−" onClick={() => zoom(zoomed(current(), ZOOM))} />
          <Step label={trendStrings.zoomIn} text="+" onClick={() => zoom(zoomed(current(), 1 / ZOOM))} />
        </Button.Group>
        <Button
          size="compact-sm"
          variant={dragZooms ? 'filled' : 'default'}
          aria-pressed={dragZooms}
          title={trendStrings.dragZoomTitle}
          onClick={() => setDragZooms(!dragZooms)}
        >
          {trendStrings.dragZoom}
        </Button>
        {mayExport && pens.length > 0 && (
          <Button size="compact-sm" variant="default" title={trendStrings.csvTitle} onClick={saveCsv}>
            {trendStrings.csv}
          </Button>
        )}
        <Button
          size="compact-sm"
          variant="default"
          className="follow"
          onClick={paused === undefined ? () => setPaused(current()) : follow}
        >
          {paused === undefined ? trendStrings.pause : trendStrings.follow}
        </Button>
      </div>
      {pens.length === 0 ? (
        <p className="empty trend-wait">{hasNoTags ? trendStrings.noTags : trendStrings.empty}</p>
      ) : (
        <div
          className="chart-focus"
          role="group"
          tabIndex={0}
          aria-label={trendStrings.chartLabel(pens.map((pen) => pen.tag.key).join(', '))}
          onKeyDown={onKeyDown}
        >
          <TrendChart
            pens={pens}
            paused={paused}
            spanMs={spanMs}
            dragZooms={dragZooms}
            onPan={pan}
            onZoom={zoom}
            onSpan={toSpan}
            onCursor={setCursor}
          />
        </div>
      )}
      <PenLegend pens={pens} at={cursor} onRemove={onRemove} />
      {failed && <p className="quiet">{trendStrings.historyFailed}</p>}
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
  if (seconds < 3600) return valueWords.duration.minutes(seconds / 60)
  return seconds < 86_400 ? valueWords.duration.hours(seconds / 3600) : valueWords.duration.days(seconds / 86_400)
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
