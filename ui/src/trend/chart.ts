/**
 * The canvas of the trend (uPlot): pens on one time axis, one scale a unit, gaps left open and marked along the bottom.
 */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { joined } from './pen-join.ts'
import type { Columns } from './pen-data.ts'

export interface PenStyle {
  readonly label: string
  /** Pens with the same unit share a scale; booleans have one of their own. */
  readonly scale: string
  readonly stepped: boolean
  readonly colour: string
}

export interface ChartColours {
  readonly text: string
  readonly grid: string
  readonly gap: string
}

export interface Chart {
  readonly over: HTMLElement
  /** Draws these pens between two times in ms. */
  draw(pens: readonly Columns[], from: number, to: number): void
  resize(width: number, height: number): void
  destroy(): void
}

const MOST_AXES = 2
const FONT = '12px system-ui, sans-serif'

/** `onCursor` gets the value of each pen at the pointer, or undefined when it left. */
export function createChart(
  parent: HTMLElement,
  pens: readonly PenStyle[],
  colours: ChartColours,
  onCursor: (values: readonly (number | null | undefined)[] | undefined) => void,
): Chart {
  const scales = [...new Set(pens.map((pen) => pen.scale))]
  const axis = { stroke: colours.text, font: FONT, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false } }
  const plot = new uPlot(
    {
      width: Math.max(100, parent.clientWidth),
      height: Math.max(80, parent.clientHeight),
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, points: { size: 7 }, y: false },
      padding: [10, 12, 0, 0],
      scales: Object.fromEntries([
        ['x', { time: true, auto: false }],
        ...scales.map((scale) => [scale, { range: rangeOf }]),
      ]),
      axes: [
        { ...axis, values: timeLabels, space: 70 },
        ...scales.slice(0, MOST_AXES).map((scale, index) => ({
          ...axis,
          scale,
          side: index === 0 ? 3 : 1,
          size: 58,
          grid: { ...axis.grid, show: index === 0 },
        })),
      ],
      series: [{}, ...pens.map((pen) => seriesOf(pen))],
      hooks: {
        draw: [(drawn) => drawGaps(drawn, colours.gap)],
        setCursor: [(moved) => onCursor(valuesAt(moved))],
      },
    },
    [[], ...pens.map(() => [])],
    parent,
  )
  return {
    over: plot.over,
    draw(columns, from, to) {
      plot.batch(() => {
        plot.setData(joined(columns), false)
        plot.setScale('x', { min: from / 1000, max: to / 1000 })
      })
    },
    resize: (width, height) => plot.setSize({ width, height }),
    destroy: () => plot.destroy(),
  }
}

function seriesOf(pen: PenStyle): uPlot.Series {
  const stepped = pen.stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  return {
    label: pen.label,
    scale: pen.scale,
    stroke: pen.colour,
    width: 1.75,
    points: { show: false },
    ...(stepped === undefined ? {} : { paths: stepped }),
  }
}

/** Times of day in the browser's zone, 24 hours; the date where days are the ticks, and at the first tick. */
function timeLabels(_plot: uPlot, ticks: number[], _axis: number, _space: number, stepSeconds: number): string[] {
  return ticks.map((tick, index) => {
    const date = new Date(tick * 1000)
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
    if (stepSeconds >= 86_400) return day
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}`
    const text = stepSeconds < 60 ? `${clock}:${two(date.getSeconds())}` : clock
    return index === 0 ? `${text}\n${day}` : text
  })
}

const two = (n: number): string => String(n).padStart(2, '0')

function rangeOf(_plot: uPlot, min: number | null, max: number | null): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1]
  const pad = max > min ? (max - min) * 0.08 : Math.max(Math.abs(max) * 0.02, 0.5)
  return [min - pad, max + pad]
}

function valuesAt(plot: uPlot): readonly (number | null | undefined)[] | undefined {
  const { left, idx } = plot.cursor
  if (left === undefined || left < 0 || idx === null || idx === undefined) return undefined
  return plot.data.slice(1).map((values) => valueBefore(values, idx))
}

/** A pen that has no point of its own at this time shows its last one before. */
function valueBefore(values: ArrayLike<number | null | undefined>, from: number): number | null | undefined {
  let index = from
  while (index > 0 && values[index] === undefined) index--
  return values[index]
}

// Bad stretches are marked under the plot too, so that a gap is not mistaken for missing paint.
function drawGaps(plot: uPlot, colour: string): void {
  const { ctx, bbox } = plot
  const times = plot.data[0]
  ctx.save()
  ctx.fillStyle = colour
  for (const values of plot.data.slice(1)) {
    let began: number | undefined
    for (let i = 0; i <= times.length; i++) {
      const value = i === times.length ? 0 : values[i]
      if (value === null) began ??= times[i]!
      if (value === null || value === undefined || began === undefined) continue
      const left = Math.max(bbox.left, plot.valToPos(began, 'x', true))
      const end = i === times.length ? plot.scales.x!.max! : times[i]!
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(end, 'x', true))
      if (right > left) ctx.fillRect(left, bbox.top + bbox.height - 4, right - left, 4)
      began = undefined
    }
  }
  ctx.restore()
}
