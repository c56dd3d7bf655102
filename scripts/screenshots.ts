/**
 * Makes docs/images/page/*.png: every screen in both themes, overview and values on a phone too, of a demo in which something is wrong: a
 * device that is silent, a sink that is away. Needs Chromium. `npm run screenshots -- values trace` makes those alone.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startDemoBroker } from '../src/cli/demo-broker.ts'
import { freePort } from '../src/testing/peers.ts'
import { buildPage, launchBrowser } from '../ui/testing/browser.ts'
import { screenPaths } from '../ui/testing/screens.ts'

const ROOT = join(import.meta.dirname, '..')
const IMAGES = join(ROOT, 'docs', 'images', 'page')
/** Long enough for the trend to show pumps that start and stop. */
const WARM_UP_MS = Number(process.env.BIFROST_SCREENSHOTS_WARM_UP_MS ?? 100_000)
/** A screen asks for what it shows; some ask every few seconds. */
const SETTLE_MS = 3500
const DESK = { width: 1440, height: 900 }
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true }
const ON_PHONE = new Set(['/', '/values'])

/** What is shown of a screen that needs to be told. */
const QUERIES: Readonly<Record<string, string>> = {
  '/values': '?span=100',
  '/explain': '?device=filler&tag=fill-volume',
  '/device': '?name=energy-meter',
  '/browse': '?device=tank-farm',
  '/trace': '?device=filler',
  '/tags': '?device=tank-farm',
  '/sinks': '?name=cloud',
  '/topics': '?topic=acme%2Fdemo%2Ftank-farm%2Ftank-1-level',
  '/configuration': '?tab=files',
}

interface Demo {
  readonly url: string
  stop(): Promise<void>
}

/** The demo as a gateway of its own with more going on: its energy meter falls silent, and one of its two sinks never answers. */
async function startDemo(): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'bifrost-screenshots-'))
  const plant = spawn(process.execPath, [join(ROOT, 'simulators', 'plant.ts'), '--seed', '3'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { port: plantPort } = JSON.parse(await lineOf(plant.stdout, '"ready"')) as { port: number }
  const broker = await startDemoBroker(await freePort())
  const names = ['tank-farm', 'filler', 'energy-meter']
  for (const name of names)
    await copyFile(join(ROOT, 'simulators/plant/tags', `${name}.csv`), join(folder, `${name}.csv`))
  const devices = names.map(
    (name, at) =>
      `  - { name: ${name}, driver: modbus, every: 500ms, options: { host: 127.0.0.1, port: ${plantPort}, unit: ${at + 1}, timeout: 500ms }, tags: ${name}.csv }`,
  )
  const url = `http://127.0.0.1:${await freePort()}`
  const file = join(folder, 'bifrost.yaml')
  await writeFile(
    file,
    `version: 1
data: ./data
http: { listen: '${url.slice('http://'.length)}', access: open }
devices:
${devices.join('\n')}
sinks:
  - name: plant
    sink: mqtt
    options: { url: 'mqtt://127.0.0.1:${broker.port}', protocolVersion: 4, topic: 'acme/demo/{device}/{tag}', qos: 1 }
  - name: cloud
    sink: mqtt
    options: { url: 'mqtt://127.0.0.1:${await freePort()}', topic: 'acme/{device}/{tag}', qos: 1 }
`,
  )
  const gateway = spawn(join(ROOT, 'bin', 'bifrost'), ['run', '-c', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  await lineOf(gateway.stdout, url)
  // Near the end, so that the trend shows the meter as it was.
  const silent = setTimeout(() => plant.stdin.write('fault silent unit=3\n'), WARM_UP_MS * 0.8)
  const stop = async (): Promise<void> => {
    clearTimeout(silent)
    gateway.kill('SIGTERM')
    plant.kill('SIGTERM')
    await broker.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { url, stop }
}

async function lineOf(stream: NodeJS.ReadableStream, part: string): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    if (!line.includes(part)) continue
    stream.resume()
    return line
  }
  throw new Error(`it ended before it said ${part}`)
}

const nameOf = (path: string): string => (path === '/' ? 'overview' : path.slice(1).replaceAll('/', '-'))

async function shoot(browser: Browser, url: string, path: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await picture(browser, `${url}${path}${QUERIES[path] ?? ''}`, `${nameOf(path)}-${theme}`, {
      colorScheme: theme,
      viewport: DESK,
    })
  }
  if (ON_PHONE.has(path))
    await picture(browser, `${url}${path}${QUERIES[path] ?? ''}`, `${nameOf(path)}-phone`, {
      colorScheme: 'light',
      ...PHONE,
    })
}

async function picture(browser: Browser, address: string, name: string, options: BrowserContextOptions): Promise<void> {
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    await page.goto(address)
    await page.locator('main h1').waitFor({ state: 'attached' })
    await settled(page)
    const file = join(IMAGES, `${name}.png`)
    await page.screenshot({ path: file })
    console.log(`docs/images/page/${name}.png ${Math.round(statSync(file).size / 1000)} KB`)
  } finally {
    await context.close()
  }
}

async function settled(page: Page): Promise<void> {
  const { pathname } = new URL(page.url())
  if (pathname === '/values') await page.locator('[data-testid="trend"][data-points] canvas').waitFor()
  if (pathname === '/explain') await page.getByTestId('explained').waitFor()
  await page.waitForTimeout(SETTLE_MS)
}

buildPage()
mkdirSync(IMAGES, { recursive: true })
const wanted = process.argv.slice(2)
const demo = await startDemo()
const browser = await launchBrowser()
try {
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
  await fetch(`${demo.url}/api/v1/devices/filler/trace`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  for (const path of screenPaths())
    if (wanted.length === 0 || wanted.includes(nameOf(path))) await shoot(browser, demo.url, path)
} finally {
  await browser.close()
  await demo.stop()
}
process.exit(0)
