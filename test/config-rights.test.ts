/** Who may change the configuration does not thereby decide who may do what. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PASSWORD } from '../src/testing/accounts-rig.ts'
import { bifrost, startGatewayProcess } from '../src/testing/gateway-process.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

test('an engineer changes devices, and makes nobody an administrator, himself neither: by no road into the files', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'password'), `${PASSWORD}\n`)
  const env = { BIFROST_ADMIN_PASSWORD_FILE: join(folder, 'password'), BIFROST_ADMIN_USER: 'anna' }
  const yaml = 'devices:\n  - { name: plc, driver: simulated, every: 1s }\n'
  const gateway = await startGatewayProcess(t, { yaml, folder, env, access: 'accounts' })
  const file = join(folder, 'bifrost.yaml')
  const tokenOf = async (role: string): Promise<string> => {
    const { out, err } = await bifrost('token', 'create', role, '--role', role, '--expires', '1h', '-c', file)
    return /bf[\w.-]+|\S{30,}/.exec(out)?.[0] ?? assert.fail(`${out}${err}`)
  }
  const [engineer, admin] = [await tokenOf('engineer'), await tokenOf('admin')]
  const ask = async (token: string, method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'if-match': '*' }
    const answer = await fetch(`${gateway.url}/api/v1/config/${path}`, { method, headers, body: JSON.stringify(body) })
    const { code, detail } = (await answer.json()) as { code?: string; detail?: string }
    return { status: answer.status, code, detail }
  }
  const fine = await ask(engineer, 'PATCH', 'devices/plc', { set: { every: '2s' } })
  assert.equal(fine.status, 200, JSON.stringify(fine))
  const before = readFileSync(file, 'utf8')
  const rule = [{ subject: 'CN=me', role: 'admin' }]
  const asked = [
    await ask(engineer, 'PATCH', 'sections/access', { set: { certificates: rule } }),
    await ask(engineer, 'PATCH', 'sections/http', { set: { access: 'open' } }),
    await ask(engineer, 'PATCH', 'sections/secrets', { set: { keyCommand: ['/bin/sh', '-c', 'id'] } }),
    await ask(engineer, 'POST', 'apply', {
      files: { 'bifrost.yaml': `${before}access: { sessions: { idle: 1h } }\n` },
    }),
  ]
  for (const { status, code, detail } of asked) {
    assert.deepEqual([status, code], [403, 'FORBIDDEN'])
    assert.match(detail ?? '', /accounts\.manage/)
  }
  assert.equal(readFileSync(file, 'utf8'), before)
  const allowed = await ask(admin, 'PATCH', 'sections/access', { set: { 'sessions.idle': '1h' } })
  assert.equal(allowed.status, 200, JSON.stringify(allowed))
  // Back to before the administrator's change is a change of it, too.
  assert.equal((await ask(engineer, 'POST', 'rollback', { version: 2 })).status, 403)
})
