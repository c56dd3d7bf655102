/** The sinks on the page: the account in words, a broker that goes and comes back, dead letters, replay and purge, and who may do that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startMosquitto } from '../../src/testing/mosquitto.ts'
import { recordMqtt } from '../../src/testing/mqtt-recorder.ts'
import { eventually, needs } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip as noBrowser, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()
const skip = noBrowser === false ? needs('mosquitto') : noBrowser

const yamlOf = (url: string, sink = 'mqtt') => `devices:
  - name: press-1
    driver: simulated
    every: 100ms
    tags:
      - { name: level, address: 'sine:period=5s,min=0,max=10', type: float64 }
      - { name: count, address: counter, type: uint32 }
sinks:
  - { name: plant, sink: mqtt, options: { url: '${url}', topic: 'plant/{device}/{tag}', payload: uns-json, qos: 1 } }
${sink === 'sparkplug' ? `  - { name: scada, sink: sparkplug, options: { urls: '${url}', groupId: acme, edgeNodeId: bifrost } }\n` : ''}`

const row = (page: Page, name: string) =>
  page.getByRole('table', { name: 'Sinks and what became of their samples' }).locator(`[data-row="${name}"]`)
const cell = (page: Page, name: string, column: string) => row(page, name).locator(`[data-column="${column}"]`)
const lineOf = async (page: Page, line: string) =>
  Number((await page.locator(`[data-line="${line}"] td.numbers`).innerText()).replaceAll(/\D/g, ''))

test('a broker goes and comes back: state, why, queue, account and the way back', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const { page, complaints, hosts, gateway } = await openStage(t, { path: '/sinks', yaml: yamlOf(broker.url) })
  await eventually('delivered', async () => /Running/.test(await cell(page, 'plant', 'state').innerText()))
  await eventually('a rate', async () => Number(await cell(page, 'plant', 'out').innerText()) > 5)
  assert.equal(await cell(page, 'plant', 'account').innerText(), 'adds up')
  await page.getByTestId('verdict').getByText('It adds up').waitFor()
  await assertAccessible(page, 'sinks')

  await broker.stop()
  await eventually('it says so', async () => (await cell(page, 'plant', 'state').innerText()) !== 'Running', 20_000)
  await eventually(
    'what it means, and what the far side said',
    async () => /ECONNREFUSED|refused|closed|connect/i.test(await page.getByTestId('reason').innerText()),
    20_000,
  )
  await eventually('the queue grows', async () => Number(await page.getByTestId('depth').innerText()) > 50, 20_000)
  const [routed, delivered, pending, dropped, sum] = await Promise.all(
    ['routed', 'delivered', 'pending', 'dropped', 'sum'].map((line) => lineOf(page, line)),
  )
  assert.ok(pending! > 0 && dropped === 0)
  assert.equal(sum, delivered! + pending! + dropped)
  assert.equal(routed, sum, 'the account adds up, from one snapshot')
  await page.getByRole('button', { name: /^Purge [\d\s]+ samples …$/ }).waitFor()

  await broker.start()
  await eventually('it is back', async () => (await cell(page, 'plant', 'state').innerText()) === 'Running', 40_000)
  await eventually('the queue is gone', async () => Number(await page.getByTestId('depth').innerText()) < 20, 20_000)
  assert.deepEqual(complaints, [])
  assert.deepEqual([...hosts], [new URL(gateway.url).host])
})

test('a purge asks for the name and counts as dropped; a replay shows how far it is', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const recorder = await recordMqtt(t, broker.url, 'plant/#')
  const { page, gateway } = await openStage(t, {
    path: '/sinks?name=plant',
    yaml: yamlOf(broker.url),
    role: 'engineer',
  })
  await eventually('delivered', () => recorder.messages.length > 20)
  await broker.stop()
  await eventually('the queue grows', async () => Number(await page.getByTestId('depth').innerText()) > 20, 20_000)
  await page.getByRole('button', { name: /^Purge \d.* …$/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Purge plant' })
  const effect = dialog.getByRole('button', { name: /^Purge .* samples of plant$/ })
  assert.equal(await effect.isDisabled(), true)
  await dialog.getByLabel('Type plant to confirm').fill('plan')
  assert.equal(await effect.isDisabled(), true)
  await dialog.getByLabel('Type plant to confirm').fill('plant')
  await dialog.getByLabel(/Reason/).fill('test batch')
  await assertAccessible(page, 'purge')
  await effect.click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('[data-line="dropped-purged"]').getByText('purged on command').waitFor()
  assert.ok((await lineOf(page, 'dropped-purged')) > 20)
  assert.match(await page.getByTestId('verdict').innerText(), /It adds up/)

  await broker.start()
  await eventually('it is back', async () => (await cell(page, 'plant', 'state').innerText()) === 'Running', 40_000)
  await page.getByRole('button', { name: 'Last 15 min' }).click()
  await page.getByRole('button', { name: 'Replay …' }).click()
  await page
    .getByRole('dialog', { name: 'Replay to plant' })
    .getByRole('button', { name: /^Replay .* to plant$/ })
    .click()
  await page.locator('[data-testid="replay"][data-state="done"]').waitFor({ timeout: 20_000 })
  assert.match(await page.getByTestId('replay').innerText(), /samples delivered/)
  await page.getByText(/delivered again on command, beside this account/).waitFor()
  const { records } = await gatewayAudit(page, gateway.url)
  assert.ok(
    records.some((text) => text.includes('test batch')),
    'the reason is in the audit log',
  )
})

async function gatewayAudit(page: Page, url: string): Promise<{ records: string[] }> {
  const answer = await page.request.get(`${url}/api/v1/audit`)
  const { events } = (await answer.json()) as { events: object[] }
  return { records: events.map((record) => JSON.stringify(record)) }
}

test('dead letters: what was refused and why, sent again when it is allowed, purged', { skip }, async (t) => {
  const broker = await startMosquitto(t, { extra: ['max_packet_size 400'] })
  const long = `      - { name: recipe, address: 'cell:name=recipe,initial=${'long'.repeat(100)}', type: string }\n`
  const yaml = yamlOf(broker.url).replace('sinks:', `${long}sinks:`)
  const { page } = await openStage(t, { path: '/sinks', yaml })
  const letters = page.getByRole('table', { name: 'Dead letters of plant' })
  await letters.getByRole('link', { name: 'press-1/recipe' }).first().waitFor({ timeout: 20_000 })
  assert.match(await letters.locator('[data-column="reason"]').first().innerText(), /bytes|large/i)
  await eventually('the sink says so', async () => (await cell(page, 'plant', 'state').innerText()) === 'Degraded')
  await page.locator('[data-line="dropped-rejected"]').getByText('dead letters').waitFor()
  await letters
    .getByRole('button', { name: /Show all of the dead letter of press-1/ })
    .first()
    .click()
  const whole = page.getByRole('dialog', { name: 'Dead letter' })
  await whole.getByText('"seq":').waitFor()
  await assertAccessible(page, 'a dead letter')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Send again …' }).click()
  await page.getByRole('button', { name: 'Send the dead letters of plant again' }).click()
  await page.locator('[data-testid="replay"][data-state="done"]').waitFor({ timeout: 20_000 })
  assert.match(await page.getByTestId('replay').innerText(), /Dead letters[^]*refused/)
  await page.getByRole('button', { name: 'Purge all …' }).click()
  const dialog = page.getByRole('dialog', { name: 'Purge the dead letters of plant' })
  await dialog.getByLabel('Type plant to confirm').fill('plant')
  await dialog.getByRole('button', { name: 'Purge all dead letters of plant' }).click()
  await dialog.waitFor({ state: 'detached' })
})

test('a viewer sees the account, and nothing to replay or purge; a session of Sparkplug', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const yaml = yamlOf(broker.url, 'sparkplug')
  const { page, complaints } = await openStage(t, { path: '/sinks', yaml, role: 'viewer', phone: true })
  await page.getByText('Choose a sink in the table').waitFor()
  await assertFits(page, 'sinks on a phone')
  await row(page, 'scada').getByRole('link', { name: 'scada' }).click()
  const session = page.getByRole('region', { name: 'Sparkplug session' })
  await eventually('seq', async () => /bdSeq\s+0[^]*last rebirth/.test(await session.innerText()))
  await page.getByRole('table', { name: /Account of scada/ }).waitFor()
  assert.equal(await page.getByRole('button', { name: /purge|replay|send again/i }).count(), 0)
  assert.equal(await page.getByText('Dead letters').count(), 0)
  await assertFits(page, 'a sink on a phone')
  await assertAccessible(page, 'a sink on a phone')
  assert.deepEqual(complaints, [])
})

test('no sink, and one that is gone: what to do next', { skip }, async (t) => {
  const { page } = await openStage(t, { path: '/sinks' })
  await page.getByText('No sink is configured').waitFor()
  await page.getByRole('link', { name: 'Open the configuration' }).waitFor()
  await assertAccessible(page, 'no sink')
})
