/** Pauses after failures: they grow, they end, and a stranger's keep nobody out who has been here before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError } from '../core/errors.ts'
import { codeOf, OFFICE, openRig, PASSWORD, STRANGER } from '../testing/accounts-rig.ts'
import { networkOf } from './lockout.ts'

test('five failures are free, then each costs a pause twice as long, up to the longest', async (t) => {
  const { accounts, clock } = await openRig(t, {
    withAnna: true,
    config: { lockout: { attempts: 5, pauseMs: 1000, longestPauseMs: 8000 } },
  })
  const fail = () => codeOf(() => accounts.signIn({ name: 'anna', password: 'wrong password', from: STRANGER }))
  for (let attempt = 0; attempt < 5; attempt++) assert.equal(await fail(), 'SIGN_IN_FAILED')
  for (const pause of [1000, 2000, 4000, 8000, 8000]) {
    await assert.rejects(accounts.signIn({ name: 'anna', password: PASSWORD, from: STRANGER }), (error) => {
      assert.ok(error instanceof BusyError)
      assert.equal(error.retryAfterMs, pause)
      return true
    })
    await clock.advance(pause)
    assert.equal(await fail(), 'SIGN_IN_FAILED', 'the pause ended; what was refused in it did not count')
  }
  assert.equal(accounts.counters.signInsPaused, 5)
  assert.ok(accounts.users.get('anna')!.pausedUntil! > clock.now())
  await clock.advance(8000)
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: STRANGER })
  assert.equal(accounts.users.get('anna')!.pausedUntil, null)
})

test('a stranger cannot keep the only administrator out: neither where she signed in before, nor on the host', async (t) => {
  const { accounts } = await openRig(t, { withAnna: true })
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  for (let attempt = 0; attempt < 200; attempt++)
    await codeOf(() =>
      accounts.signIn({ name: 'anna', password: 'wrong password', from: { address: `198.51.100.${attempt}` } }),
    )
  const elsewhere = { address: '192.0.2.1' }
  assert.equal(await codeOf(() => accounts.signIn({ name: 'anna', password: PASSWORD, from: elsewhere })), 'BUSY')
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: { address: 'host' } })
  // The known address has a count of its own: it is no way to guess without end.
  const codes: string[] = []
  for (let attempt = 0; attempt < 7; attempt++)
    codes.push(await codeOf(() => accounts.signIn({ name: 'anna', password: 'wrong password', from: OFFICE })))
  assert.deepEqual(codes.slice(-2), ['BUSY', 'BUSY'])
})

test('many guesses at once are no way around', async (t) => {
  const { accounts } = await openRig(t, { withAnna: true })
  const codes = await Promise.all(
    Array.from({ length: 50 }, () =>
      codeOf(() => accounts.signIn({ name: 'anna', password: 'wrong password', from: STRANGER })),
    ),
  )
  assert.equal(codes.filter((code) => code === 'SIGN_IN_FAILED').length, 5)
  assert.equal(codes.filter((code) => code === 'BUSY').length, 45)
})

test('one address that tries many names is paused too; a good account does not wash it clean', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  await accounts.users.add({ name: 'eve', password: PASSWORD, roles: ['viewer'] }, host)
  const codes: string[] = []
  for (let attempt = 0; attempt < 25; attempt++) {
    codes.push(await codeOf(() => accounts.signIn({ name: `user-${attempt}`, password: PASSWORD, from: STRANGER })))
    if (attempt % 5 === 0) await codeOf(() => accounts.signIn({ name: 'eve', password: PASSWORD, from: STRANGER }))
  }
  assert.equal(codes.filter((code) => code === 'SIGN_IN_FAILED').length, 20)
  assert.equal(codes.at(-1), 'BUSY')
})

test('an administrator ends a pause; a reset does', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  const pause = async () => {
    for (let attempt = 0; attempt < 6; attempt++)
      await codeOf(() =>
        accounts.signIn({ name: 'anna', password: 'wrong password', from: { address: `192.0.2.${attempt}` } }),
      )
    assert.notEqual(accounts.users.get('anna')!.pausedUntil, null)
  }
  await pause()
  await accounts.users.unlock('anna', host)
  assert.equal(accounts.users.get('anna')!.pausedUntil, null)
  await pause()
  await accounts.users.resetPassword('anna', 'another long phrase', host)
  assert.equal(accounts.users.get('anna')!.pausedUntil, null)
})

test('failures on record: sixty lines a minute, then one with the number of the rest', async (t) => {
  const { accounts, clock, events } = await openRig(t, { withAnna: true })
  for (let attempt = 0; attempt < 100; attempt++)
    await codeOf(() =>
      accounts.signIn({ name: 'anna', password: 'wrong password', from: { address: `192.0.2.${attempt}` } }),
    )
  await clock.advance(60_000)
  const failed = events.filter(({ action }) => action === 'sign-in')
  assert.equal(failed.length, 61)
  assert.deepEqual(failed.at(-1)!.details, { more: 40 })
})

test('whoever has one IPv6 address has its whole network', () => {
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(networkOf('2001:db8:1:2::9'), '2001:db8:1:2::/64')
  assert.equal(networkOf('2001:db8::9'), '2001:db8:0:0::/64')
  assert.equal(networkOf('::1'), '0:0:0:0::/64')
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(networkOf('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(networkOf('10.0.0.7'), '10.0.0.7')
})
