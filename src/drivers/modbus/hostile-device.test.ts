/** What hostile devices do to their tags, through the real polling on a virtual clock: how soon values come, and what is said meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultAt, startPlant } from '../../testing/modbus-plant.ts'

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index)
/** Each in a request of its own. */
const apart = (count: number): number[] => range(count).map((index) => index * 200)

test('a search in one block does not keep the other blocks of its poll waiting', async () => {
  const plant = startPlant({ addresses: [...range(100), 1000, 2000], answerMs: () => 100 })
  plant.device.fault = faultAt({ exception: 2 }, 20, 60)
  await plant.clock.advance(60_000)
  assert.deepEqual(plant.device.requests.slice(0, 3), ['0+100', '1000+1', '2000+1'])
  assert.equal(plant.good(), 100)
  await plant.stop()
})

test('a register that is never answered costs its neighbours one cycle without values, not four', async () => {
  const plant = startPlant({ addresses: range(13), options: { timeout: '200ms' } })
  plant.device.fault = faultAt({ silent: true }, 5)
  await plant.clock.advance(1500)
  assert.equal(plant.good(), 0)
  await plant.clock.advance(1500)
  assert.ok(plant.good() >= 9, `${plant.good()} good values in the second cycle`)
  await plant.clock.advance(1000)
  assert.equal(plant.good(), 12)
  assert.match(plant.reasonOf(5)!, /^hr:5 = 40006: the device does not answer; next try at/)
  assert.deepEqual([plant.device.connections, plant.session.stats.reconnects], [1, 0])
  await plant.stop()
})

test('one lost packet costs one cycle and three requests more', async () => {
  const plant = startPlant({ addresses: range(13), options: { timeout: '200ms' } })
  await plant.clock.advance(2500)
  plant.device.fault = () => ({ silent: true })
  await plant.clock.advance(1000)
  assert.deepEqual([plant.good(), plant.session.state], [0, 'Running'])
  plant.device.fault = undefined
  plant.device.requests.length = 0
  await plant.clock.advance(1000)
  assert.equal(plant.good(), 13)
  assert.deepEqual(plant.device.requests, ['0+1', '0+7', '7+6', '0+13'])
  plant.device.requests.length = 0
  await plant.clock.advance(2000)
  assert.deepEqual(plant.device.requests, ['0+13', '0+13'])
  assert.equal(plant.session.profile(), undefined)
  await plant.stop()
})

test('a dead device of forty blocks costs its line three time-outs a poll, not forty', async () => {
  const plant = startPlant({ addresses: apart(40), options: { timeout: '2s' } })
  await plant.clock.advance(4500)
  assert.equal(plant.good(), 40)
  plant.device.fault = () => ({ silent: true })
  plant.device.requests.length = 0
  await plant.clock.advance(10_000)
  assert.equal(plant.good(), 0, 'no value is called good for longer than three time-outs')
  assert.ok(plant.device.requests.length <= 5, `${plant.device.requests.length} requests in ten seconds`)
  await plant.clock.advance(10_000)
  assert.equal(plant.session.state, 'Failed')
  plant.device.fault = undefined
  await plant.clock.advance(30_000)
  assert.equal(plant.good(), 40)
  await plant.stop()
})
