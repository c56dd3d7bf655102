/**
 * What the metrics cost. (a) A scrape of a gateway with 10,000 Modbus devices that are polled meanwhile, with the cap as it is and raised
 * to all of them, beside the registry of @prometheus-io/client that renders the same series. (b) What counting costs while 100,000 tags/s
 * are polled: stretches with and without, in turns, in one process.
 * Options: --part scrape|cost, --devices 10000, --scrapes 5, --pairs 10, --seconds 3.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { farmAddress } from '../simulators/farm.ts'
import { at, end, loadAverage, startFarm } from './gateway-under-load.ts'
import type { CostReport } from './metrics/cost-gateway.ts'
import type { ScrapeReport, Scrapes } from './metrics/scrape-gateway.ts'

const SCRAPE_LIMIT_MS = 200
const HOLD_LIMIT_MS = 20
const COST_LIMIT_POINTS = 2
/** As the configuration for Prometheus has it that is shipped. */
const SCRAPE_EVERY_S = 15

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: 'string' },
      devices: { type: 'string', default: '10000' },
      scrapes: { type: 'string', default: '5' },
      pairs: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '3' },
    },
  })
  if (values.part !== 'cost') await runScrapes(Number(values.devices), Number(values.scrapes))
  if (values.part !== 'scrape') await runCost(Number(values.pairs), Number(values.seconds))
}

async function runScrapes(devices: number, scrapes: number): Promise<void> {
  const report = await inGateway<ScrapeReport>('scrape-gateway.ts', { devices, tags: 10, every: '10s' }, [
    String(scrapes),
  ])
  console.log(
    `scrape, ${devices} Modbus devices polled every 10 s, ${loadAverage()}; figures of ${scrapes} scrapes: median (highest)`,
  )
  console.log(
    `  nothing scraped: the event loop was held ${figure(report.idle.hold)} ms, ${figure(report.idle.holdCpu)} ms of it its own work`,
  )
  const rows: readonly (readonly [string, Scrapes, boolean])[] = [
    ['ours, cap 1,000', report.capped, true],
    [`ours, cap ${devices}`, report.all, true],
    ['OpenMetrics, cap 1,000', report.openMetrics, true],
    ['@prometheus-io/client, the series of cap 1,000', report.peerCapped, false],
    [`@prometheus-io/client, the series of cap ${devices}`, report.peerAll, false],
  ]
  for (const [name, scrape, isOurs] of rows) {
    const missed =
      isOurs && (at(sorted(scrape.cpu), 0.5) > SCRAPE_LIMIT_MS || at(sorted(scrape.holdCpu), 0.5) > HOLD_LIMIT_MS)
    if (missed) process.exitCode = 1
    console.log(
      `  ${name}: ${scrape.series} series, ${(scrape.bytes / 2 ** 20).toFixed(1)} MiB; took ${figure(scrape.wall)} ms, ${figure(scrape.cpu)} ms of processor; ` +
        `held the event loop ${figure(scrape.hold)} ms, ${figure(scrape.holdCpu)} ms of work${missed ? '  MISSED' : ''}`,
    )
  }
  console.log(
    `  limits: ${SCRAPE_LIMIT_MS} ms a scrape, ${HOLD_LIMIT_MS} ms at a time; judged by processor time, which what else runs on the machine does not change`,
  )
}

async function runCost(pairs: number, seconds: number): Promise<void> {
  const { withMs, withoutMs, scrapeMs, tagsPerSecond } = await inGateway<CostReport>(
    'cost-gateway.ts',
    { devices: 1000, tags: 100, every: '1s' },
    [String(pairs), String(seconds)],
  )
  const share = (ms: number): number => (ms / (seconds * 1000)) * 100
  const points = withMs.map((ms, pair) => share(ms - withoutMs[pair]!))
  const median = middle(sorted(points))
  const mean = points.reduce((sum, one) => sum + one, 0) / points.length
  const deviation = Math.sqrt(points.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, points.length - 1))
  const error = deviation / Math.sqrt(points.length)
  const scraping = (at(sorted(scrapeMs), 0.5) / (SCRAPE_EVERY_S * 1000)) * 100
  const missed = median + scraping > COST_LIMIT_POINTS
  if (missed) process.exitCode = 1
  console.log(
    `counting at ${tagsPerSecond.toFixed(0)} tags/s, ${pairs} pairs of ${seconds} s in turns, ${loadAverage()}`,
  )
  console.log(
    `  ${share(at(sorted(withMs), 0.5)).toFixed(1)} % of a core with, ${share(at(sorted(withoutMs), 0.5)).toFixed(1)} % without: ` +
      `${median.toFixed(2)} points (mean ${mean.toFixed(2)} ± ${(2 * error).toFixed(2)})`,
  )
  console.log(`  pairs: ${points.map((one) => one.toFixed(2)).join(' ')}`)
  console.log(
    `  a scrape: ${figure(scrapeMs)} ms of processor, every ${SCRAPE_EVERY_S} s ${scraping.toFixed(2)} points; together ${(median + scraping).toFixed(2)} (≤ ${COST_LIMIT_POINTS})${missed ? '  MISSED' : ''}`,
  )
}

/** Of an even number the mean of the two in the middle. */
const middle = (all: readonly number[]): number =>
  (all[Math.floor((all.length - 1) / 2)]! + all[Math.ceil((all.length - 1) / 2)]!) / 2
const sorted = (all: readonly number[]): number[] => [...all].sort((a, b) => a - b)
const figure = (all: readonly number[]): string => `${at(sorted(all), 0.5).toFixed(1)} (${Math.max(...all).toFixed(1)})`

/** Runs a script on the configuration of a plant, with the farm beside it; what it reports. */
async function inGateway<Report>(
  script: string,
  plant: { devices: number; tags: number; every: string },
  args: readonly string[],
): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const farm = await startFarm(plant.devices, plant.tags)
  try {
    const config = writeConfig(folder, plant, farm.port)
    const child = fork(join(import.meta.dirname, 'metrics', script), [config, ...args], {
      execPath: join(import.meta.dirname, '..', 'bin', 'launch'),
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const ended = once(child, 'exit')
    const report = await new Promise<Report>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Report))
      void ended.then(([code]) => reject(new Error(`${script} ended with code ${String(code)} and said nothing`)))
    })
    await ended
    return report
  } finally {
    await end(farm.child)
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeConfig(folder: string, plant: { devices: number; tags: number; every: string }, port: number): string {
  const rows = Array.from({ length: plant.tags }, (_, index) => `r${index},hr:${index},uint16`)
  writeFileSync(join(folder, 'tags.csv'), `name,address,type\n${rows.join('\n')}\n`)
  const devices = Array.from(
    { length: plant.devices },
    (_, index) =>
      `  - { name: press-${index}, driver: modbus, every: ${plant.every}, options: { host: ${farmAddress(index)}, port: ${port} }, tags: tags.csv }`,
  )
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(
    file,
    `version: 1\ndata: ./data\nhttp: { enabled: false }\ndevices:\n${devices.join('\n')}\nsinks:\n  - { name: counting, sink: counting }\n`,
  )
  return file
}
