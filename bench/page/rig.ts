/** A gateway of its own with simulated tags, and a page of Chromium in front of it, for the figures of the page. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { freePort } from '../../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const START_MS = 60_000

export interface Plant {
  readonly url: string
  stop(): Promise<void>
}

interface PlantOptions {
  readonly tags: number
  readonly everyMs: number
  /** 1,000 where absent. */
  readonly perDevice?: number
  /** Before the gateway starts: its data folder. */
  prepare?(folder: string): Promise<void>
}

/** Tags `tag-0 …`, each new with every poll. */
export async function startPlant({ tags, everyMs, perDevice = 1000, prepare }: PlantOptions): Promise<Plant> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-page-'))
  const port = await freePort()
  const devices: string[] = []
  for (let first = 0; first < tags; first += perDevice) {
    const name = `press-${first / perDevice}`
    const rows = Array.from(
      { length: Math.min(perDevice, tags - first) },
      (_, at) => `tag-${first + at},"random:period=${everyMs}ms,min=0,max=100,seed=${first + at + 1}",float64,bar`,
    )
    writeFileSync(join(folder, `${name}.csv`), `name,address,type,unit\n${rows.join('\n')}\n`)
    devices.push(`  - { name: ${name}, driver: simulated, every: ${everyMs}ms, tags: ${name}.csv }`)
  }
  const http = `http: { listen: 127.0.0.1:${port}, access: open }`
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, `version: 1\ndata: ./data\n${http}\ndevices:\n${devices.join('\n')}\n`)
  await prepare?.(join(folder, 'data'))
  const child = spawn(join(ROOT, 'bin', 'bifrost'), ['run', '-c', file], { stdio: ['ignore', 'ignore', 'ignore'] })
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, START_MS).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { url, stop }
}

/** An empty page on a desk. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  return context.newPage()
}

/** Opens an address on a desk. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await newPage(browser)
  await page.goto(url)
  return page
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds: on the clock, and of the processor. */
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** The longest task of the page's main thread while `act` runs, in ms on the clock and of the processor: others use this machine too. */
export async function longestTask(
  browser: Browser,
  page: Page,
  act: () => Promise<unknown>,
): Promise<{ readonly clockMs: number; readonly cpuMs: number }> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  await act()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = traceEvents.filter(({ pid, tid, dur }) => dur !== undefined && mains.has(`${pid} ${tid}`))
  const longest = (of: (event: TraceEvent) => number) =>
    tasks.reduce((most, task) => Math.max(most, of(task)), 0) / 1000
  return { clockMs: longest(({ dur = 0 }) => dur), cpuMs: longest(({ tdur = 0 }) => tdur) }
}

/** One of the figures that Chromium counts itself. */
export async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find((one) => one.name === name)?.value ?? Number.NaN
}

export async function waitFor(condition: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs
  while (!(await condition().catch(() => false))) {
    if (performance.now() > until) throw new Error(`it did not happen within ${timeoutMs / 1000} s`)
    await sleep(100)
  }
}
