/** The lock of all writes, the second person and the audit log over HTTP, as other programs see them. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulated } from '../drivers/simulated/driver.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually } from '../testing/peers.ts'
import { PLANT_DEVICES, startPlant, type Credentials } from '../testing/people.ts'
import { startHttp } from './server.ts'

async function start(t: TestContext) {
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'press',
        type: simulated,
        options: {},
        tags: [
          { name: 'level', address: 'cell:name=level,initial=0', type: 'float64', writable: true },
          { name: 'valve', address: 'cell:name=valve,initial=0', type: 'float64', writable: true, approval: true },
        ],
      },
    ],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  await eventually('the device runs', () => gateway.polling.device('press')!.state === 'Running')
  const call = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
    const response = await fetch(`${http.url}/api/v1/${path}`, init)
    return { status: response.status, body: (await response.json()) as any } // eslint-disable-line
  }
  const text = async (path: string) => (await fetch(`${http.url}/${path}`)).text()
  return { gateway, call, text }
}

test('a lock needs a reason, refuses every write with 423, shows in metrics and health, and is on record', async (t) => {
  const { call, text } = await start(t)
  assert.equal((await call('PUT', 'writes/lock', { reason: ' ' })).status, 400)
  assert.deepEqual((await call('GET', 'writes/lock')).body, { locked: false, by: null, since: null, reason: null })
  const { body } = await call('PUT', 'writes/lock', { reason: 'works on press 1' })
  assert.deepEqual([body.locked, body.by, body.reason], [true, 'anybody', 'works on press 1'])
  const refused = await call('PUT', 'values/press/level', { value: 1 })
  assert.deepEqual([refused.status, refused.body.code], [423, 'WRITE_LOCKED'])
  assert.match(await text('metrics'), /^bifrost_writes_locked 1$/m)
  assert.match(
    await text('readyz?verbose'),
    /\[!\] writes: all writes are locked by anybody, since .*: works on press 1/,
  )
  assert.equal((await call('DELETE', 'writes/lock?reason=done')).body.locked, false)
  assert.equal((await call('PUT', 'values/press/level', { value: 1 })).status, 200)
  const { events } = (await call('GET', 'audit?object=writes')).body
  assert.deepEqual(
    events.map(({ action, outcome, reason }: Record<string, string>) => [action, outcome, reason]),
    [['writes.unlock', 'done', 'done'], ['writes.unlock', 'requested', 'done'], ['writes.lock', 'done', 'works on press 1']], // prettier-ignore
  )
})

test('a write that needs a second person is 202 with an id; who asked cannot approve it, and can take it back', async (t) => {
  const { call, text } = await start(t)
  const asked = await call('PUT', 'values/press/valve', { value: 7, reason: 'batch 7' })
  assert.equal(asked.status, 202)
  const { id, device, tag, value, user, reason } = asked.body.pending
  assert.deepEqual([device, tag, value, user, reason], ['press', 'valve', 7, 'anybody', 'batch 7'])
  assert.deepEqual((await call('GET', 'writes/pending')).body.pending.map((one: { id: string }) => one.id), [id]) // prettier-ignore
  assert.match(await text('metrics'), /^bifrost_writes_pending 1$/m)
  const own = await call('POST', `writes/pending/${id}/approve`, {})
  assert.deepEqual([own.status, own.body.code], [403, 'FORBIDDEN'])
  assert.deepEqual((await call('POST', `writes/pending/${id}/reject`, { reason: 'wrong valve' })).body, { rejected: id }) // prettier-ignore
  assert.equal((await call('POST', `writes/pending/${id}/approve`, {})).status, 404)
  assert.notEqual((await call('GET', 'values/press/valve')).body.value, 7)
})

test('approved by somebody else it is written and read back', async (t) => {
  const { call, gateway } = await start(t)
  const { id } = (await call('PUT', 'values/press/valve', { value: 7 })).body.pending
  await gateway.commands.approve(id, { user: 'bert', from: 'http 10.0.0.8' })
  assert.equal((await call('GET', 'values/press/valve')).body.value, 7)
})

test('nobody is a second person by a token that they made themselves', async (t) => {
  const critical = { name: 'valve', address: 'cell:name=valve,initial=0', writable: true, approval: true } as const
  const plant = await startPlant(t, { sketch: { devices: [{ name: 'press-1', type: simulated, tags: [critical] }] } })
  const { ask, body, json } = plant
  const [anna, ben] = [await plant.person('anna', 'operator'), await plant.person('ben', 'operator')]
  await eventually('the device runs', () => plant.gateway.polling.device('press-1')!.state === 'Running')
  const grants = [{ permissions: ['view', 'write', 'approve'] }]
  const made = await json<{ token: string }>('/api/v1/tokens', anna, body('POST', { name: 'own', grants, expiresAt: null })) // prettier-ignore
  const token = { authorization: `Bearer ${made.token}` }
  const write = async (who: Credentials, value: number) => {
    const { pending } = await json<{ pending: { id: string } }>('/api/v1/values/press-1/valve', who, body('PUT', { value })) // prettier-ignore
    return `/api/v1/writes/pending/${pending.id}/approve`
  }
  for (const [asks, approves] of [
    [anna, token],
    [token, anna],
    [token, token],
  ] as const)
    // prettier-ignore
    assert.equal((await ask(await write(asks, 7), approves, { method: 'POST' })).status, 403)
  assert.equal((await ask(await write(token, 8), ben, { method: 'POST' })).status, 200, 'control')
})

test('an interlock tells of devices only who may see them', async (t) => {
  const locked = { address: 'cell:name=set,initial=0', writable: true, interlock: 'oven/wave > 1000' } as const
  const devices = PLANT_DEVICES.map((device) =>
    device.name === 'press-1' ? { ...device, tags: [...device.tags, { name: 'valve', ...locked }] } : device,
  )
  const plant = await startPlant(t, { sketch: { devices } })
  const [anna, carl] = [await plant.person('anna', 'admin'), await plant.person('carl', 'press-crew')]
  await eventually('all run', () => plant.gateway.polling.devices.every(({ state }) => state === 'Running'))
  const write = async (who: Credentials) =>
    (await plant.ask('/api/v1/values/press-1/valve', who, plant.body('PUT', { value: 1 }))).text()
  assert.match(await write(anna), /oven\/wave/, 'control')
  assert.match(await write(carl), /WRITE_INTERLOCKED/)
  assert.doesNotMatch(await write(carl), /oven/)
})

test('the audit log in pages, as a file with its hashes, as CSV without formulas, and verified', async (t) => {
  const { call, text, gateway } = await start(t)
  const reasons = ['=HYPERLINK("http://evil")', '+1', '-2', '@SUM(A1)', '\t=1', ' =1', 'plain, "quoted"\nline']
  for (const reason of reasons) await call('PUT', 'values/press/level', { value: 1, reason })
  const pages: number[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const { events, next }: { events: { n: number }[]; next: string | null } = (await call('GET', `audit?limit=5&action=write${cursor === '' ? '' : `&cursor=${cursor}`}`)).body // prettier-ignore
    pages.push(...events.map(({ n }: { n: number }) => n))
    cursor = next
  }
  assert.equal(pages.length, 2 * reasons.length)
  assert.deepEqual(
    pages,
    pages.toSorted((a, b) => b - a),
  )
  const lines = (await text('api/v1/audit/export')).trimEnd().split('\n')
  assert.ok(lines.every((line) => /,"mac":"[0-9a-f]{64}","hash":"[0-9a-f]{64}"\}$/.test(line)))
  const csv = await text('api/v1/audit/export?format=csv')
  assert.match(csv, /^n,time,id,action,user,from,object,before,after,reason,outcome,details,hash\r\n1,/)
  const cells = csv.split(/\r\n|,/)
  for (const cell of cells) assert.doesNotMatch(cell, /^"?[\s]*[=+@]/)
  for (const safe of [`"'=HYPERLINK(""http://evil"")"`, `,'+1,`, `,'-2,`, `,'@SUM(A1),`, `,"'\t=1",`, `,' =1,`, '"plain, ""quoted""\nline"']) assert.ok(csv.includes(safe), safe) // prettier-ignore
  const { ok, signatures, last } = (await call('GET', 'audit/verify')).body
  assert.deepEqual([ok, signatures, last.n], [true, true, gateway.audit.status().last])
  const stale = (await call('GET', `audit/verify?anchor=1:${'0'.repeat(64)}`)).body
  assert.match(stale.findings[0].problem, /line 1 is another one than the anchor that was given knows/)
  assert.equal((await call('GET', 'audit?cursor=x')).status, 400)
  assert.match(await text('metrics'), /^bifrost_audit_intact 0$/m)
})
