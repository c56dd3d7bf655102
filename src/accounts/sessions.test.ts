/** Sessions: limits, clocks, restarts, and another process on the same file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, OFFICE, openRig, PASSWORD } from '../testing/accounts-rig.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Its wall time can be set without time passing. */
class SettableClock extends VirtualClock {
  offset = 0
  override now(): number {
    return super.now() + this.offset
  }
}

test('a session ends when it is idle, and after its absolute limit however busy', async (t) => {
  const { accounts, clock } = await openRig(t, { withAnna: true })
  const idle = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  const busy = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  await clock.advance(29 * MINUTE)
  assert.ok(accounts.sessionOf(busy.cookie))
  await clock.advance(2 * MINUTE)
  assert.equal(accounts.sessionOf(idle.cookie), undefined, 'idle for 31 minutes')
  for (let at = 31; at < 12 * 60; at += 20) {
    assert.ok(accounts.sessionOf(busy.cookie), `after ${at} minutes`)
    await clock.advance(20 * MINUTE)
  }
  assert.equal(accounts.sessionOf(busy.cookie), undefined, 'after 12 hours')
  assert.equal(accounts.sessions.list().length, 0)
})

test('sessions survive a restart, with their age and last use', async (t) => {
  const { accounts, clock, open } = await openRig(t, { withAnna: true })
  const { cookie } = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  await clock.advance(20 * MINUTE)
  assert.ok(accounts.sessionOf(cookie))
  await accounts.close()
  const again = await open()
  await clock.advance(20 * MINUTE)
  assert.ok(again.sessionOf(cookie), '40 minutes after the sign-in, 20 after the last use')
  await clock.advance(31 * MINUTE)
  assert.equal(again.sessionOf(cookie), undefined)
})

test('clock wrong: set back it prolongs nothing, set forward it ends sessions, and a session from the future has ended', async (t) => {
  const clock = new SettableClock()
  const { accounts, open } = await openRig(t, { withAnna: true, clock })
  const { cookie } = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  clock.offset = -4 * MINUTE
  assert.ok(accounts.sessionOf(cookie), 'a little is borne')
  await clock.advance(31 * MINUTE)
  assert.equal(accounts.sessionOf(cookie), undefined, 'idle by the clock that never goes back')

  clock.offset = 0
  const second = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  clock.offset = -24 * HOUR
  assert.equal(accounts.sessionOf(second.cookie), undefined)
  assert.equal((await open()).sessionOf(second.cookie), undefined, 'after a restart too')

  clock.offset = 0
  const third = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  clock.offset = 13 * HOUR
  assert.equal(accounts.sessionOf(third.cookie), undefined)
})

test('what another process changes counts at once, and observers hear of it within a second', async (t) => {
  const { accounts, clock, open, host } = await openRig(t, { withAnna: true })
  const { cookie } = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  assert.ok(accounts.sessionOf(cookie))
  let heard = 0
  accounts.onChange(() => heard++)
  const commandLine = await open()
  await commandLine.users.resetPassword('anna', 'another long phrase', host)
  assert.equal(heard, 0)
  await clock.advance(1000)
  assert.equal(heard, 1)
  assert.equal(accounts.sessionOf(cookie), undefined)
  await accounts.signIn({ name: 'anna', password: 'another long phrase', from: OFFICE })
})

test('last uses of another process are kept when this one looks again', async (t) => {
  const { accounts, clock, open, host } = await openRig(t, { withAnna: true })
  const { cookie } = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  await clock.advance(25 * MINUTE)
  assert.ok(accounts.sessionOf(cookie))
  await (await open()).users.add({ name: 'ben', password: PASSWORD, roles: ['viewer'] }, host)
  await clock.advance(25 * MINUTE)
  assert.ok(accounts.sessionOf(cookie), '50 minutes after the sign-in, 25 after the last use')
})

test('listing and revoking: the own ones, and those of others with the permission', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['operator'] }, host)
  const ben = await accounts.signIn({ name: 'ben', password: PASSWORD, from: OFFICE })
  const benElsewhere = await accounts.signIn({ name: 'ben', password: PASSWORD, from: { address: '10.0.0.8' } })
  const anna = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  assert.equal(accounts.sessions.list('ben').length, 2)
  assert.equal(JSON.stringify(accounts.sessions.list()).includes(ben.cookie), false)

  const actor = { by: ben.session.principal, from: OFFICE }
  assert.equal(await codeOf(() => accounts.sessions.revoke(anna.session.id, actor)), 'FORBIDDEN')
  assert.equal(await codeOf(() => accounts.sessions.revoke('nothing', actor)), 'FORBIDDEN', 'it says nothing of others')
  await accounts.sessions.revoke(benElsewhere.session.id, actor)
  assert.equal(accounts.sessionOf(benElsewhere.cookie), undefined)
  assert.ok(accounts.sessionOf(ben.cookie))

  const admin = { by: anna.session.principal, from: OFFICE }
  assert.equal(await codeOf(() => accounts.sessions.revoke('nothing', admin)), 'NOT_FOUND')
  assert.equal(await accounts.sessions.revokeAll('ben', admin), 1)
  assert.equal(accounts.sessionOf(ben.cookie), undefined)
  await accounts.signOut(anna.cookie, OFFICE)
  assert.equal(accounts.sessionOf(anna.cookie), undefined)
})

test('a user has fifty sessions at most; the oldest goes', async (t) => {
  const { accounts, clock } = await openRig(t, { withAnna: true })
  const first = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  for (let more = 0; more < 50; more++) {
    await clock.advance(1)
    await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  }
  assert.equal(accounts.sessions.list('anna').length, 50)
  assert.equal(accounts.sessionOf(first.cookie), undefined)
})

test('cookies that are none cost nothing and give nothing', async (t) => {
  const { accounts } = await openRig(t, { withAnna: true })
  for (const cookie of ['', 'x', 'x'.repeat(43), '\0'.repeat(43), 'ä'.repeat(43), 'x'.repeat(1e6)])
    assert.equal(accounts.sessionOf(cookie), undefined)
})
