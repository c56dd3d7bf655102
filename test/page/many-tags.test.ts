/** A gateway with more tags than a page can hold: it filters, and the page says how many there are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { countOf, filterOf, row } from '../../ui/testing/live-values.ts'
import { openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

/** A million by hand: BIFROST_PAGE_DEVICES=100. */
const DEVICES = Number(process.env.BIFROST_PAGE_DEVICES ?? 11)
const TAGS = 10_000
/** As the page writes it: `110 000`. */
const ALL = (DEVICES * TAGS).toLocaleString('en').replaceAll(',', '\u202f')
const LAST = `p${DEVICES - 1}/t${DEVICES * TAGS - 1}`

test(
  'of more tags than it holds the page has those that match, lives with them, and says how many there are',
  { skip },
  async (t) => {
    const files: Record<string, string> = {}
    const devices: string[] = []
    for (let at = 0; at < DEVICES; at++) {
      const rows = Array.from({ length: TAGS }, (_, tag) => `t${at * TAGS + tag},"counter:period=1s",uint32`)
      files[`p${at}.csv`] = `name,address,type\n${rows.join('\n')}\n`
      devices.push(`  - { name: p${at}, driver: simulated, every: ${at === 0 ? '1s' : '60s'}, tags: p${at}.csv }`)
    }
    const yaml = `devices:\n${devices.join('\n')}\n`
    const { page } = await openStage(t, { yaml, files, path: '/values?q=t4242' })
    page.setDefaultTimeout(30_000)
    await row(page, 'p0/t4242').waitFor()
    await page.getByTestId('part').getByText(`This gateway has ${ALL} tags`).waitFor()
    assert.match(await countOf(page), new RegExp(`^\\d+ of ${ALL}$`))
    const value = () => row(page, 'p0/t4242').getByTestId('value').innerText()
    const first = await value()
    await eventually('it lives', async () => (await value()) !== first)
    await filterOf(page).fill(LAST)
    await row(page, LAST).waitFor()
    await filterOf(page).fill('')
    await eventually('the first of all', async () => (await countOf(page)).startsWith('1\u202f000 of'))
    await filterOf(page).fill(LAST)
    await row(page, LAST).waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    const counts = page.getByRole('region', { name: 'Devices' })
    await counts.getByText(`${DEVICES} in all`).waitFor()
    assert.ok((await page.getByRole('region', { name: 'Tags' }).innerText()).includes(`${ALL} in all`))
  },
)
