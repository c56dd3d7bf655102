/** Puts the canvas into React: made anew when pens or theme change, redrawn four times a second while it follows. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useLiveStore } from '../live/context.ts'
import { severityOf } from '../status.ts'
import { createChart, type Chart } from './chart.ts'
import { attachGestures, type Window } from './gestures.ts'
import { toNumber, type Columns } from './pen-data.ts'
import type { Pen } from './use-pens.ts'

interface Props {
  readonly pens: readonly Pen[]
  readonly paused: Window | undefined
  readonly spanMs: number
  onPan(window: Window): void
  onZoom(window: Window): void
  onCursor(values: readonly (number | null | undefined)[] | undefined): void
}

const REDRAW_MS = 250

export function TrendChart(props: Props) {
  const store = useLiveStore()
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  const redraw = useRef<() => void>(undefined)
  const scheme = useComputedColorScheme('light')

  useEffect(() => {
    latest.current = props
    redraw.current?.()
  })

  useEffect(() => {
    const parent = box.current!
    const chart: Chart = createChart(parent, stylesOf(props.pens, parent), coloursOf(parent), (values) =>
      latest.current.onCursor(values),
    )
    const current = (): Window => {
      const { paused, spanMs } = latest.current
      return paused ?? { from: store.now() - spanMs, to: store.now() }
    }
    const draw = () => {
      const { from, to } = current()
      const open = store.connection.state === 'open'
      chart.draw(
        latest.current.pens.map((pen) => upToNow(pen, open)),
        from,
        to,
      )
      const all = latest.current.pens.map((pen) => pen.data.columns().values)
      parent.dataset.points = String(all.reduce((sum, values) => sum + values.length, 0))
      parent.dataset.gaps = String(all.reduce((sum, values) => sum + gapsIn(values), 0))
    }
    redraw.current = draw
    const timer = setInterval(() => latest.current.paused ?? draw(), REDRAW_MS)
    const sized = new ResizeObserver(() => chart.resize(parent.clientWidth, parent.clientHeight))
    sized.observe(parent)
    const detach = attachGestures(
      chart.over,
      current,
      (window) => latest.current.onZoom(window),
      (window) => latest.current.onPan(window),
    )
    draw()
    return () => {
      redraw.current = undefined
      clearInterval(timer)
      sized.disconnect()
      detach()
      chart.destroy()
    }
  }, [props.pens, scheme, store])

  return <div ref={box} className="chart" data-testid="trend" />
}

/** Stretches of bad quality. */
const gapsIn = (values: readonly (number | null)[]): number =>
  values.filter((value, index) => value === null && values[index - 1] !== null).length

/** A good value that was confirmed after its last change is drawn up to the last time it was read. */
function upToNow({ tag, data }: Pen, open: boolean): Columns {
  const columns = data.columns()
  const last = columns.times.at(-1)
  const read = tag.receivedAt
  // Bad for longer than the history in sight: a gap all the way.
  if (last === undefined && severityOf(tag.status) === 'bad') return { times: [0], values: [null] }
  const good = open && severityOf(tag.status) === 'good'
  if (!good || last === undefined || read === null || read <= last || columns.values.at(-1) === null) return columns
  return { times: [...columns.times, read], values: [...columns.values, toNumber(tag.value)] }
}

function stylesOf(pens: readonly Pen[], element: HTMLElement) {
  const styles = getComputedStyle(element)
  return pens.map(({ tag }, index) => ({
    label: tag.key,
    scale: tag.type === 'bool' ? 'on/off' : (tag.unit ?? tag.key),
    stepped: !tag.type.startsWith('float'),
    colour: styles.getPropertyValue(`--pen-${index % 8}`).trim(),
  }))
}

function coloursOf(element: HTMLElement) {
  const styles = getComputedStyle(element)
  const colour = (name: string) => styles.getPropertyValue(name).trim()
  return { text: colour('--text-2'), grid: colour('--line'), gap: colour('--p2') }
}
