/** A gateway that hangs, that is killed, and a part of the page that could not be fetched. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { modeOf, openValues, row, statusOf } from '../../ui/testing/live-values.ts'
import { startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test('a gateway that hangs is named within 5 s, values age, and the page comes back alone', { skip }, async (t) => {
  const { page, gateway } = await openValues(t, '?span=60&pens=tank-farm%2Ftank-1-level')
  const banner = page.getByTestId('banner')
  await page.getByTestId('trend').locator('canvas').waitFor()
  gateway.child.kill('SIGSTOP')
  t.after(() => gateway.child.kill('SIGCONT'))
  await banner.waitFor({ timeout: 5000 })
  assert.match(await banner.innerText(), /has not answered since \d\d:\d\d:\d\d/)
  assert.match(await statusOf(page, 'tank-farm/tank-1-level'), /last known/)
  assert.equal(await modeOf(page), 'No connection')
  const age = async () => parseInt(await row(page, 'tank-farm/tank-1-level').locator('.cell-age').innerText(), 10)
  const first = await age()
  await eventually('values age', async () => (await age()) >= first + 2, 5000)
  gateway.child.kill('SIGCONT')
  await banner.waitFor({ state: 'detached' })
  await eventually('fresh again', async () => (await age()) <= 1)
  assert.equal(await statusOf(page, 'tank-farm/tank-1-level'), 'Good')
})

test(
  'a part of the page that could not be fetched costs the page nothing, and comes by itself',
  { skip },
  async (t) => {
    let refused = 0
    const { page } = await openValues(t, '', {
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
  const { page, gateway } = await openValues(t)
  await gateway.stop('SIGKILL')
  const begin = performance.now()
  await page.getByTestId('banner').waitFor({ timeout: 5000 })
  assert.ok(performance.now() - begin < 5000)
  assert.equal(await page.getByTestId('connection').innerText(), 'No connection')
  const write = row(page, 'tank-farm/temperature-set-point').getByRole('button', { name: /^Write/ })
  assert.ok(await write.isDisabled(), 'nothing can be written while nobody answers')
})

test('a page whose gateway has no longer its parts, as after an upgrade, loads itself anew', { skip }, async (t) => {
  let loads = 0
  const { page } = await openValues(t, '', {
    prepare: async (fresh) => {
      fresh.on('domcontentloaded', () => loads++)
      await fresh.route('**/trend-panel*.js', (route) =>
        loads < 2 ? route.fulfill({ status: 404, body: '' }) : route.continue(),
      )
    },
  })
  await page.getByTestId('trend').locator('canvas').waitFor({ timeout: 20_000 })
  assert.equal(loads, 2)
})

const deviceOf = (name: string) =>
  `  - { name: ${name}, driver: simulated, every: 200ms, tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }] }\n`

test('a gateway that comes back with another configuration leaves nothing of the old one', { skip }, async (t) => {
  const yaml = `devices:\n${deviceOf('press-1')}${deviceOf('press-2')}`
  const { page, gateway } = await openStage(t, { yaml, path: '/explain?device=press-2&tag=wave' })
  await page.getByTestId('explained').waitFor()
  await gateway.stop('SIGKILL')
  await page.getByTestId('banner').waitFor()
  await page.getByRole('button', { name: 'Explain again' }).click()
  await page.getByTestId('problem').waitFor()
  await eventually('its age goes on', async () => /[5-9] s ago/.test(await page.getByTestId('asked-at').innerText()))
  const { port } = new URL(gateway.url)
  await startGatewayProcess(t, { yaml: `devices:\n${deviceOf('press-2')}`, folder: gateway.folder, port: Number(port) })
  await page.getByTestId('banner').waitFor({ state: 'detached' })
  // Nobody presses a button.
  await page.getByTestId('problem').waitFor({ state: 'detached' })
  await eventually('explained anew', async () => /[0-3] s ago/.test(await page.getByTestId('asked-at').innerText()))
  await page.goto(`${gateway.url}/values?pens=press-1%2Fwave,press-2%2Fwave`)
  const colourOf = (place: string) => page.locator(`${place} .swatch`).first().getAttribute('style')
  await row(page, 'press-2/wave').waitFor()
  await page.locator('.pens li').waitFor()
  assert.equal(await colourOf('[data-key="press-2/wave"]'), await colourOf('.pens'))
  assert.equal(await page.getByText('press-1').count(), 0)
})
