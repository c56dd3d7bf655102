/** Set-up, signing in, and what administrators do to users. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codeOf, OFFICE, openRig, PASSWORD, STRANGER } from '../testing/accounts-rig.ts'

test('set-up: the one-time token makes the first administrator, once', async (t) => {
  const { accounts, events } = await openRig(t)
  assert.equal(accounts.needsSetup, true)
  const token = accounts.setupToken!
  assert.match(token, /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}$/)

  const asked = { name: 'anna', password: PASSWORD, from: OFFICE }
  assert.equal(await codeOf(() => accounts.setUp({ ...asked, token: 'YYYYY-YYYYY-YYYYY-YYYYY' })), 'SIGN_IN_FAILED')
  assert.equal(await codeOf(() => accounts.setUp({ ...asked, token: '' })), 'SIGN_IN_FAILED')
  assert.equal(await codeOf(() => accounts.setUp({ ...asked, token, password: 'short' })), 'INVALID_REQUEST')

  const { session } = await accounts.setUp({ ...asked, token: token.toLowerCase().replaceAll('-', ' ') })
  assert.deepEqual(session.principal.roles, ['admin'])
  assert.equal(accounts.needsSetup, false)
  assert.equal(accounts.setupToken, undefined)
  assert.equal(await codeOf(() => accounts.setUp({ ...asked, token, name: 'eve' })), 'CONFLICT', 'replayed')
  assert.deepEqual(
    accounts.users.list().map(({ name }) => name),
    ['anna'],
  )
  assert.equal(JSON.stringify(events).includes(token), false)
  assert.deepEqual(
    events.filter(({ action }) => action === 'set-up').map(({ outcome }) => outcome),
    ['SIGN_IN_FAILED', 'SIGN_IN_FAILED', 'requested', 'done', 'CONFLICT'],
  )
})

test('set-up: two at the same moment with the right token make one administrator', async (t) => {
  const { accounts } = await openRig(t)
  const token = accounts.setupToken!
  const results = await Promise.allSettled(
    ['anna', 'eve'].map((name) => accounts.setUp({ token, name, password: PASSWORD, from: OFFICE })),
  )
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(accounts.users.list().length, 1)
})

test('set-up: the token dies with an administrator whom the command line made', async (t) => {
  const { accounts, open, host } = await openRig(t)
  const token = accounts.setupToken!
  const commandLine = await open()
  await commandLine.users.add({ name: 'anna', password: PASSWORD, roles: ['admin'] }, host)
  assert.equal(accounts.needsSetup, false)
  assert.equal(
    await codeOf(() => accounts.setUp({ token, name: 'eve', password: PASSWORD, from: STRANGER })),
    'CONFLICT',
  )
})

test('set-up without people: the environment names the administrator; a weak password makes none', async (t) => {
  const weak = await openRig(t, { initialAdmin: { name: 'admin', password: 'adminadminadmin' } })
  assert.equal(weak.accounts.needsSetup, true)
  const { accounts, open } = await openRig(t, { initialAdmin: { name: 'admin', password: PASSWORD } })
  assert.equal(accounts.needsSetup, false)
  await accounts.signIn({ name: 'admin', password: PASSWORD, from: OFFICE })
  const again = await open({ initialAdmin: { name: 'other', password: PASSWORD } })
  assert.equal(again.users.list().length, 1, 'an administrator is there: nothing is made')
})

test('a password is kept as argon2id with the parameters of OWASP, and nowhere in the clear', async (t) => {
  const { accounts, data, events } = await openRig(t, { withAnna: true })
  const { cookie } = await accounts.signIn({ name: 'Anna', password: PASSWORD, from: OFFICE })
  await accounts.close()
  const bytes = readFileSync(join(data, 'accounts.db')).toString('latin1')
  assert.match(bytes, /\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}/)
  for (const secret of [PASSWORD, cookie]) {
    assert.equal(bytes.includes(secret), false)
    assert.equal(JSON.stringify(events).includes(secret), false)
  }
})

test('signing in: the same answer, after the same work, for a wrong password and for an unknown user', async (t) => {
  const { accounts, events } = await openRig(t, { withAnna: true })
  const attempts = [
    { name: 'anna', password: 'not the password' },
    { name: 'nobody', password: PASSWORD },
    { name: 'anna', password: 'x'.repeat(10_000) },
    { name: `anna\0`, password: PASSWORD },
    { name: 'a'.repeat(100_000), password: PASSWORD },
  ]
  const messages = new Set<string>()
  for (const attempt of attempts) {
    const from = { address: `192.0.2.${attempts.indexOf(attempt)}` }
    await assert.rejects(accounts.signIn({ ...attempt, from }), (error: Error) => {
      messages.add(error.message)
      return true
    })
  }
  assert.equal(messages.size, 1)
  const failed = events.filter(({ action, outcome }) => action === 'sign-in' && outcome === 'SIGN_IN_FAILED')
  assert.deepEqual(
    failed.map(({ user }) => user),
    ['anna', 'unknown', 'anna', 'unknown', 'unknown'],
    'a name that nobody has is not kept: it may be a password',
  )
})

test('signing in takes as long for an unknown user as for a known one', async (t) => {
  const lockout = { attempts: 1000, pauseMs: 1000, longestPauseMs: 1000 }
  const { accounts } = await openRig(t, { withAnna: true, config: { lockout } })
  // Medians: a look-up that skips the hash takes a hundredth of the time.
  const timeOf = async (name: string): Promise<number> => {
    const times: number[] = []
    for (let run = 0; run < 9; run++) {
      const start = performance.now()
      const wrong = { name, password: 'not the password', from: STRANGER }
      assert.equal(await codeOf(() => accounts.signIn(wrong)), 'SIGN_IN_FAILED')
      times.push(performance.now() - start)
    }
    return times.sort((one, other) => one - other)[4]!
  }
  const [known, unknown] = [await timeOf('anna'), await timeOf('nobody at all')]
  assert.ok(unknown > known / 3 && unknown < known * 3, `${unknown} and ${known} ms`)
})

test('a hash with other parameters is renewed when its user signs in', async (t) => {
  const { accounts, data, open } = await openRig(t, { withAnna: true })
  const { DatabaseSync } = await import('node:sqlite')
  const { argon2Sync } = await import('node:crypto')
  const nonce = Buffer.alloc(16, 7)
  const key = argon2Sync('argon2id', {
    message: PASSWORD,
    nonce,
    memory: 1024,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  })
  const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  const db = new DatabaseSync(join(data, 'accounts.db'))
  db.prepare('UPDATE users SET password = ?').run(
    `$argon2id$v=19$m=1024,t=1,p=1$${bare(nonce)}$${bare(Buffer.from(key))}`,
  )
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  const { password } = db.prepare('SELECT password FROM users').get() as { password: string }
  db.close()
  assert.match(password, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  await (await open()).signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
})

/** 105 characters. */
const SENTENCE =
  'a sentence that somebody likes to type, longer than sixty-four characters, with commas and blanks in it..'

test('passwords: long enough, not among those that are tried first, not the name of the user', async (t) => {
  const { accounts } = await openRig(t)
  const bad = [
    'elevenchars',
    'x'.repeat(129),
    'password1234',
    'PassWord 1234',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    '123456789012',
    'qwertyuiopasdf',
    'annaliese123',
    '12annaliese34',
    'tab\tin the middle',
  ]
  for (const password of bad) assert.ok(accounts.passwordFault(password, 'annaliese'), password)
  for (const password of [
    PASSWORD,
    'ünïcödé wörter',
    'x9$kw2!pqm7z',
    '🐝🐝🐝🐝 are 12 bees',
    `${'ab1 '.repeat(8)}end`,
    SENTENCE,
  ])
    assert.equal(accounts.passwordFault(password, 'anna'), undefined, password)
})

test('the same password from another keyboard is the same password', async (t) => {
  const { accounts, host } = await openRig(t)
  await accounts.users.add({ name: 'jörg', password: 'Ångström und Ampère', roles: ['admin'] }, host)
  await accounts.signIn({ name: 'jo\u0308rg', password: 'Ångström und Ampère'.normalize('NFD'), from: OFFICE })
})

test('sessions end with the password, the role and the user', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['operator'] }, host)
  let password = PASSWORD
  const signIn = async () => (await accounts.signIn({ name: 'ben', password, from: OFFICE })).cookie

  const ends: Record<string, () => Promise<unknown>> = {
    role: () => accounts.users.setRoles('ben', ['viewer'], host),
    reset: () => accounts.users.resetPassword('ben', (password = 'another long phrase'), host),
    disable: () => accounts.users.setEnabled('ben', false, host),
    remove: () => accounts.users.remove('ben', host),
  }
  for (const [why, end] of Object.entries(ends)) {
    const cookie = await signIn()
    assert.ok(accounts.sessionOf(cookie), why)
    await end()
    assert.equal(accounts.sessionOf(cookie), undefined, why)
    if (why === 'disable') {
      assert.equal(await codeOf(signIn), 'SIGN_IN_FAILED')
      await accounts.users.setEnabled('ben', true, host)
    }
  }
})

test('changing the own password needs the old one, ends all other sessions, and keeps this one', async (t) => {
  const { accounts } = await openRig(t, { withAnna: true })
  const first = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  const other = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  const change = { old: PASSWORD, new: 'an entirely new phrase', keep: first.cookie }
  assert.equal(
    await codeOf(() => accounts.users.changePassword('anna', { ...change, old: 'wrong' }, OFFICE)),
    'SIGN_IN_FAILED',
  )
  assert.equal(
    await codeOf(() => accounts.users.changePassword('anna', { ...change, new: 'short' }, OFFICE)),
    'INVALID_REQUEST',
  )
  assert.ok(accounts.sessionOf(other.cookie))
  await accounts.users.changePassword('anna', change, OFFICE)
  assert.ok(accounts.sessionOf(first.cookie))
  assert.equal(accounts.sessionOf(other.cookie), undefined)
  assert.equal(
    await codeOf(() => accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })),
    'SIGN_IN_FAILED',
  )
})

test('the last administrator cannot be removed, disabled or made less', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  const slips = [
    () => accounts.users.remove('anna', host),
    () => accounts.users.setEnabled('anna', false, host),
    () => accounts.users.setRoles('anna', ['engineer'], host),
  ]
  for (const slip of slips) assert.equal(await codeOf(slip), 'CONFLICT')
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['admin'] }, host)
  await accounts.users.remove('anna', host)
  assert.equal(await codeOf(() => accounts.users.remove('ben', host)), 'CONFLICT')
})

test('nobody gives, or takes over, what they do not have', async (t) => {
  const { accounts, host } = await openRig(t, {
    withAnna: true,
    config: { roles: [{ name: 'user-desk', grants: [{ permissions: ['accounts.manage', 'view', 'export'] }] }] },
  })
  await accounts.users.add({ name: 'desk', password: PASSWORD, roles: ['user-desk'] }, host)
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['operator'] }, host)
  const { session } = await accounts.signIn({ name: 'desk', password: PASSWORD, from: OFFICE })
  const desk = { by: session.principal, from: OFFICE }
  const add = (roles: string[]) => accounts.users.add({ name: 'new', password: PASSWORD, roles }, desk)
  assert.equal(await codeOf(() => add(['admin'])), 'FORBIDDEN')
  assert.equal(await codeOf(() => accounts.users.setRoles('desk', ['admin'], desk)), 'FORBIDDEN')
  assert.equal(await codeOf(() => accounts.users.resetPassword('anna', 'taken over by desk', desk)), 'FORBIDDEN')
  assert.equal(await codeOf(() => accounts.users.remove('ben', desk)), 'FORBIDDEN')
  assert.equal(await codeOf(() => add(['viewer'])), 'none')
  const viewer = await accounts.signIn({ name: 'new', password: PASSWORD, from: OFFICE })
  const actor = { by: viewer.session.principal, from: OFFICE }
  assert.equal(await codeOf(() => accounts.users.setRoles('new', ['viewer'], actor)), 'FORBIDDEN')
})

test('every change is on record before and after, a refusal too, with its reason', async (t) => {
  const { accounts, host, events } = await openRig(t, { withAnna: true })
  await accounts.users.add({ name: 'ben', password: PASSWORD, roles: ['viewer'] }, host)
  events.length = 0
  await accounts.users.setRoles('ben', ['operator'], { ...host, reason: 'night shift' })
  await codeOf(() => accounts.users.setRoles('ben', ['pilot'], host))
  const seen = events.map(({ action, object, user, from, before, after, reason, outcome }) => ({
    action,
    object,
    user,
    from,
    before,
    after,
    reason,
    outcome,
  }))
  const roles = (...names: string[]) => ({ roles: names, enabled: true })
  const common = { action: 'user.role', object: 'user ben', user: 'host root', from: 'host' }
  const first = { ...common, before: roles('viewer'), after: roles('operator'), reason: 'night shift' }
  const second = { ...common, before: roles('operator'), after: roles('pilot'), reason: null }
  assert.deepEqual(seen, [
    { ...first, outcome: 'requested' },
    { ...first, outcome: 'done' },
    { ...second, outcome: 'requested' },
    { ...second, outcome: 'INVALID_REQUEST' },
  ])
  assert.equal(events[0]!.id, events[1]!.id)
})

test('what cannot be put on record is not done', async (t) => {
  const { accounts, host, open } = await openRig(t, { withAnna: true })
  const full = await open({
    audit: {
      record: async () => {
        throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      },
    },
  })
  await assert.rejects(full.users.add({ name: 'eve', password: PASSWORD, roles: ['admin'] }, host))
  await assert.rejects(full.signIn({ name: 'anna', password: PASSWORD, from: OFFICE }))
  assert.equal(accounts.users.get('eve'), undefined)
  assert.equal(accounts.sessions.list().length, 0)
})

test('names of users: nothing that the audit could mistake', async (t) => {
  const { accounts, host } = await openRig(t, { withAnna: true })
  for (const name of ['', ' ', 'host', 'Unknown', 'token ci', 'a b', 'a/b', '-x', 'x'.repeat(65), 'a\nb', 'ann\u202ea'])
    assert.equal(
      await codeOf(() => accounts.users.add({ name, password: PASSWORD, roles: ['viewer'] }, host)),
      'INVALID_REQUEST',
      JSON.stringify(name),
    )
  assert.equal(
    await codeOf(() => accounts.users.add({ name: 'ANNA', password: PASSWORD, roles: ['viewer'] }, host)),
    'CONFLICT',
  )
})
