/**
 * Makes the table of docs/design/dashboards.md: what every query of every panel gave, from a run of the same gateways, exporters and
 * Prometheus that the test uses. `node scripts/panel-table.ts [SECONDS]`
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startMonitoredPlant } from '../src/testing/monitored-plant.ts'
import { ask, panelQueries } from '../test/monitoring/panel-queries.ts'

const PAGE = join(import.meta.dirname, '..', 'docs', 'design', 'dashboards.md')
const MARK = '<!-- made by scripts/panel-table.ts -->'

const cleaning: (() => unknown)[] = []
try {
  const { url } = await startMonitoredPlant({ after: (clean) => void cleaning.push(clean) })
  await sleep(Number(process.argv[2] ?? 60) * 1000)
  const rows: string[] = []
  let empty = 0
  for (const query of panelQueries()) {
    const { series, example } = await ask(url, query)
    if (series === 0) empty++
    const cells = [query.dashboard, query.panel, query.refId, String(series), example.replaceAll('|', '\\|')]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  const head = '| dashboard | panel | query | series | one of them, newest value |\n| --- | --- | --- | --- | --- |'
  const [before = ''] = readFileSync(PAGE, 'utf8').split(MARK)
  const told = `${rows.length} queries, ${empty} of them without data.`
  writeFileSync(PAGE, `${before}${MARK}\n\n${told}\n\n${head}\n${rows.join('\n')}\n`)
  console.log(told)
} finally {
  for (const clean of cleaning.toReversed()) await clean()
}
