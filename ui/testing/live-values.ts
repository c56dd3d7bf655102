/** The screen of the live values in front of the simulated plant, and how tests read its rows. */
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import type { RunningProcess } from '../../src/testing/peers.ts'
import { openStage, startPlant, type Stage, type StageOptions } from './stage.ts'

/** Opens `/values` with this query once the first rows are there. */
export async function openValues(
  t: TestContext,
  query = '',
  options: StageOptions = {},
): Promise<Stage & { readonly plant: RunningProcess }> {
  const { plant, yaml, folder } = await startPlant(t)
  const stage = await openStage(t, { yaml, folder, ...options, path: `/values${query}` })
  await stage.page.locator('[data-key]').first().waitFor()
  return { ...stage, plant }
}

export const row = (page: Page, key: string) => page.locator(`[data-key="${key}"]`)
export const valueOf = (page: Page, key: string) => row(page, key).getByTestId('value').innerText()
export const statusOf = (page: Page, key: string) => row(page, key).getByTestId('status').innerText()
export const modeOf = (page: Page) => page.getByTestId('trend-mode').innerText()
export const countOf = (page: Page) => page.getByTestId('count').innerText()
export const filterOf = (page: Page) => page.getByRole('textbox', { name: 'Filter' })
/** The radio of a SegmentedControl is under its label. */
export const chooseQuality = (page: Page, name: string) =>
  page.getByRole('radiogroup', { name: 'Which values are shown' }).getByText(name, { exact: true }).click()
