/**
 * Makes docs/images/*.png from the running demo: light, dark and phone. Needs Chromium.
 *
 *     node scripts/screenshots.ts
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { freePort } from '../src/testing/peers.ts'
import { buildPage, launchBrowser } from '../ui/testing/browser.ts'

const ROOT = join(import.meta.dirname, '..')
const IMAGES = join(ROOT, 'docs', 'images')
/** Long enough for the trend to show pumps that start and stop. */
const WARM_UP_MS = 100_000
const DESK = { width: 1440, height: 900 }

const SHOTS: Readonly<Record<string, { options: BrowserContextOptions; path: string }>> = {
  'page-light': { options: { colorScheme: 'light', viewport: DESK }, path: '?span=100' },
  'page-dark': { options: { colorScheme: 'dark', viewport: DESK }, path: '?span=100' },
  'page-phone': {
    options: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 },
    path: '?span=100',
  },
}

async function startDemo(): Promise<{ url: string; stop(): void }> {
  const ports = ['--port', String(await freePort()), '--mqtt-port', String(await freePort())]
  const demo = spawn(join(ROOT, 'bin', 'bifrost'), ['demo', '--json', ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: demo.stdout })) {
    if (!line.includes('"url"')) continue
    const { url } = JSON.parse(line) as { url: string }
    return { url, stop: () => demo.kill('SIGTERM') }
  }
  throw new Error('the demo ended before it said where it is')
}

async function shoot(browser: Browser, url: string, name: string): Promise<void> {
  const { options, path } = SHOTS[name]!
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(`${url}/${path}`)
  await page.locator('[data-testid="trend"][data-points] canvas').waitFor()
  await page.waitForTimeout(2000)
  await page.screenshot({ path: join(IMAGES, `${name}.png`), fullPage: name === 'page-phone' })
  await context.close()
  console.log(`docs/images/${name}.png`)
}

buildPage()
mkdirSync(IMAGES, { recursive: true })
const demo = await startDemo()
const browser = await launchBrowser()
try {
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
  for (const name of Object.keys(SHOTS)) await shoot(browser, demo.url, name)
} finally {
  await browser.close()
  demo.stop()
}
