import assert from 'node:assert/strict'
import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually } from '../testing/peers.ts'
import { createSteeredDevice } from '../testing/steered-driver.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createHealth } from './health.ts'
import { openFilesCheck, openFilesNow } from './open-files.ts'

test('liveness turns red when devices run and no poll is made any more; a lost device or a leaving process does not do that', async (t) => {
  const steered = createSteeredDevice()
  steered.values.set('level', 1)
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'press-1', type: steered.type, tags: [{ name: 'level' }], everyMs: 200 }],
  })
  const session = gateway.polling.device('press-1')!
  await eventually('running', () => session.state === 'Running' && session.stats.pollsOk > 0)
  const clock = new VirtualClock()
  // Hours pass on the clock of the health check alone; the counters are held still below, as a stuck scheduler would leave them.
  const health = createHealth({ ...gateway, clock })
  t.after(() => health.close())
  await clock.advance(2000)
  assert.equal(health.live().ok, true)
  const held = { ...session.stats }
  // A copy each time: the device is still polled in real time, and what it counts must not reach the health check.
  Object.defineProperty(session, 'stats', { get: () => ({ ...held }), configurable: true })
  await clock.advance(60_000)
  assert.equal(health.live().ok, false)
  assert.equal(health.live().checks.find((check) => !check.ok)?.name, 'poll-scheduler')
  held.polls++
  await clock.advance(1000)
  assert.equal(health.live().ok, true)
  steered.lost = 'the cable is cut'
  await eventually('lost', () => session.state !== 'Running')
  await clock.advance(3_600_000)
  assert.equal(health.live().ok, true)
  assert.equal(health.ready().ok, true)
  health.shutDown()
  assert.equal(health.ready().ok, false)
  assert.equal(health.live().ok, true)
})

test('devices whose values all come by themselves are not polled, and nobody misses that', async (t) => {
  const { type } = createSteeredDevice()
  const subscribed: typeof type = {
    ...type,
    create: (options, context) => ({
      ...type.create(options, context),
      subscribes: () => true,
      subscribe: (_points, _emit, signal) => once(signal, 'abort').then(() => undefined),
    }),
  }
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'press-1', type: subscribed, tags: [{ name: 'level' }], everyMs: 200 }],
  })
  await eventually('running', () => gateway.polling.device('press-1')!.state === 'Running')
  await eventually('nothing waits for the disk', () => gateway.store.info().pendingRows === 0)
  const clock = new VirtualClock()
  const health = createHealth({ ...gateway, clock })
  t.after(() => health.close())
  await clock.advance(3_600_000)
  assert.deepEqual([health.live().ok, health.progress().ok], [true, true])
})

test('a commit of the log that neither ends nor fails takes the watchdog its food; one that fails does not, and is counted when it is over', async (t) => {
  const gateway = await startTestGateway(t, { devices: [] })
  const clock = new VirtualClock()
  const info = gateway.store.info()
  let now: Partial<typeof info> = {}
  const store = { ...gateway.store, info: () => ({ ...info, ...now }) }
  const health = createHealth({ ...gateway, clock, store })
  t.after(() => health.close())
  const failed = (): string[] =>
    health
      .progress()
      .checks.filter(({ ok }) => !ok)
      .map(({ name }) => name)
  now = { pendingRows: 5 }
  await clock.advance(20_000)
  assert.deepEqual(failed(), [])
  await clock.advance(20_000)
  assert.deepEqual(failed(), ['log-commit'])
  assert.deepEqual([health.live().ok, health.ready().ok], [true, false], 'no reason to kill by livez, and not ready')
  now = { pendingRows: 5, failed: 'no space left' }
  await clock.advance(3_600_000)
  assert.deepEqual(failed(), [], 'a full disk is as full after a restart')
  assert.equal(health.ready().ok, false)
  now = {}
  await clock.advance(2000)
  assert.deepEqual([health.ready().ok, gateway.restarts.of('log', 'write-failed')], [true, 1])
})

test('a broker that is away wants attention and is not 503; since when stays until it changes', async (t) => {
  const gateway = await startTestGateway(t, { devices: [] })
  const clock = new VirtualClock()
  const away = { name: 'plant', state: 'Failed', stateSince: 5, reason: 'connection refused' }
  let status = { ...away, state: 'Running', reason: null as string | null }
  const health = createHealth({ ...gateway, clock, runners: [{ status: () => status }] as never })
  t.after(() => health.close())
  const sinks = () => health.ready().checks.find(({ name }) => name === 'sinks')!
  assert.deepEqual([sinks().detail, sinks().attention], ['1 of 1 run', undefined])
  await clock.advance(60_000)
  const before = sinks().since
  status = away
  await clock.advance(60_000)
  const { detail, attention, since } = sinks()
  assert.deepEqual([detail, attention], ['0 of 1 run; plant is Failed: connection refused', true])
  assert.ok(since! > before! && since! <= clock.now() - 55_000, 'noticed without being asked')
  await clock.advance(60_000)
  assert.equal(sinks().since, since)
  assert.equal(health.ready().ok, true)
  const own = health.ready().checks.find(({ name }) => name === 'sink/plant')!
  assert.deepEqual([own.isPrivate, own.since], [true, 5])
})

test(
  'handles that leak are seen at four fifths of the limit, and not any more when they are closed',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const taken: Socket[] = []
    server.on('connection', (socket) => taken.push(socket))
    const leaked: Socket[] = []
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    const closeAll = (): void => [...leaked, ...taken].forEach((socket) => socket.destroy())
    t.after(closeAll)
    for (let at = 0; at < 40; at++) leaked.push(connect(port, '127.0.0.1'))
    await eventually('all are taken', () => taken.length === 40)
    const { used } = (await openFilesNow())!
    assert.ok(used >= 80, `${used} of 40 pairs`)
    const limit = Math.ceil(used / 0.85)
    const [check] = openFilesCheck({ used, limit })
    assert.deepEqual([check!.ok, check!.attention], [true, true])
    closeAll()
    // Other tests of this file may still be closing theirs.
    await eventually('all are closed', async () => (await openFilesNow())!.used <= used - 80)
    const after = (await openFilesNow())!.used
    assert.deepEqual(
      openFilesCheck({ used: after, limit }).map(({ attention }) => attention),
      [undefined],
    )
    assert.equal(await openFilesNow('/nowhere'), undefined)
  },
)
