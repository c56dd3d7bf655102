/**
 * The page in a real Chromium against the real gateway and a simulated plant: live values, status in words, filters, trend,
 * write with confirmation and read-back, a gateway that hangs and one that is killed, and accessibility in both themes.
 */
import { AxeBuilder } from '@axe-core/playwright'
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser, Page, WebSocketRoute } from 'playwright-core'
import { startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, needs, startProcess, temporaryFolder, type RunningProcess } from '../src/testing/peers.ts'
import { buildPage, launchBrowser } from '../ui/testing/browser.ts'

const ROOT = join(import.meta.dirname, '..')
const MACHINES = ['tank-farm', 'filler', 'energy-meter']
const skip = needs('chromium')

interface Stage {
  readonly gateway: GatewayProcess
  readonly plant: RunningProcess
  readonly page: Page
  /** What the page complained about in its console, and every host it asked. */
  readonly complaints: string[]
  readonly hosts: Set<string>
}

let browser: Browser

before(async () => {
  if (skip !== false) return
  buildPage()
  browser = await launchBrowser()
})
after(() => browser?.close())

async function open(
  t: TestContext,
  options: { path?: string; phone?: boolean; prepare?(page: Page): Promise<void> } = {},
): Promise<Stage> {
  const plant = startProcess(t, process.execPath, [join(ROOT, 'simulators', 'plant.ts'), '--seed', '5'])
  const [line] = await plant.waitFor(/\{"ready".*\}/)
  const { port } = JSON.parse(line) as { port: number }
  const folder = temporaryFolder(t)
  for (const name of MACHINES)
    copyFileSync(join(ROOT, 'simulators/plant/tags', `${name}.csv`), join(folder, `${name}.csv`))
  const devices = MACHINES.map(
    (name, i) =>
      `  - { name: ${name}, driver: modbus, every: 200ms, options: { host: 127.0.0.1, port: ${port}, unit: ${i + 1}, timeout: 500ms }, tags: ${name}.csv }`,
  )
  const gateway = await startGatewayProcess(t, { folder, yaml: `devices:\n${devices.join('\n')}\n` })
  const context = await browser.newContext({
    colorScheme: 'light',
    viewport: options.phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    hasTouch: options.phone ?? false,
  })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const complaints: string[] = []
  const hosts = new Set<string>()
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => hosts.add(new URL(request.url()).host))
  await options.prepare?.(page)
  await page.goto(`${gateway.url}/${options.path ?? ''}`)
  await page.locator('[data-key]').first().waitFor()
  return { gateway, plant, page, complaints, hosts }
}

const row = (page: Page, key: string) => page.locator(`[data-key="${key}"]`)
const valueOf = (page: Page, key: string) => row(page, key).getByTestId('value').innerText()
const statusOf = (page: Page, key: string) => row(page, key).getByTestId('status').innerText()
const modeOf = (page: Page) => page.getByTestId('trend-mode').innerText()
const count = (page: Page) => page.getByTestId('count').innerText()
const filter = (page: Page) => page.getByRole('textbox', { name: 'Filter' })

async function assertAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  assert.deepEqual(told, [], where)
}

/** Share of the canvas that is not background. */
const inkOf = (page: Page) =>
  page.locator('[data-testid="trend"] canvas').evaluate((canvas: unknown) => {
    const { width, height, getContext } = canvas as {
      width: number
      height: number
      getContext(kind: '2d'): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray } }
    }
    const { data } = getContext.call(canvas, '2d').getImageData(0, 0, width, height)
    let ink = 0
    for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) ink++
    return ink / (width * height)
  })

test('values live, with status in words, units, ages and filters that live in the address', { skip }, async (t) => {
  const { page, plant, complaints, hosts, gateway } = await open(t)
  assert.equal(await count(page), '42 of 42')
  const before = await valueOf(page, 'tank-farm/tank-1-level')
  await eventually('the level changes', async () => (await valueOf(page, 'tank-farm/tank-1-level')) !== before)
  assert.equal(await statusOf(page, 'tank-farm/tank-1-level'), 'Good')
  assert.match(await row(page, 'tank-farm/tank-1-level').innerText(), /\bm\b[^]*\d\d:\d\d:\d\d[^]*\d+ s/)
  assert.match(await page.getByTestId('devices').innerText(), /energy-meter\s+Running for \d+ s/)

  await filter(page).fill('kw')
  await eventually('the filter finds one tag by its unit', async () => (await count(page)) === '1 of 42')
  assert.match(page.url(), /\?q=kw/)
  plant.child.stdin!.write('fault exception unit=3 code=2 from=12 to=13\n')
  await eventually(
    'the refused register says so',
    async () => (await statusOf(page, 'energy-meter/power')) === 'BadConfigurationError',
  )
  await filter(page).fill('')
  await page.getByRole('switch', { name: 'Only abnormal' }).click()
  await eventually('only the abnormal one is left', async () => (await count(page)) === '1 of 42')
  await row(page, 'energy-meter/power').getByTestId('status').hover()
  await page
    .getByRole('tooltip')
    .getByText(/refused the address.*0x80890000/)
    .waitFor()
  await page.reload()
  await eventually('the filter survives a reload', async () => (await count(page)) === '1 of 42')
  assert.deepEqual(complaints, [])
  assert.deepEqual([...hosts], [new URL(gateway.url).host], 'no external host')
})

test('a gateway without devices, sinks and tags says so, with what to do next', { skip }, async (t) => {
  const { url } = await startGatewayProcess(t, { yaml: '' })
  const context = await browser.newContext()
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto(url)
  const next = /Add .* bifrost\.yaml and restart the gateway|add one to bifrost\.yaml and restart the gateway/
  for (const title of ['Devices', 'Sinks', 'Values']) {
    const panel = page.getByRole('region', { name: title })
    await panel.getByText(next).waitFor({ timeout: 10_000 })
  }
  assert.equal(await page.getByText('Clear the filters').count(), 0)
  assert.equal(await count(page), '0 of 0')
  await page.getByText('There is no tag to draw yet.').waitFor({ timeout: 10_000 })
  await assertAccessible(page, 'the empty page')
})

test('the trend draws, zooms by wheel, pans by drag and keys, pauses and goes back to live', { skip }, async (t) => {
  const { page, complaints } = await open(t, { path: '?span=60&pens=tank-farm%2Ftank-1-level' })
  const trend = page.getByTestId('trend')
  await trend.locator('canvas').waitFor()
  const points = async () => Number(await trend.getAttribute('data-points'))
  await eventually('points arrive', async () => (await points()) > 5)
  const ink = await inkOf(page)
  await row(page, 'tank-farm/pump-1-flow').getByRole('button', { name: /^Draw/ }).click()
  await eventually('a second pen adds ink', async () => (await inkOf(page)) > ink)
  assert.match(page.url(), /pens=[^&]*pump-1-flow/)

  const box = (await trend.boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.wheel(0, -100)
  await eventually('the wheel zooms', () => /span=48/.test(page.url()))
  assert.equal(await modeOf(page), 'Live')
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + 120, box.y + box.height / 2, { steps: 4 })
  await page.mouse.up()
  assert.equal(await modeOf(page), 'Paused')
  await page.getByRole('button', { name: 'Back to live' }).click()
  assert.equal(await modeOf(page), 'Live')
  await page.getByRole('group', { name: /^Trend of/ }).focus()
  await page.keyboard.press('ArrowLeft')
  assert.equal(await modeOf(page), 'Paused')
  await page.keyboard.press('Home')
  assert.equal(await modeOf(page), 'Live')
  assert.deepEqual(complaints, [])
})

test('a write is confirmed with old and new value, and shows what the device reads back', { skip }, async (t) => {
  const { page, gateway } = await open(t, { path: '?q=set-point' })
  const key = 'filler/speed-set-point'
  await eventually('the set-point is read', async () => (await valueOf(page, key)) === '75')
  await row(page, key)
    .getByRole('button', { name: /^Write to/ })
    .click()
  const dialog = page.getByRole('dialog')
  assert.match(await dialog.innerText(), /filler[^]*75 1\/min[^]*0 to 120/)
  await dialog.getByLabel(/^New value/).fill('500')
  await dialog.getByText('Allowed is 0 to 120.').waitFor()
  await dialog.getByLabel(/^New value/).fill('42')
  assert.equal(await dialog.getByTestId('write-next').innerText(), '42 1/min')
  assert.equal(
    (await gateway.values('?device=filler')).find(({ tag }) => tag === 'speed-set-point')!.value,
    75,
    'not yet',
  )
  await assertAccessible(page, 'dialog')
  await dialog.getByRole('button', { name: 'Write 42 1/min to filler/speed-set-point' }).click()
  await dialog.getByText(/^Written and read back: the device now says 42 1\/min/).waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await eventually('the table shows it', async () => (await valueOf(page, key)) === '42')
  assert.equal((await gateway.values('?device=filler')).find(({ tag }) => tag === 'speed-set-point')!.value, 42)
  assert.equal(
    await row(page, 'filler/speed')
      .getByRole('button', { name: /^Write/ })
      .count(),
    0,
    'only writable tags',
  )
})

test(
  'a silent device: state and reason in words, values shown as old, a gap in the live trend, all of it by key',
  { skip },
  async (t) => {
    const key = 'energy-meter/frequency'
    const { page, plant } = await open(t, { path: `?span=60&q=frequency&pens=${encodeURIComponent(key)}` })
    const trend = page.getByTestId('trend')
    await eventually('the trend follows', async () => Number(await trend.getAttribute('data-points')) > 5)
    assert.equal(await trend.getAttribute('data-gaps'), '0')
    plant.child.stdin!.write('fault silent unit=3\n')
    const devices = page.getByTestId('devices')
    await eventually('it has failed', async () => /energy-meter\s+Failed for/.test(await devices.innerText()))
    assert.match(
      await devices.innerText(),
      /energy-meter did not answer\. 127\.0\.0\.1:\d+ unit 3 accepts[^]*Check the unit id/,
    )
    assert.match(await devices.innerText(), /0 of 10 tags good · last good \d+ s ago/)
    assert.match(await devices.innerText(), /tank-farm\s+Running/)
    assert.equal(await statusOf(page, key), 'BadTimeout')
    assert.equal(await trend.getAttribute('data-gaps'), '1', 'the line ends where reading ended')
    assert.match(await page.getByRole('list').filter({ hasText: key }).innerText(), /Hz\s+BadTimeout, \d+ s/)
    const style = await row(page, key)
      .getByTestId('value')
      .evaluate((element: unknown) => {
        const page = globalThis as unknown as { getComputedStyle(of: unknown): { fontStyle: string } }
        return page.getComputedStyle(element).fontStyle
      })
    assert.equal(style, 'italic', 'the last known value does not look like a fresh one')
    await filter(page).fill('')
    await page.getByRole('switch', { name: 'Only abnormal' }).click()
    await eventually('only its tags are left', async () => (await count(page)) === '10 of 42')

    await row(page, key).getByTestId('status').focus()
    await page.keyboard.press('Enter')
    const facts = await page.getByTestId('facts').innerText()
    assert.match(facts, /last known[^]*BadTimeout\s+0x800A0000[^]*did not answer in time[^]*\d{4}-\d\d-\d\dT[^]*Z/)
    assert.match(facts, /energy-meter\s+Failed[^]*unit 3 accepts the connection/)
    await page.keyboard.press('Escape')
    plant.child.stdin!.write('fault clear\n')
    await eventually('good again', async () => (await count(page)) === '0 of 42', 15_000)
    await eventually('the line goes on', async () => (await trend.getAttribute('data-gaps')) === '1')
  },
)

test('a write that the device refuses: what happened, what to do, and what the protocol said', { skip }, async (t) => {
  const { page, plant } = await open(t, { path: '?q=set-point' })
  const key = 'tank-farm/temperature-set-point'
  plant.child.stdin!.write('fault exception unit=1 code=4 from=2 to=3\n')
  await row(page, key)
    .getByRole('button', { name: /^Write to/ })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^New value/).fill('41')
  await dialog.getByRole('button', { name: /^Write 41/ }).click()
  assert.match(await dialog.innerText(), /Allowed\s+5 to 90 °C/, 'the narrower of range and write limits')
  const result = dialog.getByTestId('write-result')
  await result.getByText(/was not written: Bad/).waitFor()
  await result.getByText('Details').click()
  assert.match(await result.innerText(), /WRITE_FAILED \(HTTP 502\)[^]*The device said: Bad\w+ \(0x8/)
  assert.equal(await valueOf(page, key), '38.00')
})

test('a gateway that hangs is named within 5 s, values age, and the page comes back alone', { skip }, async (t) => {
  const { page, gateway } = await open(t, { path: '?span=60&pens=tank-farm%2Ftank-1-level' })
  const banner = page.getByTestId('banner')
  await page.getByTestId('trend').locator('canvas').waitFor()
  gateway.child.kill('SIGSTOP')
  t.after(() => gateway.child.kill('SIGCONT'))
  await banner.waitFor({ timeout: 5000 })
  assert.match(await banner.innerText(), /has not answered since \d\d:\d\d:\d\d/)
  assert.match(await statusOf(page, 'tank-farm/tank-1-level'), /last known/)
  assert.match(await page.getByTestId('devices').innerText(), /Running last known/)
  assert.equal(await modeOf(page), 'No connection')
  const age = async () => parseInt(await row(page, 'tank-farm/tank-1-level').locator('.cell-age').innerText(), 10)
  const first = await age()
  await eventually('values age', async () => (await age()) >= first + 2, 5000)
  gateway.child.kill('SIGCONT')
  await banner.waitFor({ state: 'detached' })
  await eventually('fresh again', async () => (await age()) <= 1)
  assert.equal(await statusOf(page, 'tank-farm/tank-1-level'), 'Good')
})

test('what a lost socket missed is filled in from the history, and no point twice', { skip }, async (t) => {
  let cut = false
  const sockets = new Set<WebSocketRoute>()
  const prepare = (page: Page) =>
    page.routeWebSocket(/\/api\/v1\/live/, (socket) => {
      if (cut) return void socket.close()
      socket.connectToServer()
      sockets.add(socket)
    })
  const path = 'energy-meter/frequency'
  const { page, gateway } = await open(t, { path: `?span=60&pens=${encodeURIComponent(path)}`, prepare })
  const trend = page.getByTestId('trend')
  const drawn = async () => Number(await trend.getAttribute('data-points'))
  const kept = async () => {
    const [from, to] = [Date.now() - 60_000, Date.now()].map((time) => new Date(time).toISOString())
    const series = await gateway.get<{ raw: boolean; points: unknown[] }>(
      `history/${path}?from=${from}&to=${to}&points=1200`,
    )
    assert.ok(series.raw)
    return series.points.length
  }
  await eventually('the trend follows', async () => (await drawn()) > 10)
  cut = true
  for (const socket of sockets) await socket.close()
  await page.getByTestId('banner').waitFor()
  const before = { drawn: await drawn(), kept: await kept() }
  await eventually('the gateway keeps on reading', async () => (await kept()) > before.kept + 15)
  assert.ok((await drawn()) <= before.drawn + 1, 'nothing is drawn that did not arrive')
  cut = false
  await page.getByTestId('banner').waitFor({ state: 'detached' })
  await eventually('drawn is what was kept', async () => Math.abs((await drawn()) - (await kept())) <= 4, 5000)
})

test(
  'a part of the page that could not be fetched costs the page nothing, and comes by itself',
  { skip },
  async (t) => {
    let refused = 0
    const { page } = await open(t, {
      prepare: async (fresh) => {
        await fresh.route('**/trend-panel*.js', (route) =>
          refused++ < 2 ? route.abort('connectionrefused') : route.continue(),
        )
      },
    })
    await eventually('the trend was asked for', () => refused > 0)
    assert.equal(await page.getByTestId('connection').isVisible(), true)
    await page.getByTestId('trend').locator('canvas').waitFor()
    assert.ok(refused >= 2)
  },
)

test('a gateway that is killed is named within 5 s', { skip }, async (t) => {
  const { page, gateway } = await open(t)
  await gateway.stop('SIGKILL')
  const begin = performance.now()
  await page.getByTestId('banner').waitFor({ timeout: 5000 })
  assert.ok(performance.now() - begin < 5000)
  assert.equal(await page.getByTestId('connection').innerText(), 'No connection')
  const write = row(page, 'tank-farm/temperature-set-point').getByRole('button', { name: /^Write/ })
  assert.ok(await write.isDisabled(), 'nothing can be written while nobody answers')
})

test('no serious accessibility violation in either theme, abnormal states included', { skip }, async (t) => {
  const { page, plant } = await open(t)
  await page.getByTestId('trend').locator('canvas').waitFor()
  plant.child.stdin!.write('fault silent unit=3\n')
  await eventually('a device is abnormal', async () =>
    /Failed|Degraded/.test(await page.getByTestId('devices').innerText()),
  )
  await page.getByRole('switch', { name: 'Only abnormal' }).click()
  await assertAccessible(page, 'light')
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.reload()
  await page.locator('[data-key]').first().waitFor()
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor()
  await assertAccessible(page, 'dark')
})

test('on a phone nothing is wider than the screen, and values, status and write are there', { skip }, async (t) => {
  const { page } = await open(t, { phone: true, path: '?q=set-point' })
  await row(page, 'filler/speed-set-point').scrollIntoViewIfNeeded()
  const widths = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.clientWidth]')
  assert.deepEqual(widths, [390, 390])
  assert.match(await row(page, 'filler/speed-set-point').innerText(), /speed-set-point[^]*75[^]*Good[^]*\d\d:\d\d:\d\d/)
  await row(page, 'filler/speed-set-point').getByTestId('value').tap()
  assert.match(await page.getByTestId('facts').innerText(), /Source time[^]*UTC[^]*Z[^]*May be written\s+0 to 120/)
  await assertAccessible(page, 'facts')
  await page.getByRole('button', { name: 'Close' }).last().tap()
  await row(page, 'filler/speed-set-point')
    .getByRole('button', { name: /^Write/ })
    .tap()
  await page.getByRole('dialog').waitFor()
  await assertAccessible(page, 'phone')
})
