/**
 * Who may look at the page, in a real Chromium against the real gateway: from the one-time link on the console to values, sign-out and
 * sign-in, wrong passwords, somebody who may only look, a session that an administrator ends, and what the browser keeps.
 */
import { AxeBuilder } from '@axe-core/playwright'
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { PASSWORD } from '../src/testing/accounts-rig.ts'
import { createAuthority, createCertificate } from '../src/testing/certificates.ts'
import { startGatewayProcess, type GatewayFiles, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, freePort, needs, temporaryFolder } from '../src/testing/peers.ts'
import { startIdentityProvider } from '../src/testing/identity-provider.ts'
import { buildPage, launchBrowser } from '../ui/testing/browser.ts'

const skip = needs('chromium')
const LINK = /https?:\/\/\S+\/setup#([0-9A-Z-]{23})/
const YAML = `devices:
  - name: press-1
    driver: simulated
    every: 200ms
    tags:
      - { name: wave, address: 'sine:period=5s,min=0,max=10', type: float64, unit: m }
      - { name: set-point, address: 'cell:name=press-1,initial=5', type: float64, writable: true }
`
const KEY = 'press-1/set-point'

let browser: Browser

before(async () => {
  if (skip !== false) return
  buildPage()
  browser = await launchBrowser()
})
after(() => browser?.close())

interface Stage {
  readonly gateway: GatewayProcess
  readonly context: BrowserContext
  readonly page: Page
  /** The one-time link that the console shows. */
  readonly link: string
  /** Everything that the console of the browser said as an error, and every host that was asked. */
  readonly complaints: string[]
  readonly hosts: Set<string>
}

async function open(t: TestContext, options: Partial<GatewayFiles> & { phone?: boolean } = {}): Promise<Stage> {
  const gateway = await startGatewayProcess(t, { yaml: YAML, access: 'accounts', ...options })
  const [link] = await gateway.waitFor(LINK, 5000)
  const context = await browser.newContext({
    colorScheme: 'light',
    ignoreHTTPSErrors: true,
    viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
  })
  t.after(() => context.close())
  const [complaints, hosts] = [[] as string[], new Set<string>()]
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('request', (request) => hosts.add(new URL(request.url()).host))
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  return { gateway, context, page, link, complaints, hosts }
}

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true })
const fault = (page: Page) => page.getByTestId('fault')
const row = (page: Page, key = KEY) => page.locator(`[data-key="${key}"]`)

/** From the overview, where everybody starts, to the values. */
async function look(page: Page): Promise<void> {
  const menu = page.getByRole('button', { name: /Menu/ })
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  if (await menu.isVisible()) await menu.click()
  await page.getByRole('link', { name: 'Values' }).filter({ visible: true }).click()
  await row(page).waitFor()
}

async function setUp(page: Page, link: string, name = 'anna', password = PASSWORD): Promise<void> {
  await page.goto(link)
  await field(page, 'Name').fill(name)
  await field(page, 'New password').fill(password)
  await field(page, 'New password again').fill(password)
  await page.getByRole('button', { name: 'Make me the administrator' }).click()
}

async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await field(page, 'Name').fill(name)
  await field(page, 'Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** What an administrator does elsewhere, with a cookie of their own. */
async function admin({ gateway }: Stage) {
  const ask = (method: string, path: string, body?: unknown, cookie = '') =>
    fetch(`${gateway.url}/api/v1/${path}`, {
      method,
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const signedIn = await ask('POST', 'session', { name: 'anna', password: PASSWORD })
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';', 1)[0]!
  return async (method: string, path: string, body?: unknown) => {
    const answer = await ask(method, path, body, cookie)
    assert.equal(answer.status, 200, `${method} ${path}: ${await answer.clone().text()}`)
    return answer
  }
}

async function assertAccessible(page: Page, where: string, part = 'html'): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze()
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  assert.deepEqual(told, [], where)
}

test('first start: the link on the console, a name and a password, and there are values', { skip }, async (t) => {
  const stage = await open(t)
  const { page, link, gateway } = stage
  await page.goto(link)
  await page.getByRole('heading', { name: 'Set up this gateway' }).waitFor()
  assert.equal(page.url(), `${gateway.url}/setup`, 'the token is not left in the address')
  await setUp(page, link)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/')
  await look(page)
  assert.equal(await row(page).getByTestId('value').innerText(), '5.000')
  assert.equal(await page.getByTestId('account').innerText(), 'anna admin')
  assert.equal(await page.getByTestId('open-access').count(), 0)
  await page.goto(`${gateway.url}/values?q=wave`)
  await row(page, 'press-1/wave').waitFor()
  assert.deepEqual(stage.complaints, [])
  assert.deepEqual([...stage.hosts], [new URL(gateway.url).host], 'no external host')
})

test('a link that was used, a wrong token, too weak a password, and nobody else meanwhile', { skip }, async (t) => {
  const stage = await open(t)
  const { page, link, gateway } = stage
  // Whoever comes without the link is told where it is.
  await page.goto(gateway.url)
  await page.getByText(/link that the gateway printed on its console/).waitFor()
  await assertAccessible(page, 'set-up')
  await setUp(page, `${gateway.url}/setup#00000-00000-00000-00000`)
  await fault(page)
    .getByText(/not the one-time token/)
    .waitFor()
  assert.equal(await field(page, 'One-time token').inputValue(), '00000-00000-00000-00000')

  // The right link in the same tab: nothing is loaded anew, and the token goes from the address all the same.
  await setUp(page, link, 'anna', 'password1234')
  await fault(page)
    .getByText(/on the list of those that are tried first/)
    .waitFor()
  assert.equal(page.url(), `${gateway.url}/setup`)
  await field(page, 'New password').fill(PASSWORD)
  await field(page, 'New password again').fill(`${PASSWORD}!`)
  await page.getByText('The two are not the same.').first().waitFor()
  await field(page, 'New password again').fill(PASSWORD)
  await page.getByRole('button', { name: 'Make me the administrator' }).click()
  await look(page)

  const other = await browser.newContext()
  t.after(() => other.close())
  const late = await other.newPage()
  await late.goto(link)
  await late.getByText(/set up already/).waitFor()
  assert.equal(late.url(), `${gateway.url}/`)
})

test('sign out, a wrong password, the right one; the view in the address stays', { skip }, async (t) => {
  const stage = await open(t)
  const { page, link, gateway } = stage
  await setUp(page, link)
  await look(page)
  await page.goto(`${gateway.url}/values?q=set-point`)
  await row(page).waitFor()
  await page.getByTestId('account').click()
  await assertAccessible(page, 'the menu')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.equal(await row(page).count(), 0)
  assert.deepEqual(await stage.context.cookies(), [])
  await assertAccessible(page, 'sign-in')
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor()
  await assertAccessible(page, 'sign-in, dark')

  await signIn(page, 'anna', 'seven dry umbrellas')
  await fault(page).getByText('Name or password is wrong, or the user is disabled.').waitFor()
  assert.equal(await fault(page).getAttribute('role'), 'alert')
  assert.equal(await field(page, 'Password').inputValue(), '')
  await signIn(page, 'anna')
  await row(page).waitFor()
  assert.equal(page.url(), `${gateway.url}/values?q=set-point`)
  const refused = stage.complaints.filter((text) => !/status of 401/.test(text))
  assert.deepEqual(refused, [])
})

test('after some wrong passwords there is a pause, which is counted down, and then it goes on', { skip }, async (t) => {
  const stage = await open(t)
  const { page, link, gateway, context } = stage
  await setUp(page, link)
  await look(page)
  await context.clearCookies()
  await page.goto(`${gateway.url}/values`)
  // From an address that nobody signed in from, so that the pause is the user's: a name that there is not.
  for (let n = 0; n < 6; n++) {
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST')
    await signIn(page, 'nobody-here', 'not this one, no')
    await answered
    await fault(page).getByText(/\S/).waitFor()
    if (
      await page
        .getByText(/^Too many failures: the next attempt is possible in \d+ s\. That is at \d\d:\d\d:\d\d/)
        .isVisible()
    )
      break
  }
  await page.getByText(/^Too many failures/).waitFor()
  const button = page.getByRole('button', { name: /^Sign in/ })
  assert.match(await button.innerText(), /Sign in \(in \d+ s\)/)
  assert.equal(await button.getAttribute('aria-disabled'), 'true')
  await eventually('the pause is over', async () => (await button.innerText()) === 'Sign in', 10_000)
  await signIn(page, 'anna')
  await row(page).waitFor()
})

test('who may only look sees no way to write, and the gateway refuses it anyhow', { skip }, async (t) => {
  const stage = await open(t)
  const { page, link, gateway, context } = stage
  await setUp(page, link)
  await look(page)
  const write = row(page).getByRole('button', { name: /^Write to/ })
  const act = await admin(stage)
  await act('POST', 'users', { name: 'vera', password: PASSWORD, roles: ['viewer'] })
  await context.clearCookies()
  await page.reload()
  await signIn(page, 'vera')
  await row(page).waitFor()
  assert.equal(await page.getByRole('button', { name: /^Write/ }).count(), 0)
  await row(page).getByTestId('status').click()
  await page.getByTestId('facts').waitFor()
  assert.equal(await page.getByRole('button', { name: /^Write/ }).count(), 0, 'nor among the facts')
  const status = await page.evaluate(async (path) => {
    const body = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"value":7}' }
    return (await fetch(path, body)).status
  }, `/api/v1/values/${KEY}`)
  assert.equal(status, 403)
  // Somebody with another role: control, and nothing of vera's session is needed for it.
  await act('PATCH', 'users/vera', { roles: ['operator'] })
  await page.getByText('Your session has ended.').waitFor()
  await field(page, 'Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Close' }).last().click()
  await write.waitFor()
  assert.equal(gateway.child.exitCode, null)
})

test(
  'a session that an administrator ends: sign-in within seconds, in front of the page, which then goes on',
  { skip },
  async (t) => {
    const stage = await open(t)
    const { page, link } = stage
    await setUp(page, link)
    await look(page)
    const act = await admin(stage)
    await act('POST', 'users', { name: 'otto', password: PASSWORD, roles: ['operator'] })
    await stage.context.clearCookies()
    await page.goto(`${stage.gateway.url}/values?q=set-point&span=60`)
    await signIn(page, 'otto')
    await row(page)
      .getByRole('button', { name: /^Write to/ })
      .click()
    await page.getByLabel(/^New value/).fill('7')
    const { sessions } = (await (await act('GET', 'sessions?user=otto')).json()) as { sessions: { id: string }[] }
    assert.equal(sessions.length, 1)
    const begin = performance.now()
    await act('DELETE', `sessions/${sessions[0]!.id}?user=otto`)
    const dialog = page.getByRole('dialog', { name: 'Sign in' })
    await dialog.waitFor({ timeout: 5000 })
    assert.ok(performance.now() - begin < 5000)
    await assertAccessible(page, 'in front of the page')
    assert.equal(await dialog.locator('input:focus').getAttribute('name'), 'password')
    await page.keyboard.press('Escape')
    assert.ok(await dialog.isVisible(), 'it cannot be put away')
    assert.deepEqual(
      await page.evaluate('document.elementFromPoint(10, 10).className'),
      'gate',
      'nothing of the page is seen meanwhile',
    )
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.getByLabel(/^New value/).inputValue(), '7', 'what was typed is there')
    await page.getByRole('button', { name: `Write 7 to ${KEY}` }).click()
    await page.getByText(/^Written and read back/).waitFor()
    assert.match(page.url(), /\/values\?q=set-point&span=60$/)
    await eventually(
      'live again',
      async () => (await page.getByTestId('connection').getAttribute('data-state')) === 'open',
    )
  },
)

test('over TLS the cookie is Secure, by a name that no other can set, and no script sees it', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const { cert, key } = createCertificate(folder, 'gateway', createAuthority(folder, 'plant-ca'), '127.0.0.1')
  const { page, context, link, complaints, gateway } = await open(t, {
    folder,
    http: `, tls: { certFile: ${cert}, keyFile: ${key} }`,
  })
  assert.match(link, /^https:/)
  await setUp(page, link)
  await look(page)
  const cookies = (await context.cookies()).map(({ name, httpOnly, secure, sameSite, path }) => [
    name.replace(/\d+$/, 'PORT'),
    { httpOnly, secure, sameSite, path },
  ])
  assert.deepEqual(cookies, [['__Host-bifrost-PORT', { httpOnly: true, secure: true, sameSite: 'Strict', path: '/' }]])
  assert.equal(await page.evaluate('document.cookie'), '')
  assert.deepEqual(complaints, [], gateway.url)
})

test('one changes the own password, and every other session of it ends', { skip }, async (t) => {
  const stage = await open(t)
  const { page, link } = stage
  await setUp(page, link)
  await look(page)
  const cookies = (await stage.context.cookies()).map(({ name, httpOnly, secure, sameSite }) => [
    name.replace(/\d+$/, 'PORT'),
    { httpOnly, secure, sameSite },
  ])
  assert.deepEqual(cookies, [['bifrost-PORT', { httpOnly: true, secure: false, sameSite: 'Strict' }]], 'without TLS')
  const act = await admin(stage)
  const next = 'eight wet umbrellas'
  await page.getByTestId('account').click()
  await page.getByRole('button', { name: 'Change password' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change password' })
  const change = dialog.getByRole('button', { name: 'Change password' })
  await field(page, 'Present password').fill('not this one, no')
  await field(page, 'New password').fill(next)
  await field(page, 'New password again').fill(next)
  await change.click()
  await dialog.getByTestId('fault').getByText(/\S/).waitFor()
  await assertAccessible(page, 'new password', '.mantine-Modal-body')
  await field(page, 'Present password').fill(PASSWORD)
  await change.click()
  await dialog.getByText(/^Your password is changed/).waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await assert.rejects(act('GET', 'users'), /SIGN_IN_REQUIRED/)
  await page.reload()
  await row(page).waitFor()
})

test('where nobody is asked, the page says so, and nobody is signed in', { skip }, async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: YAML })
  const context = await browser.newContext()
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto(`${gateway.url}/setup#00000-00000-00000-00000`)
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ timeout: 10_000 })
  assert.match(
    await page.getByTestId('open-access').innerText(),
    /^Nobody is asked who they are \(http\.access: open\)/,
  )
  assert.equal(page.url(), `${gateway.url}/`)
  assert.equal(await page.getByTestId('account').count(), 0)
})

test('on a phone: set-up, menu and sign-in fit, in sizes for fingers', { skip }, async (t) => {
  const { page, link } = await open(t, { phone: true })
  await page.goto(link)
  const button = page.getByRole('button', { name: 'Make me the administrator' })
  await button.waitFor()
  const assertFits = async (where: string) =>
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, where)
  await assertFits('set-up')
  assert.ok((await button.boundingBox())!.height >= 44)
  await assertAccessible(page, 'set-up')
  await setUp(page, link, 'a-person-with-quite-a-long-name-indeed')
  await look(page)
  await assertFits('the page')
  await page.getByTestId('account').click()
  const box = (await page.getByTestId('account-menu').boundingBox())!
  assert.ok(box.x >= 0 && box.x + box.width <= 390)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await assertFits('sign-in')
})

test(
  'single sign-on: to the provider of the organisation, another site, and back to what was looked at',
  { skip },
  async (t) => {
    const port = await freePort()
    // By another name than the provider: the browser comes back from another site.
    const url = `http://localhost:${port}`
    const provider = await startIdentityProvider(t, undefined, `${url}/api/v1/session/oidc/callback`)
    provider.person = { sub: 'u-7', preferred_username: 'olga', groups: ['crew'] }
    const oidc = `{ issuer: '${provider.issuer}', clientId: bifrost, clientSecretFile: sso, roles: [{ claim: groups, value: crew, role: operator }] }`
    const stage = await open(t, {
      port,
      yaml: `${YAML}access: { oidc: ${oidc} }\n`,
      files: { sso: provider.clientSecret },
    })
    const { page, gateway } = stage
    const asked = await fetch(`${gateway.url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: LINK.exec(stage.link)![1], name: 'anna', password: PASSWORD }),
    })
    assert.equal(asked.status, 200)
    await page.goto(`${url}/values?q=set-point`)
    await page.getByRole('link', { name: `Sign in with ${new URL(provider.issuer).host}` }).click()
    await row(page).waitFor()
    assert.equal(page.url(), `${url}/values?q=set-point`)
    assert.equal(await page.getByTestId('account').innerText(), 'olga operator')
    await page.getByTestId('account').click()
    assert.equal(await page.getByRole('button', { name: 'Change password' }).count(), 0, 'the provider has it')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  },
)

test('who may not look at values is told so, and can leave', { skip }, async (t) => {
  const roles = '[{ name: clerk, grants: [{ permissions: [audit.read] }] }]'
  const stage = await open(t, { yaml: `${YAML}access: { roles: ${roles} }\n` })
  const { page, link, context } = stage
  await setUp(page, link)
  await look(page)
  await (
    await admin(stage)
  )('POST', 'users', { name: 'clara', password: PASSWORD, roles: ['clerk'] })
  await context.clearCookies()
  await page.reload()
  await signIn(page, 'clara')
  await page.getByText(/without the permission to see values/).waitFor()
  await assertAccessible(page, 'nothing to see')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})
