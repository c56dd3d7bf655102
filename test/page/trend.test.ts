/** The trend: pens, zoom by wheel and drag, pan, keys, what stands at the pointer, gaps, CSV, what a lost socket missed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page, WebSocketRoute } from 'playwright-core'
import { eventually } from '../../src/testing/peers.ts'
import { modeOf, openValues, row, statusOf } from '../../ui/testing/live-values.ts'
import { skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

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

const pointsOf = async (page: Page) => Number(await page.getByTestId('trend').getAttribute('data-points'))

test('the trend draws, zooms by wheel, pans by drag and keys, pauses and goes back to live', { skip }, async (t) => {
  const { page, complaints } = await openValues(t, '?span=60&pens=tank-farm%2Ftank-1-level')
  const trend = page.getByTestId('trend')
  await trend.locator('canvas').waitFor()
  await eventually('points arrive', async () => (await pointsOf(page)) > 5)
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
  await eventually('the window is in the address', () => /to=20\d\d-/.test(page.url()))
  await page.getByRole('button', { name: 'Back to live' }).click()
  assert.equal(await modeOf(page), 'Live')
  await page.getByRole('group', { name: /^Trend of/ }).focus()
  await page.keyboard.press('ArrowLeft')
  assert.equal(await modeOf(page), 'Paused')
  await page.keyboard.press('Home')
  assert.equal(await modeOf(page), 'Live')
  await eventually('and no longer', () => !/to=/.test(page.url()))
  assert.deepEqual(complaints, [])
})

test(
  'a drag with Shift, or in zoom mode, shows what it was drawn over; what stands there is told',
  { skip },
  async (t) => {
    const { page } = await openValues(t, '?span=60&pens=tank-farm%2Ftank-1-level,energy-meter%2Ffrequency')
    await eventually('points arrive', async () => (await pointsOf(page)) > 10)
    const box = (await page.locator('[data-testid="trend"] .u-over').boundingBox())!
    const [x, y] = [box.x + box.width - 3, box.y + box.height / 2]
    await page.mouse.move(x, y)
    await page
      .getByTestId('cursor-time')
      .getByText(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC/)
      .waitFor()
    const told = page.getByRole('list').filter({ hasText: 'energy-meter/frequency' })
    assert.match(await told.innerText(), /tank-1-level\s+\d\.\d{3} m\s+Good[^]*frequency\s+\d\d\.\d\d Hz\s+Good/)
    const drag = async () => {
      await page.mouse.move(box.x + box.width * 0.5, y)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.75, y, { steps: 3 })
      assert.equal(await page.locator('.zoom-band').count(), 1)
      await page.mouse.up()
    }
    await page.keyboard.down('Shift')
    await drag()
    await page.keyboard.up('Shift')
    await eventually('a quarter of a minute', () => /span=15\b/.test(page.url()))
    assert.equal(await modeOf(page), 'Paused')
    await page.getByRole('button', { name: 'Zoom', exact: true }).click()
    await drag()
    await eventually('a quarter of that, but not less than is useful', () => /span=5\b/.test(page.url()))
    assert.equal(await page.locator('.zoom-band').count(), 0)
  },
)

test('what is shown as a file: every sample with its exact value and status', { skip }, async (t) => {
  const { page, gateway } = await openValues(t, '?span=60&pens=energy-meter%2Ffrequency')
  await eventually('points arrive', async () => (await pointsOf(page)) > 10)
  const waiting = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  const text = readFileSync(await (await waiting).path(), 'utf8')
  const [head, ...lines] = text.trim().split('\n')
  assert.match(head!, /^time,device,tag,value,unit,status/)
  assert.ok(lines.length > 8 && lines.every((line) => /,energy-meter,frequency,[\d.]+,Hz,0,/.test(line)), text)
  const { points } = await gateway.get<{ points: [number, number][] }>('history/energy-meter/frequency?points=10000')
  assert.ok(
    points.some(([, value]) => lines[0]!.includes(`,${value},`)),
    'as the log has it',
  )
})

test('a silent device is a gap in the live trend that ends when it comes back', { skip }, async (t) => {
  const key = 'energy-meter/frequency'
  const { page, plant } = await openValues(t, `?span=60&q=frequency&pens=${encodeURIComponent(key)}`)
  const trend = page.getByTestId('trend')
  await eventually('the trend follows', async () => (await pointsOf(page)) > 5)
  assert.equal(await trend.getAttribute('data-gaps'), '0')
  plant.child.stdin!.write('fault silent unit=3\n')
  await eventually('the line ends where reading ended', async () => (await trend.getAttribute('data-gaps')) === '1')
  await page
    .getByRole('list')
    .filter({ hasText: key })
    .getByText(/Bad\w+, \d+ s/)
    .waitFor()
  plant.child.stdin!.write('fault clear\n')
  await eventually('good again', async () => (await statusOf(page, key)) === 'Good', 15_000)
  const points = await pointsOf(page)
  await eventually('the line goes on', async () => (await pointsOf(page)) > points + 3)
  assert.equal(await trend.getAttribute('data-gaps'), '1')
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
  const { page, gateway } = await openValues(t, `?span=60&pens=${encodeURIComponent(path)}`, { prepare })
  const drawn = () => pointsOf(page)
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
