/** The topics on the page: the tree by mouse and keyboard, the message with what changed, where it comes from, search, and 100,000 of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startMosquitto } from '../../src/testing/mosquitto.ts'
import { recordMqtt } from '../../src/testing/mqtt-recorder.ts'
import { eventually, needs } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip as noBrowser, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()
const skip = noBrowser === false ? needs('mosquitto') : noBrowser

const yamlOf = (url: string, more = '') => `devices:
  - name: press-1
    driver: simulated
    every: 200ms
    tags:
      - { name: level, address: 'sine:period=5s,min=0,max=10', type: float64 }
      - { name: fixed, address: 'constant:value=7', type: float64 }
  - name: tank
    driver: simulated
    every: 200ms
    tags: [{ name: level, address: 'sine:period=7s,min=0,max=10', type: float64 }]
sinks:
  - { name: plant, sink: mqtt, options: { url: '${url}', topic: 'acme/{device}/{tag}', payload: uns-json, qos: 1 } }
${more}`

const tree = (page: Page) => page.getByRole('tree', { name: /^Topics of/ })
const item = (page: Page, topic: string) => tree(page).locator(`[data-topic="${topic}"]`)
const active = (page: Page) =>
  page.evaluate(
    `document.getElementById(document.querySelector('[role=tree]').getAttribute('aria-activedescendant'))?.dataset.topic`,
  )

test('the tree opens by the keyboard, a message shows what changed, and where it comes from', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const recorder = await recordMqtt(t, broker.url, 'acme/#')
  const { page, complaints, hosts, gateway } = await openStage(t, { path: '/topics', yaml: yamlOf(broker.url) })
  await item(page, 'acme').waitFor()
  await eventually('messages', () => recorder.messages.some(({ topic }) => topic === 'acme/press-1/level'))
  await tree(page).focus()
  await page.keyboard.press('ArrowRight')
  await item(page, 'acme/press-1').waitFor()
  assert.equal(await item(page, 'acme').getAttribute('aria-expanded'), 'true')
  await page.keyboard.press('ArrowRight')
  assert.equal(await active(page), 'acme/press-1')
  assert.equal(await item(page, 'acme/press-1').getAttribute('aria-level'), '2')
  assert.equal(await item(page, 'acme/press-1').getAttribute('aria-setsize'), '2')
  await page.keyboard.type('ta')
  assert.equal(await active(page), 'acme/tank')
  await page.keyboard.press('Home')
  assert.equal(await active(page), 'acme')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await item(page, 'acme/press-1/level').waitFor()
  await page.keyboard.type('l')
  assert.equal(await active(page), 'acme/press-1/level')
  await page.keyboard.press('Enter')
  assert.equal(await item(page, 'acme/press-1/level').getAttribute('aria-selected'), 'true')
  assert.match(page.url(), /topic=acme%2Fpress-1%2Flevel/)

  const payload = async () => JSON.parse(await page.getByTestId('payload').innerText()) as { v: number; seq: number }
  const first = await payload()
  await eventually('a newer message comes by itself', async () => (await payload()).seq > first.seq)
  const shown = await payload()
  assert.ok(
    recorder.messages.some(({ topic, seq, v }) => topic === 'acme/press-1/level' && seq === shown.seq && v === shown.v),
    'it is what the broker got',
  )
  const diff = page.getByRole('table', { name: /Fields of the last message/ })
  assert.match(await diff.locator('[data-field="v"]').innerText(), /changed/)
  assert.match(await diff.locator('[data-field="q"]').innerText(), /same/)
  await page.getByTestId('published').getByText('the far side has it').waitFor()
  await eventually('a rate', async () =>
    /Rate\s+\d+ \/min/.test(await page.getByRole('region', { name: 'acme/press-1/level' }).innerText()),
  )
  await assertAccessible(page, 'topics')

  const from = page.getByRole('region', { name: 'acme/press-1/level' })
  assert.equal(
    await from.getByRole('link', { name: 'press-1', exact: true }).getAttribute('href'),
    '/device?name=press-1',
  )
  await page.reload()
  await item(page, 'acme/press-1/level').waitFor()
  await page.getByRole('region', { name: 'acme/press-1/level' }).getByRole('link', { name: 'press-1/level' }).click()
  assert.match(page.url(), /\/values\?q=press-1%2Flevel/)
  assert.deepEqual(complaints, [])
  assert.deepEqual([...hosts], [new URL(gateway.url).host])
})

test('search, the busiest, the choice of a sink, and one that is away', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const more = `  - { name: scada, sink: sparkplug, options: { urls: '${broker.url}', groupId: acme, edgeNodeId: gw } }\n`
  const { page } = await openStage(t, { path: '/topics', yaml: yamlOf(broker.url, more), role: 'viewer' })
  await page.getByRole('textbox', { name: 'Filter' }).fill('LEVEL acme')
  const found = page.getByRole('table', { name: 'Topics that were found' })
  await found.getByRole('button', { name: 'acme/tank/level' }).waitFor()
  assert.equal(await found.locator('[data-row]').count(), 2)
  await found.getByRole('button', { name: 'acme/tank/level' }).click()
  await page.getByRole('region', { name: 'acme/tank/level' }).getByTestId('payload').waitFor()
  await page.getByRole('textbox', { name: 'Filter' }).fill('nothing-like-that')
  await page.getByText('No topic has all of these words.').waitFor()
  await page.getByRole('textbox', { name: 'Filter' }).fill('')
  await page.getByRole('link', { name: 'Busiest' }).click()
  const busiest = page.getByRole('table', { name: 'The busiest topics' })
  await busiest
    .getByRole('button', { name: /^acme\// })
    .first()
    .waitFor()
  await assertAccessible(page, 'the busiest')
  await broker.stop()
  await page.getByTestId('published').getByText('waits in the log').waitFor({ timeout: 20_000 })
  await page.getByRole('navigation', { name: 'Sink' }).getByRole('link', { name: /scada/ }).click()
  await page.getByRole('tree', { name: 'Topics of scada' }).locator('[data-topic="spBv1.0"]').waitFor()
})

test('100,000 topics: the first level is there soon, the end is reached, and few rows exist', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const lines = Array.from(
    { length: 100_000 },
    (_, i) => `l${Math.floor(i / 2000)}.t${String(i).padStart(6, '0')},constant:value=${i},uint32`,
  )
  const yaml = `devices:
  - { name: big, driver: simulated, every: 10m, tags: big.csv }
sinks:
  - { name: plant, sink: mqtt, options: { url: '${broker.url}', topic: 'acme/{device}/{tag}', payload: uns-json, qos: 0 } }
`
  const files = { 'big.csv': `name,address,type\n${lines.join('\n')}\n` }
  const { page } = await openStage(t, { path: '/topics', yaml, files })
  await item(page, 'acme').waitFor({ timeout: 30_000 })
  await tree(page).focus()
  await page.keyboard.press('ArrowRight')
  await item(page, 'acme/big').waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await item(page, 'acme/big/l0.t000000').waitFor({ timeout: 20_000 })
  const began = performance.now()
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('End')
    await page.waitForTimeout(300)
  }
  await eventually(
    'pages come as they are needed',
    async () => Number(/t(\d+)/.exec(String(await active(page)))?.[1]) > 300,
    20_000,
  )
  assert.ok(performance.now() - began < 20_000)
  assert.ok((await page.locator('.topic-row').count()) < 100)
  await page.getByRole('textbox', { name: 'Filter' }).fill('t099999')
  await page.getByRole('button', { name: 'acme/big/l49.t099999' }).waitFor({ timeout: 5000 })
})

test(
  'no sink with topics says what to do; a phone has the tree and the message below each other',
  { skip },
  async (t) => {
    const { page } = await openStage(t, { path: '/topics' })
    await page.getByText('No sink has topics').waitFor()
    await assertAccessible(page, 'no topics')
    const broker = await startMosquitto(t)
    const { page: phone } = await openStage(t, {
      path: '/topics?topic=acme%2Ftank%2Flevel',
      yaml: yamlOf(broker.url),
      phone: true,
    })
    await item(phone, 'acme/tank/level').waitFor()
    await phone.getByTestId('payload').waitFor()
    await assertFits(phone, 'topics')
    await assertAccessible(phone, 'topics on a phone')
  },
)
