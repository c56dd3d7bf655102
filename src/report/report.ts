/** A service report of a range of time, from a Prometheus server: Markdown or one self-contained HTML file. */
import { contentOf } from './content.ts'
import { gatherFigures, type ReportRange } from './figures.ts'
import { toHtml } from './html.ts'
import { toMarkdown } from './markdown.ts'
import { openPrometheus, type PrometheusOptions } from './prometheus.ts'
import { wordsIn } from './words.ts'

export const FORMATS = ['md', 'html'] as const
export type ReportFormat = (typeof FORMATS)[number]

export interface ReportOptions extends ReportRange {
  readonly prometheus: PrometheusOptions
  /** What the report is of, in its title. */
  readonly name: string
  /** UTC where absent. */
  readonly timeZone?: string | undefined
}

export interface Report {
  readonly isMet: boolean
  readonly verdict: string
  /** The text in a format. */
  in(format: ReportFormat): string
}

/** Asks Prometheus; throws where it is away or has nothing, so that there is never an empty report. */
export async function makeReport(options: ReportOptions, signal: AbortSignal): Promise<Report> {
  const { prometheus, name, timeZone, from, to, job } = options
  const figures = await gatherFigures(openPrometheus(prometheus), { from, to, job }, signal)
  const words = wordsIn(timeZone)
  const content = contentOf(figures, words, name)
  return {
    isMet: content.isMet,
    verdict: content.verdict,
    in: (format) => (format === 'html' ? toHtml(content, words) : toMarkdown(content)),
  }
}
