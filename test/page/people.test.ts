/** People, roles, tokens and sessions: what an administrator does with them, and what everybody else sees of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { PERMISSIONS, type Permission } from '../../src/core/permissions.ts'
import { PASSWORD } from '../../src/testing/accounts-rig.ts'
import { eventually } from '../../src/testing/peers.ts'
import { grantsOf, WHOLE } from '../../ui/src/screens/people/grants.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const YAML = `access:
  roles:
    - name: press-operator
      grants:
        - { permissions: [view, export] }
        - { permissions: [write, acknowledge], areas: [hall-1] }
devices:
  - { name: press-1, driver: simulated, area: hall-1, tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }] }
`
const row = (page: Page, key: string) => page.locator(`[data-row="${key}"]`)
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

test(
  'an administrator adds somebody, changes roles, lets them out, resets the password, deletes them',
  { skip },
  async (t) => {
    const { page, gateway, context, complaints } = await openStage(t, { yaml: YAML, role: 'admin', path: '/people' })
    await row(page, 'admin').getByText('(you)').waitFor()
    assert.equal(
      await row(page, 'admin')
        .getByRole('button', { name: /Delete/ })
        .count(),
      0,
      'nobody deletes themselves',
    )
    await assertAccessible(page, 'people')

    await button(page, 'Add a person …').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('ben')
    await dialog.getByLabel('New password', { exact: true }).fill('short')
    await dialog.getByLabel('New password again').fill('short')
    await dialog.getByLabel(/press-operator/).check()
    await dialog.getByText('of the configuration, limited to areas hall-1').waitFor()
    await assertAccessible(page, 'add a person')
    await button(page, 'Add ben').click()
    await dialog
      .getByRole('alert')
      .getByText(/12 characters/)
      .waitFor()
    await dialog.getByLabel('New password', { exact: true }).fill(PASSWORD)
    await dialog.getByLabel('New password again').fill(PASSWORD)
    await button(page, 'Add ben').click()
    await dialog.waitFor({ state: 'detached' })
    await row(page, 'ben').getByText('press-operator').waitFor()

    // Ben is here now, on a machine of his own; other roles end that.
    const signIn = (password: string) =>
      fetch(`${gateway.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'ben', password }),
      })
    assert.equal((await signIn(PASSWORD)).status, 200)
    await button(page, 'Edit ben').click()
    await dialog.getByLabel(/^operator/).check()
    await dialog.getByLabel('Reason (kept in the audit log)').fill('night shift')
    await button(page, 'Change ben').click()
    await row(page, 'ben').getByText('press-operator, operator').waitFor()

    await button(page, 'Edit ben').click()
    await dialog.getByLabel('May sign in').uncheck({ force: true })
    await button(page, 'Change ben').click()
    await row(page, 'ben').getByText('disabled').waitFor()
    await button(page, 'Edit ben').click()
    await dialog.getByLabel('May sign in').check({ force: true })
    await button(page, 'Change ben').click()
    await row(page, 'ben').getByText('enabled').waitFor()

    await button(page, 'New password for ben').click()
    await dialog.getByLabel('New password', { exact: true }).fill(`${PASSWORD} more`)
    await dialog.getByLabel('New password again').fill(`${PASSWORD} more`)
    await button(page, 'Set the new password of ben').click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal((await signIn(PASSWORD)).status, 401)
    assert.equal((await signIn(`${PASSWORD} more`)).status, 200)

    await button(page, 'Delete ben').click()
    const remove = button(page, 'Delete ben with sessions and tokens')
    assert.equal(await remove.isEnabled(), false)
    await dialog.getByLabel('Type ben to confirm').fill('ben')
    await assertAccessible(page, 'delete')
    await remove.click()
    await row(page, 'ben').waitFor({ state: 'detached' })
    assert.ok((await (await context.request.get(`${gateway.url}/api/v1/audit?user=admin&action=user.*`)).text()).includes('night shift')) // prettier-ignore

    await page.getByRole('link', { name: 'Roles', exact: true }).click()
    await row(page, 'write').getByText('only areas hall-1').waitFor()
    await page.getByRole('columnheader', { name: 'press-operator (own)' }).waitFor()
    await assertAccessible(page, 'roles')
    // The browser reports what was refused above: the password that was too short.
    assert.deepEqual(
      complaints.filter((text) => !/400/.test(text)),
      [],
    )
  },
)

test('a token is shown once, works within its limits, and is revoked', { skip }, async (t) => {
  const { page, gateway } = await openStage(t, { yaml: YAML, role: 'admin', path: '/people?tab=tokens' })
  await page.getByText('There is no token yet').waitFor()
  await button(page, 'Make a token …').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('hmi-3')
  await dialog.getByLabel('audit.read').check()
  await dialog.getByLabel('Only with these devices').fill('press-*')
  await dialog.getByLabel('It expires').selectOption('never')
  await dialog.getByText('A token that never expires').waitFor()
  await assertAccessible(page, 'make a token')
  await button(page, 'Make the token hmi-3').click()
  const token = await page.getByTestId('token').innerText()
  assert.match(token, /^bfr_/)
  await page.keyboard.press('Escape')
  await page.getByTestId('token').waitFor()
  await assertAccessible(page, 'a token')
  await button(page, 'I have copied it').click()
  assert.equal((await page.content()).includes(token), false, 'it is gone')
  await page.getByText('view (devices press-*); audit.read').waitFor()
  const ask = async (path: string) =>
    (await fetch(`${gateway.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })).status
  assert.deepEqual([await ask('devices'), await ask('audit'), await ask('users')], [200, 200, 403])
  await button(page, 'Revoke the token hmi-3').click()
  await button(page, 'Revoke hmi-3').click()
  await page.getByText('revoked', { exact: true }).waitFor()
  assert.equal(await ask('devices'), 401)
})

test(
  'who may only look has an account, tokens and sessions of their own, and nothing of others',
  { skip },
  async (t) => {
    const { page, gateway, context } = await openStage(t, { yaml: YAML, role: 'viewer', path: '/people' })
    const tabs = page.getByRole('navigation', { name: 'People and tokens' })
    await tabs.waitFor()
    assert.deepEqual(await tabs.getByRole('link').allInnerTexts(), ['Your account', 'Tokens', 'Sessions'])
    await page.getByText('for everything').first().waitFor()
    await button(page, 'Change my password …').click()
    await page.getByRole('dialog', { name: 'Change password' }).waitFor()
    await page.keyboard.press('Escape')
    await tabs.getByRole('link', { name: 'Tokens' }).click()
    await button(page, 'Make a token …').click()
    const dialog = page.getByRole('dialog')
    assert.deepEqual(await dialog.locator('fieldset code').allInnerTexts(), ['view', 'export'])
    await page.keyboard.press('Escape')
    // A second browser of the same person: seen here, and ended.
    const other = await context.browser()!.newContext()
    t.after(() => other.close())
    const data = { name: 'viewer-1', password: PASSWORD }
    await other.request.post(`${gateway.url}/api/v1/session`, { data, headers: { origin: gateway.url } })
    await tabs.getByRole('link', { name: 'Sessions' }).click()
    await page.getByText('(this one)').waitFor()
    await button(page, 'End all my other sessions').click()
    await assertAccessible(page, 'sessions')
    await page.getByRole('dialog').getByRole('button', { name: 'End all my other sessions' }).click()
    await page.getByText('1 session has ended.').waitFor()
    const who = await other.request.get(`${gateway.url}/api/v1/session`)
    assert.equal(((await who.json()) as { user: unknown }).user, null)
    // What is not theirs is not there by its address either.
    await page.goto(`${gateway.url}/people?tab=people`)
    await page.getByRole('heading', { name: 'Who you are' }).waitFor()
    await page.goto(`${gateway.url}/audit`)
    await page.getByText('You need the permission audit.read').waitFor()
  },
)

test('an administrator ends the session of somebody else; a phone shows cards', { skip }, async (t) => {
  const { page, gateway, context } = await openStage(t, { role: 'admin', phone: true, path: '/people?tab=sessions' })
  const headers = { origin: gateway.url }
  await context.request.post(`${gateway.url}/api/v1/users`, { data: { name: 'eve', password: PASSWORD, roles: ['viewer'] }, headers }) // prettier-ignore
  const other = await context.browser()!.newContext()
  t.after(() => other.close())
  await other.request.post(`${gateway.url}/api/v1/session`, { data: { name: 'eve', password: PASSWORD }, headers })
  await page.reload()
  await button(page, /End the session of eve/).tap()
  await eventually('the session has ended', async () => {
    const who = await other.request.get(`${gateway.url}/api/v1/session`)
    return ((await who.json()) as { user: unknown }).user === null
  })
  await button(page, /End the session of eve/).waitFor({ state: 'detached' })
  await assertFits(page, 'sessions')
  await page.goto(`${gateway.url}/people`)
  await row(page, 'eve').waitFor()
  await assertFits(page, 'people')
  await assertAccessible(page, 'people on a phone')
})

test('without accounts the screen says how to have them', { skip }, async (t) => {
  const { page, complaints } = await openStage(t, { path: '/people' })
  await page.getByText('it then prints a one-time link').waitFor()
  assert.deepEqual(complaints, [])
})

test('the page knows which permissions cannot be limited', () => {
  const whole = Object.keys(PERMISSIONS).filter((name) => !PERMISSIONS[name as Permission].scoped)
  assert.deepEqual([...WHOLE].sort(), whole.sort())
  assert.deepEqual(grantsOf(['view', 'lock'], ' press-*, ', ''), [
    { permissions: ['view'], devices: ['press-*'] },
    { permissions: ['lock'] },
  ])
  assert.deepEqual(grantsOf(['view', 'lock'], '', ' '), [{ permissions: ['view', 'lock'] }])
})
