import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually } from '../testing/peers.ts'
import { createSteeredDevice } from '../testing/steered-driver.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createHealth } from './health.ts'

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
