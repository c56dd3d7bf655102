/** Figures of the page that hold on a busy machine too: what the first screen weighs, how long a task computes, what a live hour leaves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Browser, CDPSession } from 'playwright-core'
import { openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const MOST_KB = 250
const MOST_TASK_MS = 200
const TAGS = 3000

test('what Chromium loads for the first screen is at most 250 KB gzipped', { skip }, async (t) => {
  const sizes: Promise<readonly [string, number]>[] = []
  const { page } = await openStage(t, {
    prepare: async (fresh) => {
      fresh.on('response', (response) => {
        const { pathname } = new URL(response.url())
        if (!pathname.startsWith('/api/'))
          sizes.push(response.body().then((body) => [pathname, gzipSync(body).length] as const))
      })
    },
  })
  await page.getByTestId('connection').getByText('Live').waitFor()
  await page.waitForLoadState('networkidle')
  const loaded = await Promise.all(sizes)
  const total = loaded.reduce((sum, [, size]) => sum + size, 0) / 1000
  assert.ok(loaded.length > 3 && total > 50, 'it was counted')
  assert.ok(total <= MOST_KB, `${total.toFixed(0)} KB: ${JSON.stringify(loaded)}`)
})

test(
  'while thousands of values change, no task computes longer than 200 ms and the heap stays as it is',
  { skip },
  async (t) => {
    const tags = Array.from({ length: TAGS }, (_, at) => `t${at},"random:period=500ms,seed=${at + 1}",float64`)
    const yaml = `devices:\n  - { name: press-1, driver: simulated, every: 500ms, tags: tags.csv }\n`
    const files = { 'tags.csv': `name,address,type\n${tags.join('\n')}\n` }
    const { page, context } = await openStage(t, { yaml, files, path: '/values?span=60' })
    await page.locator('[data-key]').first().waitFor()
    const browser: Browser = context.browser()!
    await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
    const session = await context.newCDPSession(page)
    const first = await usedMb(session)
    await page.getByRole('textbox', { name: 'Filter' }).fill('t29')
    for (let turn = 0; turn < 10; turn++) {
      await page.mouse.move(400, 600)
      await page.mouse.wheel(0, turn % 2 === 0 ? 3000 : -2000)
      await page.waitForTimeout(300)
    }
    const longest = longestTaskMs(await browser.stopTracing())
    assert.ok(longest > 0, 'it was counted')
    assert.ok(longest <= MOST_TASK_MS, `${longest} ms`)
    const growth = (await usedMb(session)) - first
    assert.ok(growth < 5, `${growth.toFixed(1)} MB`)
  },
)

async function usedMb(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1e6
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds of the processor: on the clock a task waits for other programs too. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

function longestTaskMs(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args?.name === 'CrRendererMain'
  const mains = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`))
  const own = traceEvents.filter(({ pid, tid }) => mains.has(`${pid} ${tid}`))
  return own.reduce((most, { tdur = 0 }) => Math.max(most, tdur), 0) / 1000
}
