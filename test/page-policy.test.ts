/**
 * What a browser makes of the headers of the page: in a real Chromium its own styles and scripts run and nobody else's do. A violation
 * of the policy is an event; the control injects what a hole in the page would let in.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { startHttp } from '../src/http/server.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { eventually, needs } from '../src/testing/peers.ts'
import { createSteeredDevice } from '../src/testing/steered-driver.ts'
import { buildPage, launchBrowser } from '../ui/testing/browser.ts'

const skip = needs('chromium')
let browser: Browser

before(async () => {
  if (skip !== false) return
  buildPage()
  browser = await launchBrowser()
})
after(() => browser?.close())

async function start(t: TestContext) {
  const steered = createSteeredDevice()
  steered.values.set('level', 1)
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'd', type: steered.type, tags: [{ name: 'level', writable: true, writeMin: 0, writeMax: 9 }] }],
  })
  const uiDir = join(import.meta.dirname, '..', 'ui', 'dist')
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open', uiDir })
  t.after(() => http.close())
  const context = await browser.newContext()
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.addInitScript(`
    globalThis.violations = []
    document.addEventListener('securitypolicyviolation', (event) =>
      violations.push(event.effectiveDirective + ' ' + event.blockedURI))`)
  return { http, page }
}

const violationsOf = (page: Page): Promise<string[]> => page.evaluate('[...violations]')

const INJECTED = `
  const add = (html) => document.body.insertAdjacentHTML('beforeend', html)
  add('<style>body { display: none }</style>')
  add('<p id="styled" style="position: fixed">x</p>')
  add('<img src="x" onerror="globalThis.ran = true">')
  const script = document.createElement('script')
  script.textContent = 'globalThis.ran = true'
  document.body.append(script)
  const frame = document.createElement('iframe')
  frame.src = 'http://127.0.0.1:1/'
  document.body.append(frame)`

test('the page with dialog and chart needs no style and no script that the policy forbids', { skip }, async (t) => {
  const { http, page } = await start(t)
  await page.goto(`${http.url}/values?pens=d%2Flevel`)
  const row = page.locator('[data-key="d/level"]')
  await row.waitFor()
  await page.locator('.uplot canvas').first().waitFor()
  await row.getByRole('button', { name: /^Write to/ }).click()
  await page.getByRole('dialog').waitFor()
  assert.deepEqual(await violationsOf(page), [])
  // The colours of the theme are in a style element that the page makes, with the nonce.
  const colour = await page.evaluate<string>('getComputedStyle(document.body).getPropertyValue("--mantine-color-body")')
  assert.notEqual(colour.trim(), '')
})

test('the page of the API needs nothing that the policy forbids', { skip }, async (t) => {
  const { http, page } = await start(t)
  await page.goto(`${http.url}/api/docs`)
  await page.locator('.opblock-summary').first().click()
  await page.locator('.opblock-body').first().waitFor()
  assert.deepEqual(await violationsOf(page), [])
})

test('control: what a hole in the page would let in does not run', { skip }, async (t) => {
  const { http, page } = await start(t)
  await page.goto(`${http.url}/values`)
  await page.locator('[data-key="d/level"]').waitFor()
  await page.evaluate(INJECTED)
  await eventually('five violations', async () => (await violationsOf(page)).length >= 5)
  const seen = new Set((await violationsOf(page)).map((text) => text.split(' ')[0]))
  assert.deepEqual([...seen].toSorted(), [
    'frame-src',
    'script-src-attr',
    'script-src-elem',
    'style-src-attr',
    'style-src-elem',
  ])
  const [ran, position] = await page.evaluate<[unknown, string]>(
    '[globalThis.ran, getComputedStyle(document.getElementById("styled")).position]',
  )
  assert.deepEqual([ran, position], [undefined, 'static'])
})

test('each answer with the page has a nonce of its own, and nothing else has one', { skip }, async (t) => {
  const { http } = await start(t)
  const nonces = []
  for (const path of ['/', '/', '/devices/d', '/index.html']) {
    const response = await fetch(http.url + path, { headers: { accept: 'text/html' } })
    const policy = response.headers.get('content-security-policy')!
    const nonce = /style-src 'self' 'nonce-([\w+/=]{24})';/.exec(policy)?.[1]
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const text = await response.text()
    assert.ok(text.includes(`nonce="${nonce}"`), path)
    assert.ok(!text.includes('BIFROST_NONCE'), path)
    nonces.push(nonce)
  }
  assert.equal(new Set(nonces).size, 4)
  for (const path of ['/api/v1/values', '/livez', '/nothing.js']) {
    const policy = (await fetch(http.url + path)).headers.get('content-security-policy')!
    assert.match(policy, /style-src 'self';/, path)
  }
})
