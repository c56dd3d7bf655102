/**
 * A screen of the page in a real Chromium in front of a real gateway: with a plant of simulated machines where wanted, in the eyes of a role,
 * on a desk or a phone. What the browser complains about and whom it asks is kept, for the test to look at in the end.
 */
import { AxeBuilder } from '@axe-core/playwright'
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { PASSWORD } from '../../src/testing/accounts-rig.ts'
import { startGatewayProcess, type GatewayFiles, type GatewayProcess } from '../../src/testing/gateway-process.ts'
import { needs, startProcess, temporaryFolder, type RunningProcess } from '../../src/testing/peers.ts'
import { buildPage, launchBrowser } from './browser.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const MACHINES = ['tank-farm', 'filler', 'energy-meter']

/** False where Chromium is there; otherwise the reason to skip. */
export const skip = needs('chromium')

let browser: Browser | undefined

/** To be called once at the top of a file of tests. */
export function useBrowser(): void {
  before(async () => {
    if (skip !== false) return
    buildPage()
    browser = await launchBrowser()
  })
  after(() => browser?.close())
}

export interface Stage {
  readonly gateway: GatewayProcess
  readonly context: BrowserContext
  readonly page: Page
  /** What the console of the browser said as an error, and every host that was asked. */
  readonly complaints: string[]
  readonly hosts: Set<string>
}

export interface StageOptions extends Partial<GatewayFiles> {
  /** Where the page opens: `/devices?q=tank`. */
  readonly path?: string
  readonly phone?: boolean
  readonly theme?: 'light' | 'dark'
  /** Somebody with this role looks; without it nobody is asked who they are (`http.access: open`). */
  readonly role?: 'viewer' | 'operator' | 'engineer' | 'admin'
  /** Before the page opens. */
  prepare?(page: Page, gateway: GatewayProcess): Promise<void>
}

export async function openStage(t: TestContext, options: StageOptions = {}): Promise<Stage> {
  const { path = '/', phone = false, theme = 'light', role, prepare, yaml = '', ...files } = options
  const env = role === undefined ? {} : { BIFROST_ADMIN_PASSWORD: PASSWORD }
  const gateway = await startGatewayProcess(t, {
    yaml,
    access: role === undefined ? 'open' : 'accounts',
    ...files,
    env: { ...env, ...files.env },
  })
  const context = await browser!.newContext({
    colorScheme: theme,
    ignoreHTTPSErrors: true,
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    hasTouch: phone,
  })
  t.after(() => context.close())
  const [complaints, hosts] = [[] as string[], new Set<string>()]
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('request', (request) => hosts.add(new URL(request.url()).host))
  if (role !== undefined) await signInAs(context, gateway.url, role)
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await prepare?.(page, gateway)
  await page.goto(`${gateway.url}${path}`)
  await page.locator('main').waitFor()
  return { gateway, context, page, complaints, hosts }
}

/** Gives the browser a session of somebody with this role: `admin` is the administrator, others are made by it. */
export async function signInAs(context: BrowserContext, url: string, role: string): Promise<void> {
  const { request } = context
  const post = async (path: string, data: object) => {
    const answer = await request.post(`${url}/api/v1/${path}`, { data, headers: { origin: url } })
    assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`)
  }
  await post('session', { name: 'admin', password: PASSWORD })
  if (role === 'admin') return
  const name = `${role}-1`
  await post('users', { name, password: PASSWORD, roles: [role] })
  await context.clearCookies()
  await post('session', { name, password: PASSWORD })
}

export interface Plant {
  readonly plant: RunningProcess
  readonly yaml: string
  readonly files: Readonly<Record<string, string>>
  readonly folder: string
}

/** The simulated plant (tank farm, filler, energy meter over Modbus TCP), and a configuration that reads it. */
export async function startPlant(t: TestContext, { every = '200ms' } = {}): Promise<Plant> {
  const plant = startProcess(t, process.execPath, [join(ROOT, 'simulators', 'plant.ts'), '--seed', '5'])
  const [line] = await plant.waitFor(/\{"ready".*\}/)
  const { port } = JSON.parse(line) as { port: number }
  const folder = temporaryFolder(t)
  for (const name of MACHINES)
    copyFileSync(join(ROOT, 'simulators/plant/tags', `${name}.csv`), join(folder, `${name}.csv`))
  const devices = MACHINES.map(
    (name, i) =>
      `  - { name: ${name}, driver: modbus, every: ${every}, options: { host: 127.0.0.1, port: ${port}, unit: ${i + 1}, timeout: 500ms }, tags: ${name}.csv }`,
  )
  return { plant, yaml: `devices:\n${devices.join('\n')}\n`, files: {}, folder }
}

/** Activates a button by keyboard as soon as it is enabled: `press` alone does not wait, and a disabled button loses the key. */
export async function activate(button: Locator): Promise<void> {
  await button.and(button.page().locator(':enabled')).press('Enter')
}

/** No violation that axe calls serious or critical, in both themes. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor({ state: 'attached' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    assert.deepEqual(told, [], `${where}, ${colorScheme}`)
  }
}

/** Nothing is wider than the window. */
export async function assertFits(page: Page, where: string): Promise<void> {
  const [scroll, client] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number]
  assert.ok(scroll <= client, `${where}: ${scroll} px wide in a window of ${client}`)
}
