/**
 * Figures of the page in Chromium. `npm run bench -- page heap trend` measures these alone; `--write` puts them into
 * docs/design/page-figures.md. BIFROST_PAGE_HOUR=1: the heap over an hour; LIGHTHOUSE=<folder>: see page/lighthouse.ts.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { buildPage, launchBrowser } from '../ui/testing/browser.ts'
import { bundle, heap, liveTable, manyRows, screenTasks, tagGrid, trendPan, type Figure } from './page/figures.ts'
import { lighthouse } from './page/lighthouse.ts'

const MEASURES: Readonly<Record<string, (browser: Browser) => Promise<Figure[]>>> = {
  bundle,
  screens: screenTasks,
  live: liveTable,
  rows: manyRows,
  grid: tagGrid,
  trend: trendPan,
  heap,
  lighthouse,
}

export async function run(args: readonly string[] = []): Promise<void> {
  buildPage()
  const named = args.filter((arg) => arg in MEASURES)
  const figures: Figure[] = []
  for (const name of named.length > 0 ? named : Object.keys(MEASURES)) {
    // A browser of its own: nothing of one measure is left for the next.
    const browser = await launchBrowser()
    try {
      for (const figure of await MEASURES[name]!(browser)) {
        console.log(lineOf(figure))
        figures.push(figure)
      }
    } finally {
      await browser.close()
    }
  }
  if (args.includes('--write')) writeFileSync(REPORT, report(figures))
  if (figures.some((figure) => !holds(figure))) process.exitCode = 1
}

const REPORT = join(import.meta.dirname, '..', 'docs', 'design', 'page-figures.md')

const holds = ({ value, most = Infinity, least = -Infinity }: Figure): boolean => value <= most && value >= least

const boundOf = ({ most, least, unit }: Figure): string =>
  most === undefined ? `≥ ${least} ${unit}` : `≤ ${most} ${unit}`

const lineOf = (figure: Figure): string =>
  `${figure.what}: ${figure.value.toFixed(1)} ${figure.unit} (${boundOf(figure)})${holds(figure) ? '' : '  MISSED'}${figure.remark === undefined ? '' : `; ${figure.remark}`}`

function report(figures: readonly Figure[]): string {
  const rows = figures.map(
    (figure) =>
      `| ${figure.what} | ${figure.value.toFixed(1)} ${figure.unit} | ${boundOf(figure)} | ${holds(figure) ? 'yes' : '**no**'} | ${figure.remark ?? ''} |`,
  )
  return `# Figures of the page

Written by \`npm run bench -- page --write\`: Debian's Chromium without a GPU in front of a gateway of its own, all on one machine of
${availableParallelism()} cores (load ${loadavg()[0]!.toFixed(1)} when it ended). How each is measured stands in \`bench/page/\`.

| figure | measured | bound | holds | remark |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}
