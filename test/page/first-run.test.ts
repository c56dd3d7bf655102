/** The first run: from the one-time link to the first steps of a gateway that has no device yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PASSWORD } from '../../src/testing/accounts-rig.ts'
import { startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { assertAccessible, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test(
  'after the first administrator there is a next step; who has devices goes to the overview',
  { skip },
  async (t) => {
    const { page } = await openStage(t, {})
    const set = async (yaml: string) => {
      const gateway = await startGatewayProcess(t, { yaml, access: 'accounts' })
      const [link] = await gateway.waitFor(/https?:\/\/\S+\/setup#[0-9A-Z-]{23}/, 5000)
      await page.goto('about:blank')
      await page.goto(link)
      await page.getByLabel('Name', { exact: true }).fill('anna')
      await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
      await page.getByLabel('New password again', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Make me the administrator' }).click()
    }
    await set('')
    await page.getByRole('heading', { level: 1, name: 'First steps' }).waitFor()
    await page.getByText('You are signed in as anna').waitFor()
    await page.getByText('This gateway reads nothing yet').waitFor()
    assert.equal(new URL(page.url()).pathname, '/first-steps')
    await assertAccessible(page, 'first steps')
    await page.getByRole('main').getByRole('link', { name: 'People and tokens' }).click()
    await page.getByRole('heading', { level: 1, name: 'People and tokens' }).waitFor()
    await set(
      `devices:\n  - { name: press-1, driver: simulated, tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }] }\n`,
    )
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  },
)
