/** A gateway as a process with accounts: the one-time link, an administrator out of a file, a damaged file, and nothing loaded without accounts. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { auditEvents } from '../src/testing/audit-lines.ts'
import { PASSWORD } from '../src/testing/accounts-rig.ts'
import { bifrost } from '../src/testing/gateway-process.ts'
import { freePort, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'bifrost')
const HOOKS = new URL('../src/testing/module-watch.ts', import.meta.url).href
const TOKEN = /\/setup#([0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})/

async function start(t: TestContext, folder: string, access: 'accounts' | 'open', env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, `version: 1\nhttp: { listen: 127.0.0.1:${await freePort()}, access: ${access} }\n`)
  const running = startProcess(t, LAUNCHER, ['run', '-c', file], { cwd: folder, env })
  await running.waitFor(/^http:\/\/127\.0\.0\.1:\d+$/m, 20_000)
  return { ...running, file }
}

test('without an administrator the console shows a one-time link, new with each start, until there is one', async (t) => {
  const folder = temporaryFolder(t)
  const first = await start(t, folder, 'accounts')
  await first.waitFor(TOKEN, 5000)
  const [, token] = TOKEN.exec(first.output())!
  assert.equal(first.output().split(token!).length, 2, 'printed once')
  await first.stop()
  const second = await start(t, folder, 'accounts')
  await second.waitFor(TOKEN, 5000)
  assert.notEqual(TOKEN.exec(second.output())![1], token)
  await second.stop()
  assert.equal(readFileSync(join(folder, 'data', 'accounts.db')).includes(token!), false)
})

test('without people: the password out of a file makes the administrator, and is said nowhere', async (t) => {
  const folder = temporaryFolder(t)
  const secret = join(folder, 'password')
  writeFileSync(secret, `${PASSWORD}\n`)
  const running = await start(t, folder, 'accounts', {
    BIFROST_ADMIN_PASSWORD_FILE: secret,
    BIFROST_ADMIN_USER: 'anna',
  })
  const list = await bifrost('user', 'list', '--json', '-c', running.file)
  assert.match(list.out, /"name":"anna","origin":"local","roles":\["admin"\]/)
  await running.stop()
  assert.equal(TOKEN.test(running.output()), false)
  const audit = JSON.stringify(auditEvents(join(folder, 'data')))
  assert.match(audit, /"action":"set-up"/)
  assert.equal(`${running.output()}${audit}`.includes(PASSWORD), false)
})

test('a damaged file stops the start with the next step, and stays as it is', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data', 'accounts.db'), 'SQLite format 3\0and then noise')
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, `version: 1\nhttp: { listen: 127.0.0.1:${await freePort()}, access: accounts }\n`)
  const { code, err } = await bifrost('run', '-c', file)
  assert.equal(code, 1)
  assert.match(err, /accounts\.db is damaged .*Nothing was changed; restore it/)
  assert.equal(readFileSync(join(folder, 'data', 'accounts.db'), 'latin1'), 'SQLite format 3\0and then noise')
})

test('a gateway without accounts loads none of it, and one with accounts no OpenID Connect where it has none', async (t) => {
  const loadedBy = async (access: 'accounts' | 'open') => {
    const folder = temporaryFolder(t)
    const seen = join(folder, 'modules')
    const running = await start(t, folder, access, { MODULE_WATCH: seen, NODE_OPTIONS: `--import=${HOOKS}` })
    await running.stop()
    const modules = readFileSync(seen, 'utf8')
    return {
      accounts: modules.includes('/src/accounts/'),
      jose: /node_modules\/(jose|openid-client)\//.test(modules),
      file: existsSync(join(folder, 'data', 'accounts.db')),
    }
  }
  assert.deepEqual(await loadedBy('open'), { accounts: false, jose: false, file: false })
  assert.deepEqual(await loadedBy('accounts'), { accounts: true, jose: false, file: true }, 'control')
})
