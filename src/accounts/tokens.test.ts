/** API tokens: what they look like, what they allow, and how they end. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Grant } from '../core/access.ts'
import { crc32c } from '../core/crc32c.ts'
import { codeOf, OFFICE, openRig, PASSWORD } from '../testing/accounts-rig.ts'

const DAY = 86_400_000
const VIEW: readonly Grant[] = [{ permissions: ['view'] }]

test('a token is shown once, kept as a hash, and checks itself', async (t) => {
  const { accounts, host, data, events } = await openRig(t)
  const { token, info } = await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)
  assert.match(token, /^bfr_[0-9A-Za-z]{49}$/)
  assert.deepEqual([info.name, info.owner, info.state], ['ci', 'host', 'valid'])
  // The last six letters are the CRC-32C of the secret, base 62: reckoned here by another road.
  const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const check = Array.from(token.slice(-6)).reduce((sum, letter) => sum * 62 + letters.indexOf(letter), 0)
  assert.equal(check, crc32c(Buffer.from(token.slice(4, 47))))

  const principal = (await accounts.bearerOf(token, OFFICE))!
  assert.deepEqual([principal.kind, principal.name], ['token', 'token ci'])
  assert.deepEqual(
    [principal.may('view'), principal.isWhole('view'), principal.may('export'), principal.may('accounts.manage')],
    [true, true, false, false],
  )
  assert.equal(JSON.stringify([accounts.tokens.list(), events]).includes(token.slice(4, 47)), false)
  await accounts.close()
  assert.equal(readFileSync(join(data, 'accounts.db')).includes(token.slice(4, 47)), false)
})

test('what is no token gives nothing, and is counted', async (t) => {
  const { accounts, host } = await openRig(t)
  const { token } = await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)
  const swapped = `${token.slice(0, 10)}${token[10] === 'a' ? 'b' : 'a'}${token.slice(11)}`
  const wrong = [
    '',
    'bfr_',
    swapped,
    token.slice(0, -1),
    `${token} `,
    token.toLowerCase(),
    'x'.repeat(1e6),
    'a.b.c',
    "' OR 1=1 --",
  ]
  for (const each of wrong) assert.equal(await accounts.bearerOf(each, OFFICE), undefined, each.slice(0, 60))
  assert.equal(accounts.counters.bearersRefused, wrong.length)
})

test('a token never has more than who makes it: refused at once, and whatever its owner loses it loses', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['operator'] }, host)
  const { session } = await accounts.signIn({ name: 'ben', password: PASSWORD, from: OFFICE })
  const ben = { by: session.principal, from: OFFICE }
  const make = (name: string, grants: readonly Grant[]) =>
    accounts.tokens.create({ name, grants, expiresAt: null }, ben)
  assert.equal(await codeOf(() => make('a', [{ permissions: ['config.write'] }])), 'FORBIDDEN')
  assert.equal(
    await codeOf(() => make('b', [{ permissions: ['view'] }, { permissions: ['accounts.manage'] }])),
    'FORBIDDEN',
  )
  const { token } = await make('c', [{ permissions: ['view', 'write'] }])
  const can = async () => (await accounts.bearerOf(token, OFFICE))?.may('write')
  assert.equal(await can(), true)
  await accounts.users.setRoles('ben', ['viewer'], host)
  assert.equal(await can(), false)
  await accounts.users.setRoles('ben', ['operator'], host)
  assert.equal(await can(), true)
  await accounts.users.setEnabled('ben', false, host)
  assert.equal(await can(), undefined)
  await accounts.users.setEnabled('ben', true, host)
  assert.equal(await can(), true)
  await accounts.users.remove('ben', host)
  assert.equal(await can(), undefined)
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['admin'] }, host)
  assert.equal(await can(), undefined, 'another ben does not bring it back')
})

test('limits of devices and areas hold, within those of the owner', async (t) => {
  const areas: Record<string, string> = { 'press-1': 'hall-1', 'press-2': 'hall-2', 'oven-1': 'hall-1' }
  const { accounts, host } = await openRig(t, {
    config: { roles: [{ name: 'hall', grants: [{ permissions: ['view'], areas: ['hall-1'] }] }] },
    areaOf: (device) => areas[device],
  })
  await accounts.users.add({ name: 'cleo', password: PASSWORD, roles: ['hall'] }, host)
  const { session } = await accounts.signIn({ name: 'cleo', password: PASSWORD, from: OFFICE })
  const cleo = { by: session.principal, from: OFFICE }
  assert.equal(
    await codeOf(() => accounts.tokens.create({ name: 'all', grants: VIEW, expiresAt: null }, cleo)),
    'FORBIDDEN',
  )
  const grants: Grant[] = [{ permissions: ['view'], devices: ['press-*'] }]
  const { token } = await accounts.tokens.create({ name: 'presses', grants, expiresAt: null }, cleo)
  const principal = (await accounts.bearerOf(token, OFFICE))!
  assert.deepEqual(
    ['press-1', 'press-2', 'oven-1'].map((device) => principal.mayFor('view', device)),
    [true, false, false],
  )
  assert.equal(principal.isWhole('view'), false)
})

test('a token makes no tokens', async (t) => {
  const { accounts, host } = await openRig(t)
  const { token } = await accounts.tokens.create(
    { name: 'ci', grants: [{ permissions: ['view', 'accounts.manage'] }], expiresAt: null },
    host,
  )
  const by = (await accounts.bearerOf(token, OFFICE))!
  assert.equal(
    await codeOf(() => accounts.tokens.create({ name: 'x', grants: VIEW, expiresAt: null }, { by, from: OFFICE })),
    'FORBIDDEN',
  )
})

test('an expired token stays so when the clock is set back', async (t) => {
  const { accounts, host, clock, open } = await openRig(t)
  const { token } = await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: clock.now() + DAY }, host)
  assert.ok(await accounts.bearerOf(token, OFFICE))
  await clock.advance(DAY)
  assert.equal(await accounts.bearerOf(token, OFFICE), undefined)
  const { VirtualClock } = await import('../testing/virtual-clock.ts')
  const back = await open({ clock: new VirtualClock() })
  assert.equal(await back.bearerOf(token, OFFICE), undefined)
  assert.deepEqual(
    back.tokens.list().map(({ state }) => state),
    ['expired'],
  )
})

test('revoked is at once and for good, in another process too; the name is free again', async (t) => {
  const { accounts, host, open } = await openRig(t)
  const { token, info } = await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)
  assert.ok(await accounts.bearerOf(token, OFFICE))
  assert.equal(
    await codeOf(() => accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)),
    'CONFLICT',
  )
  const commandLine = await open()
  await commandLine.tokens.revoke(info.id, host)
  assert.equal(await accounts.bearerOf(token, OFFICE), undefined)
  await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)
  assert.deepEqual(
    accounts.tokens
      .list()
      .map(({ state }) => state)
      .sort(),
    ['revoked', 'valid'],
  )
})

test('revoking: the own ones, and those of others with the permission', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  const { info } = await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['viewer'] }, host)
  const { session } = await accounts.signIn({ name: 'ben', password: PASSWORD, from: OFFICE })
  const ben = { by: session.principal, from: OFFICE }
  assert.equal(await codeOf(() => accounts.tokens.revoke(info.id, ben)), 'FORBIDDEN')
  const own = await accounts.tokens.create({ name: 'mine', grants: VIEW, expiresAt: null }, ben)
  assert.equal(await codeOf(() => accounts.tokens.revoke(own.info.id, ben)), 'none')
  assert.deepEqual(
    accounts.tokens.list('ben').map(({ name }) => name),
    ['mine'],
  )
})

test('the last use is seen at once, and written within a minute', async (t) => {
  const { accounts, host, clock, open } = await openRig(t)
  const { token } = await accounts.tokens.create({ name: 'ci', grants: VIEW, expiresAt: null }, host)
  const other = await open()
  await clock.advance(5000)
  const at = clock.now()
  await accounts.bearerOf(token, OFFICE)
  assert.deepEqual(
    accounts.tokens.list().map(({ lastUsedAt, lastUsedFrom }) => [lastUsedAt, lastUsedFrom]),
    [[at, '10.0.0.7']],
  )
  assert.deepEqual(
    other.tokens.list().map(({ lastUsedAt }) => lastUsedAt),
    [null],
  )
  await clock.advance(60_000)
  assert.deepEqual(
    other.tokens.list().map(({ lastUsedAt }) => lastUsedAt),
    [at],
  )
})

test('tokens that make no sense are refused', async (t) => {
  const { accounts, host, clock } = await openRig(t)
  const cases: [string, readonly Grant[], number | null][] = [
    ['', VIEW, null],
    ['x'.repeat(65), VIEW, null],
    ['a\nb', VIEW, null],
    ['none', [], null],
    ['empty', [{ permissions: [] }], null],
    ['past', VIEW, clock.now()],
    ['nan', VIEW, Number.NaN],
    ['foreign', [{ permissions: ['fly' as never] }], null],
    ['limited', [{ permissions: ['lock'], devices: ['press-1'] }], null],
  ]
  for (const [name, grants, expiresAt] of cases)
    assert.equal(await codeOf(() => accounts.tokens.create({ name, grants, expiresAt }, host)), 'INVALID_REQUEST', name)
})
