/**
 * The course of an objective as inline SVG: a bar a stretch of time, as high as the share that was bad, so that what matters is large.
 * Missed is dark and hatched at its top, which paper without colours shows as well; the target is a dashed line.
 */
import type { ObjectiveFigures, Step } from './figures.ts'
import { percent, type Words } from './words.ts'

const WIDTH = 720
const HEIGHT = 120
const LEFT = 64
const BOTTOM = 22
const TOP = 8
const MOST_BARS = 160

interface Bar {
  readonly from: number
  readonly to: number
  /** Undefined: not measured. */
  readonly bad: number | undefined
}

export function chartOf({ steps, objective }: ObjectiveFigures, words: Words): string {
  const bars = barsOf(steps)
  const allowed = 1 - objective.target
  const top = Math.max(2 * allowed, ...bars.map(({ bad }) => bad ?? 0))
  const [start, end] = [bars[0]!.from, bars.at(-1)!.to]
  const x = (at: number): number => LEFT + ((at - start) / (end - start)) * (WIDTH - LEFT)
  const y = (bad: number): number => TOP + (1 - bad / top) * (HEIGHT - TOP - BOTTOM)
  const shapes = bars.map(({ from, to, bad }) => {
    const place = `x="${fixed(x(from))}" width="${fixed(Math.max(0.5, x(to) - x(from) - 0.5))}"`
    if (bad === undefined) return `<rect class="unknown" ${place} y="${TOP}" height="${HEIGHT - TOP - BOTTOM}"/>`
    const kind = bad > allowed + 1e-12 ? 'missed' : 'kept'
    const title = `<title>${words.time(from)}: ${percent(1 - bad, 2)} good</title>`
    return `<rect class="${kind}" ${place} y="${fixed(y(bad))}" height="${fixed(y(0) - y(bad))}">${title}</rect>`
  })
  const line = fixed(y(allowed))
  const text = (at: string, place: string, words_: string): string => `<text ${place} ${at}>${words_}</text>`
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Share that was not good over time, ${objective.title}">`,
    ...shapes,
    `<line class="axis" x1="${LEFT}" y1="${fixed(y(0))}" x2="${WIDTH}" y2="${fixed(y(0))}"/>`,
    `<line class="target" x1="${LEFT}" y1="${line}" x2="${WIDTH}" y2="${line}"/>`,
    text(`y="${Number(line) + 4}"`, `x="${LEFT - 6}" text-anchor="end"`, percent(allowed, 1)),
    text(`y="${TOP + 8}"`, `x="${LEFT - 6}" text-anchor="end"`, percent(top, 1)),
    text(`y="${HEIGHT - 6}"`, `x="${LEFT}"`, words.time(start)),
    text(`y="${HEIGHT - 6}"`, `x="${WIDTH}" text-anchor="end"`, words.time(end)),
    '</svg>',
  ].join('')
}

const fixed = (value: number): string => String(Math.round(value * 100) / 100)

/** At most so many bars; several steps become one, and the worst of them is what it shows. */
function barsOf(steps: readonly Step[]): Bar[] {
  const perBar = Math.ceil(steps.length / MOST_BARS)
  const bars: Bar[] = []
  for (let i = 0; i < steps.length; i += perBar) {
    const group = steps.slice(i, i + perBar)
    const measured = group.filter(({ total }) => total > 0)
    bars.push({
      from: group[0]!.at - group[0]!.ms,
      to: group.at(-1)!.at,
      bad: measured.length === 0 ? undefined : Math.max(...measured.map(({ good, total }) => 1 - good / total)),
    })
  }
  return bars
}
