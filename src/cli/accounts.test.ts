/** `bifrost user` and `bifrost token` as processes, beside accounts that a gateway has open. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openAccounts } from '../accounts/accounts.ts'
import { ACCESS_DEFAULTS } from '../core/access.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { waitingEvents } from '../testing/audit-lines.ts'
import { OFFICE, PASSWORD } from '../testing/accounts-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

async function openPlant(t: TestContext) {
  const folder = temporaryFolder(t)
  const data = join(folder, 'data')
  writeFileSync(join(folder, 'bifrost.yaml'), 'version: 1\nhttp: { access: accounts }\n')
  const audit = { record: async () => undefined }
  const accounts = await openAccounts({ data, config: ACCESS_DEFAULTS, clock: systemClock, log: silentLog, audit })
  t.after(() => accounts.close())
  return { folder, data, accounts }
}

function bifrost(folder: string, args: readonly string[], input = '') {
  const child = spawn(BIN, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1' } })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  child.stdin.end(input)
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, ...said })),
  )
}

test('the first user is an administrator, and ends the set-up of the gateway that runs', async (t) => {
  const { folder, accounts } = await openPlant(t)
  assert.equal(accounts.needsSetup, true)
  const weak = await bifrost(folder, ['user', 'add', 'anna'], 'short\n')
  assert.deepEqual([weak.code, weak.out], [2, ''])
  assert.match(weak.err, /at least 12 characters/)
  const none = await bifrost(folder, ['user', 'add', 'anna'])
  assert.equal(none.code, 2)
  const { code, out } = await bifrost(folder, ['user', 'add', 'anna'], `${PASSWORD}\n`)
  assert.deepEqual([code, out], [0, 'anna (admin) added\n'])
  assert.equal(accounts.needsSetup, false)
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
})

test('a reset ends sessions in the gateway that runs, and both passwords stay out of everything', async (t) => {
  const { folder, data, accounts } = await openPlant(t)
  await bifrost(folder, ['user', 'add', 'anna'], `${PASSWORD}\n`)
  const { cookie } = await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  assert.ok(accounts.sessionOf(cookie))
  const fresh = 'four green bicycles'
  const { code, out, err } = await bifrost(folder, ['user', 'reset', 'anna', '--reason', 'lost'], `${fresh}\n`)
  assert.equal(code, 0, err)
  assert.equal(accounts.sessionOf(cookie), undefined)
  await accounts.signIn({ name: 'anna', password: fresh, from: OFFICE })
  const waiting = waitingEvents(data)
  const audit = JSON.stringify(waiting)
  for (const secret of [PASSWORD, fresh]) assert.equal(`${out}${err}${audit}`.includes(secret), false)
  const events = waiting.filter(({ action }) => action === 'user.reset')
  assert.deepEqual(
    events.map(({ object, from, reason, outcome }) => [object, from, reason, outcome]),
    [
      ['user anna', 'host', 'lost', 'requested'],
      ['user anna', 'host', 'lost', 'done'],
    ],
  )
  assert.match(String(events[0]!.user), /^host \S/)
})

test('users: roles, disabling, removing with the name once more, the last administrator stays', async (t) => {
  const { folder } = await openPlant(t)
  await bifrost(folder, ['user', 'add', 'anna'], `${PASSWORD}\n`)
  await bifrost(folder, ['user', 'add', 'ben', '--role', 'operator'], `${PASSWORD}\n`)
  assert.equal((await bifrost(folder, ['user', 'role', 'ben', 'engineer', 'viewer'])).code, 0)
  assert.match(
    (await bifrost(folder, ['user', 'role', 'ben', 'pilot'])).err,
    /There is no role "pilot"; there are viewer, operator/,
  )
  assert.equal((await bifrost(folder, ['user', 'disable', 'ben'])).code, 0)
  const { users } = JSON.parse((await bifrost(folder, ['user', 'list', '--json'])).out) as {
    users: { name: string; roles: string[]; enabled: boolean }[]
  }
  assert.deepEqual(
    users.map(({ name, roles, enabled }) => [name, roles.join(), enabled]),
    [
      ['anna', 'admin', true],
      ['ben', 'engineer,viewer', false],
    ],
  )
  assert.equal((await bifrost(folder, ['user', 'remove', 'ben'])).code, 2)
  assert.equal((await bifrost(folder, ['user', 'remove', 'ben', '--confirm', 'ben'])).code, 0)
  const last = await bifrost(folder, ['user', 'remove', 'anna', '--confirm', 'anna'])
  assert.equal(last.code, 1)
  assert.match(last.err, /anna is the last administrator/)
  assert.match((await bifrost(folder, ['user', 'list'])).out, /^NAME +ROLES +STATE .*\nanna +admin +enabled .*\n$/)
})

test('tokens: made, listed without the secret, refused by the gateway that runs as soon as revoked', async (t) => {
  const { folder, accounts } = await openPlant(t)
  const args = ['token', 'create', 'hmi', '--permission', 'view,write', '--devices', 'press-*', '--expires', '1h']
  const { code, out, err } = await bifrost(folder, args)
  assert.equal(code, 0, err)
  const token = out.trim()
  const principal = (await accounts.bearerOf(token, OFFICE))!
  assert.deepEqual(
    [principal.mayFor('write', 'press-1'), principal.mayFor('write', 'oven'), principal.may('config.write')],
    [true, false, false],
  )
  const list = await bifrost(folder, ['token', 'list'])
  assert.match(list.out, /hmi +valid +host +view,write on press-\*/)
  assert.equal(list.out.includes(token), false)
  assert.match((await bifrost(folder, ['token', 'create', 'x', '--permission', 'veiw'])).err, /did you mean view\?/)
  assert.equal((await bifrost(folder, ['token', 'create', 'x'])).code, 2)
  assert.equal((await bifrost(folder, ['token', 'create', 'x', '--role', 'viewer', '--expires', 'soon'])).code, 2)
  assert.equal((await bifrost(folder, ['token', 'revoke', 'hmi'])).code, 0)
  assert.equal(await accounts.bearerOf(token, OFFICE), undefined)
})
