/** Puts the canvas into React: made anew when pens or theme change, redrawn four times a second while it follows. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useLiveStore } from '../../../live/context.ts'
import type { LiveTag } from '../../../live/store.ts'
import { severityOf } from '../../../status.ts'
import { createChart, type Chart } from './chart.ts'
import { attachGestures, type Window } from './gestures.ts'
import { toNumber, type Columns, type Stretch } from './pen-data.ts'
import type { Pen } from './use-pens.ts'

interface Props {
  readonly pens: readonly Pen[]
  readonly paused: Window | undefined
  readonly spanMs: number
  /** A plain drag zooms to what it was drawn over. */
  readonly dragZooms: boolean
  onPan(window: Window): void
  onZoom(window: Window): void
  onSpan(window: Window): void
  onCursor(time: number | undefined): void
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
  })
  // Not with every move of the pointer, which renders the panel too.
  useEffect(() => redraw.current?.(), [props.paused, props.spanMs])

  useEffect(() => {
    const parent = box.current!
    const chart: Chart = createChart(parent, stylesOf(props.pens, parent), coloursOf(parent), (time) =>
      latest.current.onCursor(time),
    )
    const current = (): Window => {
      const { paused, spanMs } = latest.current
      return paused ?? { from: store.now() - spanMs, to: store.now() }
    }
    let drawn: readonly Columns[] = []
    const draw = () => {
      const { from, to } = current()
      const open = store.connection.state === 'open'
      const { pens } = latest.current
      chart.draw(
        pens.map((pen) => upToNow(pen, open)),
        from,
        to,
        pens.flatMap(({ tag, data }) => stretchesOf(data.stretches(from, Math.min(to, store.now())), tag, from, to)),
      )
      drawn = pens.map(({ data }) => data.columns())
      tell(parent, pens)
    }
    redraw.current = draw
    const timer = setInterval(() => {
      const { paused, pens } = latest.current
      // One that stands still is drawn when something came for it, such as its history.
      if (paused === undefined || pens.some(({ data }, at) => data.columns() !== drawn[at])) draw()
    }, REDRAW_MS)
    const sized = new ResizeObserver(() => chart.resize(parent.clientWidth, parent.clientHeight))
    sized.observe(parent)
    const detach = attachGestures(chart.over, {
      current,
      zooms: () => latest.current.dragZooms,
      onZoom: (window) => latest.current.onZoom(window),
      onPan: (window) => latest.current.onPan(window),
      onSpan: (window) => latest.current.onSpan(window),
    })
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

/** How many points and gaps there are, for whoever does not see them. Counted once a change. */
function tell(parent: HTMLElement, pens: readonly Pen[]): void {
  const all = pens.map(({ data }) => data.columns().values)
  const points = String(all.reduce((sum, values) => sum + values.length, 0))
  if (parent.dataset.points === points) return
  parent.dataset.points = points
  parent.dataset.gaps = String(all.reduce((sum, values) => sum + gapsIn(values), 0))
}

/** Stretches of bad quality. */
function gapsIn(values: readonly (number | null)[]): number {
  let gaps = 0
  for (let index = 0; index < values.length; index++) if (values[index] === null && values[index - 1] !== null) gaps++
  return gaps
}

/** Bad for longer than anything is known of: all the way. */
const stretchesOf = (
  known: readonly Stretch[],
  { status, value }: LiveTag,
  from: number,
  to: number,
): readonly Stretch[] =>
  known.length === 0 && severityOf(status) === 'bad' && value === null ? [{ from, to, isBad: true }] : known

/** A good value that was confirmed after its last change is drawn up to the last time it was read. */
function upToNow({ tag, data }: Pen, open: boolean): Columns {
  const columns = data.columns()
  const last = columns.times.at(-1)
  const read = tag.receivedAt
  // Bad for longer than the history in sight: a gap all the way.
  if (last === undefined && severityOf(tag.status) === 'bad') return { times: [0], values: [null] }
  const good = open && severityOf(tag.status) === 'good'
  if (!good || last === undefined || read === null || read <= last || columns.values.at(-1) === null) return columns
  return { times: columns.times.concat(read), values: columns.values.concat(toNumber(tag.value)) }
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
