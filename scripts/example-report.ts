/**
 * Makes the example of docs/guide/slo.md: a report of the made-up day of the tests, from a real Prometheus that holds it.
 * `node scripts/example-report.ts`
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeReport } from '../src/report/report.ts'
import { startPrometheus } from '../src/testing/prometheus-server.ts'
import { makeDay } from '../src/testing/slo-history.ts'

const FOLDER = join(import.meta.dirname, '..', 'docs', 'images', 'report')

const cleaning: (() => unknown)[] = []
try {
  const day = makeDay(Date.UTC(2026, 9, 5))
  const { url } = await startPrometheus({ after: (clean) => void cleaning.push(clean) }, { history: day.text })
  const options = { prometheus: { url }, from: day.from, to: day.to, job: 'bifrost', name: 'edge-1' }
  const report = await makeReport(options, AbortSignal.timeout(60_000))
  for (const format of ['md', 'html'] as const) writeFileSync(join(FOLDER, `example.${format}`), report.in(format))
  console.log(report.verdict)
} finally {
  for (const clean of cleaning.toReversed()) await clean()
}
