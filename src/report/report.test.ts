/** The figures of a report, from a real Prometheus that holds a made-up day, against the truth that was counted while it was made. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { freePort, needs } from '../testing/peers.ts'
import { startPrometheus } from '../testing/prometheus-server.ts'
import { makeDay } from '../testing/slo-history.ts'
import { gatherFigures } from './figures.ts'
import { OBJECTIVES } from './objectives.ts'
import { openPrometheus } from './prometheus.ts'
import { makeReport } from './report.ts'
import { percent, span } from './words.ts'

const skip = needs('prometheus', 'promtool')
const FROM = Date.UTC(2026, 9, 5)
const signal = (): AbortSignal => AbortSignal.timeout(60_000)

test('every figure of a day is the one that was counted while the day was made', { skip }, async (t) => {
  const day = makeDay(FROM)
  const { url } = await startPrometheus(t, { history: day.text })
  const figures = await gatherFigures(openPrometheus({ url }), { from: day.from, to: day.to, job: 'bifrost' }, signal())
  for (const { objective, ratio, total, budgetLeft, instances } of figures.objectives) {
    const [good, all] = day.truth[objective.key]
    close(ratio, good / all, objective.title)
    close(total / all, 1, `${objective.title}: total`)
    close(budgetLeft, 1 - (1 - good / all) / (1 - objective.target), `${objective.title}: budget`, 1e-4)
    close(instances['edge-1:8080'], good / all, `${objective.title} of the gateway`)
  }
  close(figures.samplesLost, day.lost, 'lost', 1e-3)
  assert.equal(figures.maintenanceMs, 3_600_000)
  assert.equal(figures.measured, 1)

  const at = (minute: number): number => FROM + minute * 60_000
  const incidents = Object.fromEntries(
    figures.objectives.map(({ objective, incidents: all }) => [objective.key, all.map(({ from, to }) => [from, to])]),
  )
  assert.deepEqual(incidents, {
    availability: [[at(600), at(615)]],
    latency: [[at(660), at(670)]],
    errors: [[at(720), at(730)]],
    completeness: [[at(780), at(785)]],
    freshness: [[at(840), at(860)]],
  })
  const [, latency] = figures.objectives
  // 20 of 60 below 0.1 s, 57.7 of 60 below 0.5 s: the median lies evenly between.
  const [fast, all] = day.truth.latency
  const below = (20 * all) / 60
  close(new Map(latency!.quantiles).get(0.5), 0.1 + (0.4 * (all / 2 - below)) / (fast - below), 'p50', 2e-3)
})

test('the report says these figures, as Markdown and as a page that loads nothing', { skip }, async (t) => {
  const day = makeDay(FROM)
  const { url } = await startPrometheus(t, { history: day.text })
  const options = { prometheus: { url }, from: day.from, to: day.to, job: 'bifrost', name: 'Line <1>' }
  const report = await makeReport(options, signal())
  const [markdown, html] = [report.in('md'), report.in('html')]
  assert.equal(report.isMet, false)
  for (const text of [markdown, html]) {
    for (const { key } of OBJECTIVES) {
      const [good, all] = day.truth[key]
      assert.ok(text.includes(percent(good / all)), `${key}: ${percent(good / all)}`)
    }
    assert.match(text, /2026-10-05 10:00/)
    assert.match(text, /15 min/)
    assert.match(text, /lost for good: 12\b/)
    assert.match(text, /Times are those of UTC\./)
    assert.ok(!text.includes('Line <1>'), 'a name is no markup')
  }
  assert.equal(html.match(/<svg /g)?.length, OBJECTIVES.length)
  assert.ok((html.match(/class="missed"/g) ?? []).length >= 5)
  assert.doesNotMatch(html, /https?:|<script|<link|@import|url\(/)
})

test('steps that Prometheus does not have count neither way', { skip }, async (t) => {
  const day = makeDay(FROM)
  const { url } = await startPrometheus(t, { history: day.text })
  const range = { from: day.from - 86_400_000, to: day.to, job: 'bifrost' }
  const figures = await gatherFigures(openPrometheus({ url }), range, signal())
  close(figures.measured, 0.5, 'measured', 0.01)
  const [good, all] = day.truth.completeness
  close(figures.objectives.find(({ objective }) => objective.key === 'completeness')!.ratio, good / all, 'completeness')
})

test(
  'what nobody measured is not said to be met, and a range need not be whole milliseconds of anything',
  { skip },
  async (t) => {
    const from = FROM
    const text = `# TYPE up gauge\n${Array.from({ length: 61 }, (_, i) => `up{job="bifrost",instance="a"} 1 ${from / 1000 + i * 60}`).join('\n')}\n# EOF\n`
    const { url } = await startPrometheus(t, { history: text })
    const range = { from: from + 1_800_000, to: from + 3_600_001, job: 'bifrost', name: 'x' }
    const report = await makeReport({ ...range, prometheus: { url } }, signal())
    assert.equal(
      report.verdict,
      'All objectives that were measured were met. Not measured: API latency, API errors, data completeness, delivery freshness.',
    )
  },
)

test(
  'Prometheus away, refusing, without data, or no Prometheus: a sentence with the next step, no report',
  { skip },
  async (t) => {
    const range = { from: FROM, to: FROM + 3_600_000, job: 'bifrost', name: 'x' }
    const make = (url: string) => makeReport({ ...range, prometheus: { url } }, signal())
    const { url } = await startPrometheus(t)
    const nobody = `http://127.0.0.1:${await freePort()}`
    await assert.rejects(make(nobody), {
      code: 'NOT_CONNECTED',
      message: /does not answer .*ECONNREFUSED.*--prometheus/,
    })
    await assert.rejects(make(url), { code: 'NOT_CONNECTED', message: /has no data of job "bifrost" from 2026-10-05T00:00:00.000Z .*check --from and --to/ }) // prettier-ignore
    await assert.rejects(make(await answering(t, 200, '<html>')), { message: /is no Prometheus: .*check --prometheus/ })
    await assert.rejects(make(await answering(t, 401, '')), {
      code: 'ACCESS_REFUSED',
      message: /BIFROST_PROMETHEUS_TOKEN/,
    })
    await assert.rejects(make(await answering(t, 422, '{"status":"error","error":"too many samples"}')), { message: /too many samples; try a shorter range/ }) // prettier-ignore
  },
)

test('shares are cut off, never rounded up', () => {
  assert.equal(percent(0.999996), '99.999 %')
  assert.equal(percent(1), '100.000 %')
  assert.equal(percent(0.29, 1), '29.0 %')
  assert.equal(span(3_900_000), '1 h 5 min')
})

async function answering(t: TestContext, status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body))
  t.after(() => server.close())
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  return `http://127.0.0.1:${port}`
}

function close(found: number | undefined, expected: number, what: string, tolerance = 1e-5): void {
  const isClose = found !== undefined && Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected))
  assert.ok(isClose, `${what}: ${found} instead of ${expected}`)
}
