/** The figures of the page, each measured in Chromium in front of a gateway of its own. */
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openStore } from '../../src/store/store.ts'
import { tagSettings } from '../../src/testing/delivery-rig.ts'
import { screenPaths } from '../../ui/testing/screens.ts'
import { longestTask, metric, newPage, openPage, startPlant, waitFor } from './rig.ts'

export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** Up to it, or from it on. */
  readonly most?: number
  readonly least?: number
  readonly remark?: string
}

/** What Chromium loads for the first screen, gzipped, in KB of 1,000 bytes. */
export async function bundle(browser: Browser): Promise<Figure[]> {
  const plant = await startPlant({ tags: 10, everyMs: 1000 })
  try {
    return [{ what: 'first screen, gzipped', value: await firstScreenKb(browser, plant.url), unit: 'KB', most: 250 }]
  } finally {
    await plant.stop()
  }
}

export async function firstScreenKb(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const sizes: Promise<number>[] = []
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (pathname.startsWith('/api/')) return
    sizes.push(
      response.body().then(
        (body) => gzipSync(body).length,
        () => 0,
      ),
    )
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  await context.close()
  return total / 1000
}

/** The longest task of the main thread at each screen, opened anew and looked at for some seconds. */
export async function screenTasks(browser: Browser): Promise<Figure[]> {
  const plant = await startPlant({ tags: 2000, everyMs: 1000 })
  try {
    const figures: Figure[] = []
    for (const path of screenPaths()) {
      const page = await newPage(browser)
      const task = await longestTask(browser, page, async () => {
        await page.goto(`${plant.url}${path}`)
        await sleep(3000)
      })
      figures.push(taskFigure(path, task))
      await page.context().close()
    }
    return figures
  } finally {
    await plant.stop()
  }
}

/** Bound is what the processor spent: on the clock a task waits for other programs of the machine too. */
const taskFigure = (where: string, { clockMs, cpuMs }: { clockMs: number; cpuMs: number }): Figure => ({
  what: `longest task, ${where}`,
  value: cpuMs,
  unit: 'ms',
  most: 200,
  remark: `${clockMs.toFixed(0)} ms on the clock`,
})

const MEASURE_MS = 10_000

/** How busy the main thread is while 5,000 values change each second. */
export async function liveTable(browser: Browser): Promise<Figure[]> {
  const plant = await startPlant({ tags: 5000, everyMs: 1000 })
  try {
    const page = await openPage(browser, `${plant.url}/values?span=60`)
    await waitForRows(page)
    await sleep(5000)
    const session = await startSession(page)
    const before = await busy(session)
    const task = await longestTask(browser, page, () => sleep(MEASURE_MS))
    const after = await busy(session)
    const share = (after.task - before.task) / (after.at - before.at)
    return [
      { what: 'main thread busy, 5,000 updates/s', value: 100 * share, unit: '%', most: 50 },
      taskFigure('5,000 updates/s', task),
    ]
  } finally {
    await plant.stop()
  }
}

/** Filtering 50,000 rows, from the key to the picture; and scrolling through them. */
export async function manyRows(browser: Browser): Promise<Figure[]> {
  const plant = await startPlant({ tags: 50_000, everyMs: 10_000 })
  try {
    const page = await openPage(browser, `${plant.url}/values`)
    await waitForRows(page)
    await sleep(3000)
    const times: number[] = []
    for (const text of ['tag-4', 'tag-49', 'tag-499', '', 'press-7', ''])
      times.push(await page.evaluate<number>(`(${FILTER})(${JSON.stringify(text)})`))
    const fps = await page.evaluate<number>(`(${SCROLL})('.scroller')`)
    return [
      { what: 'filter of 50,000 values', value: Math.max(...times), unit: 'ms', most: 300 },
      { what: 'scroll of 50,000 values, median', value: fps, unit: 'fps', least: 55 },
    ]
  } finally {
    await plant.stop()
  }
}

/** The same in the grid in which tags are edited. */
export async function tagGrid(browser: Browser): Promise<Figure[]> {
  const plant = await startPlant({ tags: 50_000, everyMs: 60_000, perDevice: 50_000 })
  try {
    const page = await openPage(browser, `${plant.url}/tags?device=press-0`)
    await page.getByRole('grid').waitFor({ timeout: 30_000 })
    await sleep(2000)
    const times: number[] = []
    for (const text of ['tag-4', 'tag-49', 'tag-499', ''])
      times.push(await page.evaluate<number>(`(${FILTER})(${JSON.stringify(text)}, 'tag-count')`))
    const fps = await page.evaluate<number>(`(${SCROLL})('.tag-grid')`)
    return [
      { what: 'filter of 50,000 tags in the grid', value: Math.max(...times), unit: 'ms', most: 300 },
      { what: 'scroll of 50,000 tags in the grid, median', value: fps, unit: 'fps', least: 55 },
    ]
  } finally {
    await plant.stop()
  }
}

/** Types into the filter as a browser does, and waits until the count of rows is drawn anew. */
const FILTER = `async (text, counted = 'count') => {
  const input = document.querySelector('.filter input')
  const count = document.querySelector('[data-testid=' + counted + ']')
  const before = count.textContent
  const begin = performance.now()
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, text)
  input.dispatchEvent(new Event('input', { bubbles: true }))
  while (count.textContent === before && performance.now() - begin < 5000) await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  return performance.now() - begin
}`

/** Scrolls for three seconds; the median of frames a second. */
const SCROLL = `async (selector) => {
  const box = document.querySelector(selector)
  const gaps = []
  const end = performance.now() + 3000
  let last = performance.now()
  while (performance.now() < end) {
    box.scrollTop += 50
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    gaps.push(now - last)
    last = now
  }
  gaps.sort((a, b) => a - b)
  return 1000 / gaps[Math.floor(gaps.length / 2)]
}`

const PENS = 8
const POINTS = 36_000

/** Eight pens of 36,000 points each, dragged for some seconds. */
export async function trendPan(browser: Browser): Promise<Figure[]> {
  const to = Date.now()
  const plant = await startPlant({ tags: PENS, everyMs: 60_000, prepare: (folder) => seed(folder, to) })
  try {
    const pens = Array.from({ length: PENS }, (_, at) => `press-0/tag-${at}`).join(',')
    const window = new URLSearchParams({ span: '3600', pens, to: new Date(to).toISOString() })
    const page = await openPage(browser, `${plant.url}/values?${window.toString()}`)
    const trend = page.getByTestId('trend')
    await waitFor(async () => Number(await trend.getAttribute('data-points')) > PENS * 1000, 20_000)
    await sleep(1000)
    const session = await startSession(page)
    const before = await busy(session)
    const [fps, frames] = await page.evaluate<[number, number]>(PAN)
    const after = await busy(session)
    const points = Number(await trend.getAttribute('data-points'))
    const remark = `${POINTS} samples a pen in the hour in sight, condensed by the gateway to ${Math.round(points / PENS)} points a pen`
    const perFrame = (1000 * (after.task - before.task)) / frames
    return [
      { what: 'pan of 8 pens × 36,000 samples', value: fps, unit: 'fps', least: 30, remark },
      { what: 'main thread a frame of it', value: perFrame, unit: 'ms', most: 33 },
    ]
  } finally {
    await plant.stop()
  }
}

async function seed(dir: string, to: number): Promise<void> {
  mkdirSync(dir, { recursive: true })
  const tags = Array.from({ length: PENS }, (_, at) => ({
    device: 'press-0',
    settings: { ...tagSettings(`tag-${at}`, 'float64'), unit: 'bar' },
  }))
  const store = await openStore({ dir, clock: systemClock, log: silentLog })
  const ids = await store.defineTags(tags)
  const from = to - POINTS * 100
  for (let point = 0; point < POINTS; point++) {
    const time = from + point * 100
    const batch = new SampleBatch(PENS, time)
    for (let at = 0; at < PENS; at++)
      batch.push(ids[at]!, 50 + at * 5 + 20 * Math.sin(point / (300 + at * 40)), 0, time + at)
    store.append(batch)
    if (point % 5000 === 0) await store.flush()
  }
  await store.flush()
  await store.close()
}

/** Drags the plot to and fro for four seconds, a step a frame; frames a second. */
const PAN = `(async () => {
  const over = document.querySelector('[data-testid=trend] .u-over')
  const { left, top, width, height } = over.getBoundingClientRect()
  const [x, y] = [left + width / 2, top + height / 2]
  const send = (type, clientX) =>
    over.dispatchEvent(new PointerEvent(type, { clientX, clientY: y, pointerId: 1, button: 0, bubbles: true }))
  over.setPointerCapture = () => {}
  send('pointerdown', x)
  const begin = performance.now()
  let frames = 0
  while (performance.now() - begin < 4000) {
    send('pointermove', x + 200 * Math.sin((performance.now() - begin) / 400))
    await new Promise(requestAnimationFrame)
    frames++
  }
  send('pointerup', x)
  return [(1000 * frames) / (performance.now() - begin), frames]
})()`

/** Growth of the used heap under 10,000 updates a second. An hour with BIFROST_PAGE_HOUR=1; otherwise some minutes, and the slope. */
export async function heap(browser: Browser): Promise<Figure[]> {
  const seconds = process.env.BIFROST_PAGE_HOUR === '1' ? 3600 : 90
  const plant = await startPlant({ tags: 10_000, everyMs: 1000 })
  try {
    const page = await openPage(browser, `${plant.url}/values?span=60`)
    await waitForRows(page)
    const session = await startSession(page)
    await sleep(15_000)
    const used: number[] = []
    const begin = performance.now()
    while (performance.now() - begin < seconds * 1000) {
      await session.send('HeapProfiler.collectGarbage')
      used.push((await metric(session, 'JSHeapUsedSize')) / 1e6)
      await sleep(Math.min(30_000, seconds * 50))
    }
    const growth = Math.max(...used.slice(-3)) - used[0]!
    const remark = `${used.map((mb) => mb.toFixed(1)).join(', ')} MB`
    const what =
      seconds === 3600 ? 'heap growth in an hour, 10,000 updates/s' : `heap growth in ${seconds} s, 10,000 updates/s`
    return [{ what, value: growth, unit: 'MB', most: 20, remark }]
  } finally {
    await plant.stop()
  }
}

async function startSession(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'timeTicks' })
  await session.send('HeapProfiler.enable')
  return session
}

async function busy(session: CDPSession): Promise<{ task: number; at: number }> {
  return { task: await metric(session, 'TaskDuration'), at: await metric(session, 'Timestamp') }
}

const waitForRows = (page: Page): Promise<void> => page.locator('[data-key]').first().waitFor({ timeout: 30_000 })
