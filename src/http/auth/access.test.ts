/** Who gets in and what they see: cookies, tokens, set-up, open access, lists that leave out, refusals before the body is read. */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { request as rawRequest } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { defineSink } from '../../core/sink.ts'
import { auditEvents } from '../../testing/audit-lines.ts'
import { PASSWORD } from '../../testing/accounts-rig.ts'
import { cookieOf, PLANT_DEVICES, startPlant, type Credentials } from '../../testing/people.ts'
import { eventually } from '../../testing/peers.ts'
import { startTestGateway } from '../../testing/gateway-fixture.ts'
import type { DriverType } from '../../core/driver.ts'
import { simulated } from '../../drivers/simulated/driver.ts'
import { silentLog, type Log } from '../../core/log.ts'
import { modbus } from '../../drivers/modbus/driver.ts'
import { startHttp } from '../server.ts'

const codeOf = async (answer: Response | Promise<Response>): Promise<string> =>
  ((await (await answer).json()) as { code: string }).code

test('signing in: a cookie that scripts and other sites cannot use, a new one each time, and none after signing out', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const signIn = (who: Credentials = {}) =>
    plant.ask('/api/v1/session', who, plant.body('POST', { name: 'anna', password: PASSWORD }))
  const first = await signIn()
  const [text] = first.headers.getSetCookie()
  assert.match(text!, new RegExp(`^bifrost-${plant.http.port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`))
  const who = cookieOf(first)
  assert.deepEqual((await plant.ask('/api/v1/values', who)).status, 200)

  // Fixation: a cookie that somebody planted is not taken over, and the one of before ends.
  const planted = await signIn({ cookie: `bifrost-${plant.http.port}=${'A'.repeat(43)}` })
  assert.notEqual(cookieOf(planted).cookie, `bifrost-${plant.http.port}=${'A'.repeat(43)}`)
  const second = cookieOf(await signIn(who))
  assert.notEqual(second.cookie, who.cookie)
  assert.equal(await codeOf(plant.ask('/api/v1/values', who)), 'SIGN_IN_REQUIRED')

  const out = await plant.ask('/api/v1/session', second, { method: 'DELETE' })
  assert.match(out.headers.getSetCookie()[0]!, /=; HttpOnly; SameSite=Strict; Path=\/; Max-Age=0$/)
  assert.deepEqual(await out.json(), { signedOut: true })
  assert.equal(await codeOf(plant.ask('/api/v1/values', second)), 'SIGN_IN_REQUIRED')
  assert.deepEqual(await plant.json('/api/v1/session', second, { method: 'DELETE' }), { signedOut: false })
})

test('a page of another site can neither sign in nor change anything with the cookie of a person', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const evil = { origin: 'http://evil.example' }
  const signIn = plant.body('POST', { name: 'anna', password: PASSWORD })
  assert.equal(await codeOf(plant.ask('/api/v1/session', evil, signIn)), 'ORIGIN_FORBIDDEN')
  const write = plant.body('PUT', { value: 7 })
  const path = '/api/v1/values/press-1/set-point'
  assert.equal(await codeOf(plant.ask(path, { ...anna, ...evil }, write)), 'ORIGIN_FORBIDDEN')
  assert.equal((await plant.ask(path, anna, write)).status, 200, 'control')
})

test('a wrong password, an unknown user and a user that is disabled are told alike, and after some the pause says how long', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const tryIt = (name: string, password: string) =>
    plant.ask('/api/v1/session', {}, plant.body('POST', { name, password }))
  const bodies = []
  for (const [name, password] of [
    ['anna', 'not this one, no'],
    ['nobody-here', PASSWORD],
  ] as const) {
    const answer = await tryIt(name, password)
    assert.deepEqual([answer.status, answer.headers.getSetCookie()], [401, []])
    const { traceId, ...told } = (await answer.json()) as Record<string, unknown>
    assert.equal(traceId, answer.headers.get('x-correlation-id'))
    bodies.push(JSON.stringify(told))
  }
  assert.equal(bodies[0], bodies[1])
  assert.equal(bodies.join().includes('not this one'), false)
  let last: Response
  for (let n = 0; n < 6; n++) last = await tryIt('anna', 'not this one, no')
  assert.equal(last!.status, 429)
  assert.ok(Number(last!.headers.get('retry-after')) >= 1)
  const number = await plant.ask('/api/v1/session', {}, plant.body('POST', { name: 'anna', password: 1234567890123 }))
  assert.equal((await number.text()).includes('1234567890123'), false, 'what was typed is in no error')
})

test('nobody, a broken cookie, and tokens that are unknown, revoked or of another kind get nothing; nothing falls back', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const token = await plant.token('scraper', { permissions: ['view'] })
  const ask = (who: Credentials) => plant.ask('/api/v1/values', who)
  assert.equal((await ask(token)).status, 200, 'control')
  for (const who of [
    {},
    { cookie: `bifrost-${plant.http.port}=x` },
    { cookie: anna.cookie!.replace(/^bifrost-\d+/, '__Host-bifrost') },
    { authorization: 'Bearer x' },
    { authorization: 'Basic YW5uYTpzZXZlbg==' },
    { authorization: token.authorization!.replace('Bearer', 'Token') },
    // Somebody shows a bad token: the good cookie beside it is not what they meant.
    { ...anna, authorization: 'Bearer bfr_00000000000000000000' },
  ])
    assert.equal(await codeOf(ask(who)), 'SIGN_IN_REQUIRED', JSON.stringify(who))
  const [info] = plant.accounts.tokens.list()
  const host = { by: plant.accounts.hostPrincipal('root'), from: { address: 'host' } }
  await plant.accounts.tokens.revoke(info!.id, host)
  assert.equal(await codeOf(ask(token)), 'SIGN_IN_REQUIRED')
})

test('who may not is refused before the body is read or looked at', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const viewer = await plant.person('vera', 'viewer')
  const path = '/api/v1/values/press-1/set-point'
  const broken = { method: 'PUT', body: '{', headers: { 'content-type': 'application/json' } }
  assert.equal(await codeOf(plant.ask(path, {}, broken)), 'SIGN_IN_REQUIRED')
  const told = await plant.json<{ code: string; detail: string; permission: string }>(path, viewer, broken)
  assert.deepEqual([told.code, told.detail], ['FORBIDDEN', 'vera lacks the permission write'])
  assert.equal(told.permission, 'write')

  // A body that never comes: the answer does.
  const { hostname, port } = new URL(plant.http.url)
  const status = await new Promise<number>((resolve, reject) => {
    const asked = rawRequest({
      hostname,
      port,
      path,
      method: 'PUT',
      headers: { ...viewer, 'content-type': 'application/json', 'content-length': 1000 },
    })
    asked.on('response', (answer) => {
      resolve(answer.statusCode!)
      asked.destroy()
    })
    asked.on('error', reject)
    asked.flushHeaders()
  })
  assert.equal(status, 403)
})

test('without an administrator only the set-up is there; its token works once, and signs in', async (t) => {
  const plant = await startPlant(t)
  const scraper = await plant.token('scraper', { permissions: ['view'] })
  assert.deepEqual(await plant.json('/api/v1/setup'), { needed: true })
  for (const path of ['/api/v1/values', '/metrics', '/api/v1/users', '/api/openapi.json', '/api/v1/tokens'])
    assert.equal(await codeOf(plant.ask(path)), 'SETUP_REQUIRED', path)
  assert.equal((await plant.ask('/metrics', scraper)).status, 200)
  for (const path of ['/livez', '/readyz', '/problems/BUSY']) assert.equal((await plant.ask(path)).status, 200, path)
  const setUp = (token: string, password = PASSWORD) =>
    plant.ask('/api/v1/setup', {}, plant.body('POST', { token, name: 'anna', password }))
  assert.equal(await codeOf(setUp('00000-00000-00000-00000')), 'SIGN_IN_FAILED')
  const token = plant.accounts.setupToken!
  assert.equal(await codeOf(setUp(token, 'short')), 'INVALID_REQUEST')
  const done = await setUp(token)
  assert.equal(done.status, 200)
  const anna = cookieOf(done)
  assert.deepEqual((await plant.json<{ user: { roles: string[] } }>('/api/v1/session', anna)).user.roles, ['admin'])
  assert.deepEqual(await plant.json('/api/v1/setup'), { needed: false })
  assert.equal(await codeOf(setUp(token)), 'CONFLICT')
  assert.equal(await codeOf(plant.ask('/api/v1/values')), 'SIGN_IN_REQUIRED')
})

const CREW_DEVICES = ['press-1', 'press-2']

test('lists leave out what may not be seen, and nothing tells how much that is', async (t) => {
  const type = { ...simulated, options: simulated.options.loose() } as DriverType
  const devices = PLANT_DEVICES.map((device) => ({ ...device, type, options: { insecure: true } }))
  const plant = await startPlant(t, { sketch: { devices } })
  const anna = await plant.person('anna', 'admin')
  const crew = await plant.person('carl', 'press-crew')
  await eventually('values', () =>
    [...plant.gateway.store.tags.values()].every(({ id }) => plant.gateway.store.latest.get(id).value !== undefined),
  )
  await plant.gateway.store.flush()
  const devicesIn = async (path: string, pick: (body: never) => string[], who = crew) =>
    [...new Set(pick(await plant.json(path, who)))].sort()
  const lists: [string, (body: never) => string[]][] = [
    ['/api/v1/values', ({ values }: { values: { device: string }[] }) => values.map(({ device }) => device)],
    ['/api/v1/devices', ({ devices }: { devices: { name: string }[] }) => devices.map(({ name }) => name)],
    [
      '/api/v1/lines',
      ({ lines }: { lines: { units: { device: string }[] }[] }) =>
        lines.flatMap(({ units }) => units.map(({ device }) => device)),
    ],
  ] as never
  for (const [path, pick] of lists) {
    assert.deepEqual(await devicesIn(path, pick), CREW_DEVICES, path)
    assert.deepEqual(await devicesIn(path, pick, anna), ['oven', ...CREW_DEVICES], `control: ${path}`)
  }
  const page = await plant.json<{ next: string }>('/api/v1/values?limit=1', crew)
  assert.match(Buffer.from(page.next, 'base64url').toString(), /^\["values",1,/, 'the cursor counts only what is seen')
  assert.equal(await codeOf(plant.ask('/api/v1/values?device=oven', crew)), 'NOT_FOUND')

  const csv = async (path: string, who: Credentials) => (await plant.ask(path, who)).text()
  assert.match(await csv('/api/v1/export', anna), /,oven,/, 'control')
  const mine = await csv('/api/v1/export', crew)
  assert.match(mine, /,press-1,/)
  assert.doesNotMatch(mine, /oven/)
  assert.equal(await codeOf(plant.ask('/api/v1/export?tags=oven/*', crew)), 'NOT_FOUND')
  const hidden = await plant.token('hidden', { permissions: ['export'], devices: ['there-is-none'] })
  assert.doesNotMatch(await csv('/api/v1/export', hidden), /press|oven/)

  const metrics = async (who: Credentials) => (await plant.ask('/metrics', who)).text()
  assert.match(await metrics(anna), /device="oven"/, 'control')
  assert.match(await metrics(anna), /bifrost_insecure_connections\{kind="device",name="oven"\}/, 'control')
  assert.match(await metrics(crew), /bifrost_insecure_connections\{kind="device",name="press-1"\}/)
  assert.match(await metrics(crew), /device="press-1"/)
  assert.doesNotMatch(await metrics(crew), /oven/)
})

test('a sink is of all devices: whoever may not see all of them is not told its reason, which may name one, nor its facts', async (t) => {
  const refusing = defineSink({
    name: 'refusing',
    summary: 'Refuses everything.',
    options: z.strictObject({}),
    create: () => ({
      connect: () => Promise.reject(new GatewayError('SINK_REFUSED', 'no topic for oven/wave')),
      write: () => Promise.resolve(),
      close: () => Promise.resolve(),
      facts: () => ({ newest: 'oven.parquet' }),
    }),
  })
  const sink = { name: 'plant', type: refusing, options: {}, enabled: true, replay: { order: 'in-order' } } as const
  const plant = await startPlant(t, { sketch: { sinks: [sink] } })
  const [anna, crew] = [await plant.person('anna', 'admin'), await plant.person('carl', 'press-crew')]
  await eventually('it was refused', () => plant.gateway.runners[0]!.status().reason !== null)
  const shown = async (who: Credentials) => (await plant.ask('/api/v1/sinks', who)).text()
  assert.match(await shown(anna), /oven\/wave.*oven\.parquet/, 'control')
  assert.match(await shown(crew), /"name":"plant"/)
  assert.doesNotMatch(await shown(crew), /oven/)
})

test('a device that is reached for under another spelling is the same device', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const crew = await plant.person('carl', 'press-crew')
  for (const path of [
    '/api/v1/values/%6Fven/wave',
    '/api/v1/history/ov%65n/wave',
    '/api/v1/devices/%6fven',
    '/api/v1/values/oven%2Fwave',
    '/api/v1/values/press-1/../oven/wave',
    '/api/v1/values/press-1/%2e%2e/oven/wave',
    '/api/v1/values//oven/wave',
  ])
    assert.notEqual((await plant.ask(path, crew)).status, 200, path)
  assert.equal((await plant.ask('/api/v1/values/press%2D1/wave', crew)).status, 200, 'control')
  assert.equal(await codeOf(plant.ask('/api/v1/values/%E0/x', crew)), 'INVALID_REQUEST')
})

test('the audit says who wrote', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const otto = await plant.person('otto', 'operator')
  await plant.ask('/api/v1/values/press-1/set-point', otto, plant.body('PUT', { value: 6, reason: 'batch 7' }))
  const line = auditEvents(plant.gateway.config.data).find(({ reason }) => reason === 'batch 7')
  assert.deepEqual([line!.user, line!.from], ['otto', 'http 127.0.0.1'])
})

test('health says to everybody whether all is well, and why not to those who may see it', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const verbose = async (who: Credentials) => (await plant.ask('/readyz?verbose', who)).text()
  assert.doesNotMatch(await verbose({}), /3 devices/)
  assert.match(await verbose({}), /\[\+\] store: ok/)
  assert.match(await verbose(anna), /config: loaded: 3 devices/)
  // A stranger learns names of checks and verdicts: no time, no sentence, no name of a device or sink.
  for (const path of ['/livez', '/readyz', '/startupz']) {
    const answer = await plant.ask(`${path}?verbose`, { accept: 'application/json' })
    const { checks } = (await answer.json()) as { checks: Record<string, unknown>[] }
    for (const { name, ok, attention, detail, ...more } of checks) {
      assert.match(String(name), /^[a-z-]+$/)
      assert.deepEqual(more, {}, String(name))
      assert.equal(
        detail,
        ok === true && attention === undefined ? 'ok' : 'whoever may view all of this gateway is told more',
      )
    }
  }
  // What is wrong names devices and files.
  assert.doesNotMatch(await verbose(await plant.person('carl', 'press-crew')), /3 devices/)
})

test('the token of the host: in a file of its user alone, all that an administrator may, with its own name in the audit', async (t) => {
  const plant = await startPlant(t)
  const file = join(plant.gateway.config.data, 'run', 'host.json')
  const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string }
  assert.deepEqual([url, statSync(file).mode & 0o777], [plant.http.url, 0o600])
  const host = { authorization: `Bearer ${token}` }
  const { user } = await plant.json<{ user: { kind: string; name: string } }>('/api/v1/session', host)
  assert.equal(user.kind, 'host')
  assert.match(user.name, /^host \S/)
  // Also while there is no administrator yet.
  assert.equal((await plant.ask('/api/v1/values', host)).status, 200)
  const added = await plant.ask(
    '/api/v1/users',
    host,
    plant.body('POST', { name: 'anna', password: PASSWORD, roles: ['admin'] }),
  )
  assert.equal(added.status, 200)
  const line = auditEvents(plant.gateway.config.data).find(({ action }) => action === 'user.add')
  assert.match(line!.user, /^host /)
  await plant.http.close()
  assert.throws(() => readFileSync(file), /ENOENT/)
})

async function startOpen(t: TestContext, log: Log = silentLog) {
  const gateway = await startTestGateway(t, { devices: [], log })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  return http
}

test('open access is loud: a warning, a metric, a word for the page; accounts cannot be made by anybody', async (t) => {
  const warned: string[] = []
  const log: Log = {
    ...silentLog,
    warn: (_fields: unknown, text?: string) => void warned.push(String(text)),
    child: () => log,
  }
  const { url } = await startOpen(t, log)
  assert.match(warned.join('\n'), /Nobody is asked who they are/)
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^bifrost_http_open_access 1$/m)
  const who = (await (await fetch(`${url}/api/v1/session`)).json()) as {
    access: string
    user: { name: string; permissions: string[] }
  }
  assert.deepEqual([who.access, who.user.name], ['open', 'anybody'])
  assert.ok(who.user.permissions.includes('write') && !who.user.permissions.includes('accounts.manage'))
  assert.equal(await codeOf(fetch(`${url}/api/v1/users`)), 'FORBIDDEN')
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  assert.match(await (await plant.ask('/metrics', anna)).text(), /^bifrost_http_open_access 0$/m, 'control')
})

test('accounts are the default: a server without them does not start', async (t) => {
  const gateway = await startTestGateway(t, { devices: [] })
  await assert.rejects(startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [] }), /without accounts/)
})

test('a person sees and ends their own sessions and tokens, an administrator those of all', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const vera = await plant.person('vera', 'viewer')
  type Sessions = { sessions: { id: string; user: string; current: boolean }[] }
  const mine = await plant.json<Sessions>('/api/v1/sessions', vera)
  assert.deepEqual(
    mine.sessions.map(({ user, current }) => [user, current]),
    [['vera', true]],
  )
  const all = await plant.json<Sessions>('/api/v1/sessions', anna)
  assert.deepEqual(all.sessions.map(({ user }) => user).sort(), ['anna', 'vera'])
  assert.equal(await codeOf(plant.ask('/api/v1/sessions?user=anna', vera)), 'FORBIDDEN')
  const ofAnna = all.sessions.find(({ user }) => user === 'anna')!
  assert.equal(await codeOf(plant.ask(`/api/v1/sessions/${ofAnna.id}`, vera, { method: 'DELETE' })), 'FORBIDDEN')

  const wish = (permissions: string[]) =>
    plant.body('POST', { name: permissions.join('-'), grants: [{ permissions }], expiresAt: null })
  assert.equal(await codeOf(plant.ask('/api/v1/tokens', vera, wish(['write']))), 'FORBIDDEN')
  const made = await plant.json<{ token: string; info: { id: string } }>('/api/v1/tokens', vera, wish(['view']))
  const token = { authorization: `Bearer ${made.token}` }
  assert.equal((await plant.ask('/api/v1/values', token)).status, 200)
  const list = await (await plant.ask('/api/v1/tokens', vera)).text()
  assert.match(list, new RegExp(made.info.id))
  assert.equal(list.includes(made.token), false)
  assert.equal((await plant.ask(`/api/v1/tokens/${made.info.id}`, vera, { method: 'DELETE' })).status, 200)
  assert.equal((await plant.ask('/api/v1/values', token)).status, 401)

  const other = 'eight dry umbrellas'
  const change = (old: string) => plant.ask('/api/v1/session/password', vera, plant.body('PUT', { old, new: other }))
  assert.equal(await codeOf(change('not this one, no')), 'SIGN_IN_FAILED')
  assert.equal((await change(PASSWORD)).status, 200)
  assert.equal((await plant.ask(`/api/v1/users/vera`, anna, plant.body('PATCH', { enabled: false }))).status, 200)
  assert.equal(await codeOf(plant.ask('/api/v1/values', vera)), 'SIGN_IN_REQUIRED')
})

test('who asked for a write is no second person by a token of their own, in neither order', async (t) => {
  const [press, ...others] = PLANT_DEVICES
  const tags = press!.tags.map((tag) => ({ ...tag, approval: tag.name === 'set-point' }))
  const plant = await startPlant(t, { sketch: { devices: [{ ...press!, tags }, ...others] } })
  const olga = await plant.person('olga', 'operator')
  const otto = await plant.person('otto', 'operator')
  const grants = [{ permissions: ['view', 'write', 'approve'] }]
  const made = plant.body('POST', { name: 'olgas', grants, expiresAt: null })
  const { token } = await plant.json<{ token: string }>('/api/v1/tokens', olga, made)
  const byToken = { authorization: `Bearer ${token}` }
  const askedBy = async (who: Credentials) => {
    const path = '/api/v1/values/press-1/set-point'
    const { pending } = await plant.json<{ pending: { id: string } }>(path, who, plant.body('PUT', { value: 8 }))
    return (by: Credentials) => plant.ask(`/api/v1/writes/pending/${pending.id}/approve`, by, plant.body('POST', {}))
  }
  const first = await askedBy(olga)
  assert.equal(await codeOf(first(byToken)), 'FORBIDDEN')
  assert.equal((await first(otto)).status, 200)
  const second = await askedBy(byToken)
  assert.equal(await codeOf(second(olga)), 'FORBIDDEN')
  assert.equal(await codeOf(second(byToken)), 'FORBIDDEN')
})

test('a tool that forgets what was learned of a device needs devices.manage, as the route for it does', async (t) => {
  const device = { ...PLANT_DEVICES[0]!, type: modbus, options: { host: '127.0.0.1', port: 1 }, tags: [] }
  const plant = await startPlant(t, { sketch: { devices: [device] } })
  const vic = await plant.person('vic', 'press-crew')
  const run = (tool: string) => plant.ask(`/api/v1/devices/press-1/tools/${tool}`, vic, plant.body('POST', {}))
  assert.equal((await run('profile')).status, 200)
  assert.equal(await codeOf(run('forget')), 'FORBIDDEN')
})
