/** The overview: what needs attention first and the way there, counts that filter, the flow of data, the accounts, an empty gateway, a phone. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMosquitto } from '../../src/testing/mosquitto.ts'
import { eventually, needs } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip as noBrowser, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()
const skip = noBrowser === false ? needs('mosquitto') : noBrowser

const WAVE = `tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }]`
const DEVICES = `devices:
  - { name: press-1, driver: simulated, every: 100ms, ${WAVE} }
  - { name: press-2, driver: simulated, every: 100ms, ${WAVE} }
  - { name: spare, driver: simulated, enabled: false, ${WAVE} }
  - name: gone
    driver: modbus
    options: { host: 127.0.0.1, port: 1, timeout: 200ms }
    tags: [{ name: level, address: 'hr:0', type: uint16 }]
`
const sinksOf = (url: string) =>
  `sinks:\n  - { name: plant, sink: mqtt, options: { url: '${url}', topic: 'plant/{device}/{tag}', payload: uns-json, qos: 1 } }\n`

test(
  'what is wrong comes first, with the way to where it is mended; counts lead to what they count',
  { skip },
  async (t) => {
    const broker = await startMosquitto(t)
    const yaml = DEVICES + sinksOf(broker.url)
    const { page, gateway, complaints, hosts } = await openStage(t, { yaml })
    const attention = (key: string) => page.locator(`[data-attention="${key}"]`)
    await attention('device/gone')
      .getByText(/Failed: .*127\.0\.0\.1:1/)
      .waitFor({ timeout: 20_000 })
    assert.match((await attention('device/gone').getByRole('link').getAttribute('href')) ?? '', /^\/device\?name=gone$/)
    const count = (word: string) => page.locator(`[data-count="${word}"]`)
    assert.match(await count('Running').innerText(), /2/)
    assert.match(await count('Disabled').innerText(), /1/)
    const failed = page.getByRole('link', { name: '1 device is Failed: show it' })
    assert.equal(await failed.getAttribute('href'), '/devices?state=Failed')
    await eventually('tags by quality', async () => /2/.test(await count('Good').innerText()))
    await eventually(
      'samples come in',
      async () => /\d+(\.\d)? \/s/.test(await page.locator('[data-rate="In"]').innerText()),
      20_000,
    )
    await page
      .getByRole('region', { name: 'Gateway' })
      .getByText(/% of one core/)
      .waitFor({ timeout: 20_000 })
    await page.getByRole('table', { name: 'Sinks and their accounts' }).getByText('adds up').waitFor()
    await assertAccessible(page, 'overview')

    writeFileSync(join(gateway.folder, 'bifrost.yaml'), `version: 1\nhttp: { listen: nonsense }\n`)
    await attention('config/failed').waitFor({ timeout: 20_000 })
    assert.match(await page.getByTestId('drift').innerText(), /were not taken/)
    await page.request.put(`${gateway.url}/api/v1/writes/lock`, {
      data: { reason: 'maintenance of the press' },
      headers: { origin: gateway.url },
    })
    await attention('writes/lock')
      .getByText(/locked by .*: maintenance of the press/)
      .waitFor()
    await broker.stop()
    await attention('sink/plant')
      .getByText(/^plant/)
      .waitFor({ timeout: 30_000 })
    await attention('sink/plant').getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: 'Sinks' }).waitFor()
    assert.deepEqual(complaints, [])
    assert.deepEqual([...hosts], [new URL(gateway.url).host])
  },
)

test(
  'the flow of data: width is rate, dashed is no data; the same as a table; each node is a link',
  { skip },
  async (t) => {
    const broker = await startMosquitto(t)
    const yaml = DEVICES + sinksOf(broker.url)
    const { page } = await openStage(t, { yaml })
    const edge = (key: string) => page.locator(`[data-edge="${key}"]`)
    await eventually(
      'data flows',
      async () => (await edge('device/press-1').getAttribute('data-flows')) === 'true',
      20_000,
    )
    await eventually('and on', async () => Number(await edge('sink/plant').getAttribute('stroke-width')) > 2, 20_000)
    assert.equal(await edge('device/gone').getAttribute('data-flows'), 'false')
    const dash = (key: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('[data-edge="${key}"]')).strokeDasharray`)
    assert.equal(await dash('device/press-1'), 'none')
    assert.notEqual(await dash('device/gone'), 'none')
    const node = page.getByRole('link', { name: /^press-1: Running, [\d.]+\/s, last good value \d+ s ago$/ })
    await node.waitFor()
    assert.equal(await page.evaluate('document.getAnimations().length'), 0)
    await page.getByRole('button', { name: 'Table' }).click()
    const table = page.getByRole('table', { name: 'Data flow: devices, gateway and sinks' })
    assert.match(
      await table.locator('[data-row="device/gone"]').innerText(),
      /gone\s+Failed\s+no data\s+no good value yet/,
    )
    assert.match(page.url(), /flow=table/)
    await assertAccessible(page, 'flow as a table')
    await table.getByRole('link', { name: 'plant' }).click()
    assert.match(page.url(), /\/sinks\?name=plant/)
  },
)

const many = (count: number): string => {
  const devices = Array.from(
    { length: count },
    (_, i) => `  - { name: d-${i}, driver: simulated, every: 5s, ${WAVE} }\n`,
  )
  return `devices:\n${devices.join('')}  - { name: gone, driver: modbus, options: { host: 127.0.0.1, port: 1, timeout: 200ms }, tags: [{ name: l, address: 'hr:0', type: uint16 }] }\n`
}

test(
  'many devices are grouped, what is abnormal stays by itself, and each can be shown',
  { skip: noBrowser },
  async (t) => {
    const { page } = await openStage(t, { yaml: many(60) })
    await page.locator('[data-node="device/gone"][aria-label*="Failed"]').waitFor({ timeout: 20_000 })
    const group = page.locator('[data-node="device/simulated/Running"]')
    await eventually('one group', async () => /60 × simulated/.test(await group.innerText()), 20_000)
    assert.equal(await group.getAttribute('href'), '/devices?driver=simulated&state=Running')
    assert.ok((await page.locator('.flow-node').count()) < 5)
    await page.getByRole('button', { name: 'Show each of 61' }).click()
    await page.locator('[data-node="device/d-59"]').waitFor()
  },
)

test('more than 500 devices are always groups', { skip: noBrowser }, async (t) => {
  const { page } = await openStage(t, { yaml: many(520) })
  await page.getByText(/^521 devices are grouped/).waitFor({ timeout: 20_000 })
  assert.ok((await page.locator('.flow-node').count()) <= 30)
  await page.locator('[data-attention="device/gone"]').waitFor({ timeout: 20_000 })
})

test(
  'an empty gateway says how to begin; a viewer is not shown what they may not do',
  { skip: noBrowser },
  async (t) => {
    const { page } = await openStage(t, { role: 'engineer' })
    const steps = page.getByTestId('first-steps')
    await steps.getByRole('link', { name: 'Add a device' }).waitFor()
    await steps.getByRole('link', { name: 'Restore a backup' }).waitFor()
    await steps.getByText('bifrost demo').waitFor()
    await page.getByText('Nothing needs attention.').waitFor()
    assert.equal(await page.getByText('Data flow').count(), 0, 'no empty picture')
    await assertAccessible(page, 'an empty gateway')
  },
)

test('on a phone all of it is there and nothing is wider than it', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const { page } = await openStage(t, { yaml: DEVICES + sinksOf(broker.url), phone: true, role: 'viewer' })
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await page.getByRole('table', { name: 'Data flow: devices, gateway and sinks' }).getByText('press-1').waitFor()
  await page.locator('[data-attention="device/gone"]').waitFor({ timeout: 20_000 })
  assert.equal(await page.getByRole('region', { name: 'Configuration' }).count(), 0, 'a viewer may not read it')
  await assertFits(page, 'overview')
  await assertAccessible(page, 'overview on a phone')
  const link = page.getByRole('link', { name: '1 device is Failed: show it' })
  assert.ok((await link.boundingBox())!.height >= 44)
})
