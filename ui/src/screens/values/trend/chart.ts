/**
 * The canvas of the trend (uPlot): pens on one time axis, one scale a unit, gaps left open and marked along the bottom.
 */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Columns, Stretch } from './pen-data.ts'
import { drawable } from './thinned.ts'

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
  /** Draws these pens between two times in ms, and under them where they were not good. */
  draw(pens: readonly Columns[], from: number, to: number, stretches: readonly Stretch[]): void
  resize(width: number, height: number): void
  destroy(): void
}

const MOST_AXES = 4
/** More pens are drawn a pixel thin: without a graphics card thicker lines take three times as long, and dragging stutters. */
const MOST_THICK = 4
/** Height of the band of quality. */
const BAND_PX = 5
const FONT = '12px system-ui, sans-serif'

/** `onCursor` gets the time at the pointer in ms, or undefined when it left. */
export function createChart(
  parent: HTMLElement,
  pens: readonly PenStyle[],
  colours: ChartColours,
  onCursor: (time: number | undefined) => void,
): Chart {
  const scales = [...new Set(pens.map((pen) => pen.scale))]
  const axis = { stroke: colours.text, font: FONT, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false } }
  let marked: readonly Stretch[] = []
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
          side: index % 2 === 0 ? 3 : 1,
          size: 58,
          label: scale,
          labelSize: 16,
          labelFont: FONT,
          grid: { ...axis.grid, show: index === 0 },
        })),
      ],
      series: [{}, ...pens.map((pen) => seriesOf(pen, pens.length > MOST_THICK ? 1 : 1.75))],
      hooks: {
        draw: [(drawn) => drawBand(drawn, marked, colours.gap)],
        setCursor: [(moved) => onCursor(timeAt(moved))],
      },
    },
    [[], ...pens.map(() => [])],
    parent,
  )
  return {
    over: plot.over,
    draw(columns, from, to, stretches) {
      marked = stretches
      plot.batch(() => {
        plot.setData(drawable(columns, from, to, plot.bbox.width / devicePixelRatio), false)
        plot.setScale('x', { min: from / 1000, max: to / 1000 })
      })
    },
    resize: (width, height) => plot.setSize({ width, height }),
    destroy: () => plot.destroy(),
  }
}

function seriesOf(pen: PenStyle, width: number): uPlot.Series {
  const stepped = pen.stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  return {
    label: pen.label,
    scale: pen.scale,
    stroke: pen.colour,
    width,
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

function timeAt(plot: uPlot): number | undefined {
  const { left } = plot.cursor
  return left === undefined || left < 0 ? undefined : plot.posToVal(left, 'x') * 1000
}

// What was not good is marked under the plot too, so that a gap is not mistaken for missing paint: bad solid, uncertain in stripes.
function drawBand(plot: uPlot, stretches: readonly Stretch[], colour: string): void {
  const { ctx, bbox } = plot
  const high = BAND_PX * devicePixelRatio
  ctx.save()
  ctx.fillStyle = colour
  for (const { from, to, isBad } of stretches) {
    const left = Math.max(bbox.left, plot.valToPos(from / 1000, 'x', true))
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to / 1000, 'x', true))
    const top = bbox.top + bbox.height - high
    if (isBad) ctx.fillRect(left, top, Math.max(1, right - left), high)
    else for (let x = left; x < right; x += high) ctx.fillRect(x, top, high / 2, high)
  }
  ctx.restore()
}
