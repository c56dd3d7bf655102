/** What hostile devices do to their tags, through the real polling on a virtual clock: how soon values come, and what is said meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../simulators/plant/random.ts'
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
  assert.match(
    plant.reasonOf(5)!,
    /^hr:0…12 = .* the device does not answer; which of them is at fault is being found out/,
  )
  await plant.clock.advance(3000)
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

for (const [loss, hours] of [
  [0.02, 3],
  [0.1, 1],
  [0.25, 1],
] as const) {
  test(`a network that loses ${loss * 100} % of the requests for ${hours} hours teaches nothing, and afterwards all is as before`, async () => {
    const plant = startPlant({ addresses: [...range(40), 100, 101, 102, 300], options: { timeout: '200ms' } })
    const { next } = createRandom(7)
    plant.device.fault = () => (next() < loss ? { silent: true } : undefined)
    const cycles = hours * 3600
    let good = 0
    let learned = 0
    for (let cycle = 0; cycle < cycles; cycle++) {
      await plant.clock.advance(1000)
      good += plant.good()
      if (plant.session.profile() !== undefined) learned++
    }
    // One in a hundred thousand judgements may be wrong, and is taken back within the minute.
    assert.ok(learned <= cycles / 100, `something false was known in ${learned} of ${cycles} cycles`)
    assert.ok(good / cycles / 44 > 1 - 1.5 * loss, `${good / cycles} of 44 values good`)
    assert.ok(plant.device.requests.length / cycles <= 3 + 14 * loss, `${plant.device.requests.length} requests`)
    plant.device.fault = undefined
    await plant.clock.advance(60_000)
    assert.deepEqual([plant.good(), plant.session.state, plant.session.profile()], [44, 'Running', undefined])
    plant.device.requests.length = 0
    await plant.clock.advance(1000)
    assert.equal(plant.device.requests.length, 3)
    await plant.stop()
  })
}

test('a register that is never answered is named on a network that loses a quarter of the requests too', async () => {
  const plant = startPlant({ addresses: range(40), options: { timeout: '200ms' } })
  const { next } = createRandom(11)
  const never = faultAt({ silent: true }, 17)
  plant.device.fault = (address, count) => (next() < 0.25 ? { silent: true } : never(address, count))
  const named = /^hr:17 = 40018: the device does not answer; next try at/
  // Which of the requests are lost depends on who asks first: two minutes are the rule, not the bound.
  for (let minute = 0; minute < 5 && !named.test(plant.reasonOf(17) ?? ''); minute++) await plant.clock.advance(60_000)
  assert.match(plant.reasonOf(17)!, named)
  const others = range(40).filter((address) => address !== 17)
  assert.ok(others.every((address) => !(plant.reasonOf(address) ?? '').includes('next try')))
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

test('a device that refuses everything for half an hour is read again within seconds of coming back, whatever the pauses have grown to', async () => {
  for (const addresses of [[7], range(100), apart(30)]) {
    const plant = startPlant({ addresses })
    await plant.clock.advance(5000)
    plant.device.fault = () => ({ exception: 2 })
    await plant.clock.advance(1_800_000)
    assert.equal(plant.good(), 0)
    assert.match(
      plant.reasonOf(addresses[0]!)!,
      /the device answers exception 02 \(illegal data address\); nothing of unit 1 was read since 10:00:0\d UTC, so that one value after the other is tried, every 10 s\.$/,
    )
    plant.device.requests.length = 0
    await plant.clock.advance(600_000)
    assert.ok(plant.device.requests.length <= 61, `${plant.device.requests.length} requests in ten minutes`)
    plant.device.fault = undefined
    await plant.clock.advance(15_000)
    assert.equal(plant.good(), addresses.length)
    assert.deepEqual([plant.session.state, plant.device.connections], ['Running', 1])
    plant.device.requests.length = 0
    await plant.clock.advance(1000)
    assert.equal(plant.device.requests.length, addresses.length === 30 ? 30 : 1, 'nothing is left of it')
    await plant.stop()
  }
})

test('a register that is left out is not tried while the unit answers nothing', async () => {
  const plant = startPlant({ addresses: range(13), options: { timeout: '200ms' } })
  plant.device.fault = faultAt({ exception: 2 }, 5)
  await plant.clock.advance(15_000)
  plant.device.fault = () => ({ exception: 4 })
  plant.device.requests.length = 0
  await plant.clock.advance(120_000)
  assert.ok(!plant.device.requests.includes('5+1'))
  assert.equal(plant.last.get(5), 'BadConfigurationError')
  await plant.stop()
})

test('every request counts in the figures, those of a search too, each as what became of it', async () => {
  const plant = startPlant({ addresses: [...range(13), 500], options: { timeout: '200ms' } })
  let silent = 0
  let refused = 0
  plant.device.fault = (address, count) => {
    const fault = faultAt({ silent: true }, 5)(address, count) ?? faultAt({ exception: 2 }, 9)(address, count)
    if (fault?.silent === true) silent++
    else if (fault !== undefined) refused++
    return fault
  }
  await plant.clock.advance(60_500)
  const { requestsOk, requestsFailed, requestsTimeout } = plant.session.stats
  const asked = plant.device.requests.length
  assert.ok(silent >= 4 && refused >= 2, `${silent} silent, ${refused} refused`)
  assert.deepEqual([requestsTimeout + requestsFailed + requestsOk, requestsTimeout], [asked, silent])
  assert.deepEqual([requestsFailed, requestsOk], [refused, asked - silent - refused])
  await plant.stop()
})

test('a limit and a gap that new firmware lifts are noticed within a day, at the cost of a request each, and no value is lost', async () => {
  const plant = startPlant({ addresses: [...range(35), ...range(20, 38)], everyMs: 60_000 })
  const old = (address: number, count: number) =>
    count > 10 ? { exception: 3 as const } : faultAt({ exception: 2 }, 36)(address, count)
  plant.device.fault = old
  await plant.clock.advance(1_800_000)
  const settled = plant.device.requests.slice(-6)
  plant.device.requests.length = 0
  await plant.clock.advance(86_400_000)
  const more = plant.device.requests.length - (86_400_000 / 60_000) * settled.length
  assert.ok(more >= 2 && more <= 8, `${more} requests more in a day`)
  assert.equal(plant.good(), 55)
  plant.device.fault = undefined
  await plant.clock.advance(90_000_000)
  assert.deepEqual([plant.session.profile(), plant.device.requests.at(-1), plant.good()], [undefined, '0+58', 55])
  await plant.stop()
})

test('forgetting in the middle of a search, or losing the connection there, loses nothing: each bad register is named in the end', async () => {
  const bad = [3, 20, 21, 77]
  for (let at = 1000; at < 3000; at += 90) {
    const plant = startPlant({ addresses: range(100), answerMs: () => 40 })
    plant.device.fault = faultAt({ exception: 2 }, ...bad)
    await plant.clock.advance(at)
    if (at % 180 === 0) plant.server.dropConnections('reset')
    plant.session.forget()
    await plant.clock.advance(12_000)
    const named = [...plant.last].filter(([, status]) => status === 'BadConfigurationError').map(([address]) => address)
    assert.deepEqual([named.sort((a, b) => a - b), plant.good()], [bad, 96], `at ${at} ms`)
    for (const address of bad) assert.match(plant.reasonOf(address)!, /answers exception 02.*next try at/)
    assert.match(
      plant.session.reason!,
      /^4 points of meter are bad, out of 100 .*The first is hr:3: BadConfigurationError/,
    )
    await plant.stop()
  }
})

test('of a device that refused everything all but one register come back: the one that stays bad does not stand before the others', async () => {
  const plant = startPlant({ addresses: range(20) })
  plant.device.fault = () => ({ exception: 2 })
  await plant.clock.advance(1_800_000)
  plant.device.fault = faultAt({ exception: 2 }, 0)
  await plant.clock.advance(25_000)
  assert.equal(plant.good(), 19)
  assert.match(plant.reasonOf(0)!, /^hr:0 = 40001: the device answers exception 02 .*; next try at/)
  await plant.stop()
})

for (const how of ['close', 'reset'] as const) {
  test(`a register over which the device ends the connection (${how}) costs its neighbours a few reconnects, not their values for ever`, async () => {
    const plant = startPlant({ addresses: [...range(13), 500] })
    // oxlint-disable-next-line unicorn/no-thenable -- it is a word of the server's faults, nothing awaits it
    plant.device.fault = faultAt({ silent: true, then: how }, 7)
    await plant.clock.advance(60_000)
    assert.equal(plant.good(), 13)
    assert.match(plant.reasonOf(7)!, /^hr:7 = 40008: the device cuts the connection; next try at/)
    assert.equal(plant.last.get(7), 'BadNoCommunication')
    const { connections } = plant.device
    assert.ok(connections <= 20, `${connections} connections`)
    assert.equal(plant.session.state, 'Degraded')
    await plant.clock.advance(3_600_000)
    assert.ok(plant.device.connections - connections <= 8, `${plant.device.connections - connections} in an hour`)
    plant.device.fault = undefined
    await plant.clock.advance(3_600_000)
    assert.deepEqual([plant.good(), plant.session.profile(), plant.session.state], [14, undefined, 'Running'])
    await plant.stop()
  })
}

test('a block over which the device ends the connection does not keep the blocks behind it from their values', async () => {
  const plant = startPlant({ addresses: [7, 200, 400] })
  // oxlint-disable-next-line unicorn/no-thenable -- it is a word of the server's faults, nothing awaits it
  plant.device.fault = faultAt({ silent: true, then: 'close' }, 7)
  let good = 0
  for (let second = 0; second < 60; second++) {
    await plant.clock.advance(1000)
    good += plant.good()
  }
  assert.equal(plant.good(), 2)
  assert.ok(good >= 2 * 45, `${good} good values in 60 s`)
  await plant.stop()
})

test('a device that ends every connection at the first request teaches nothing, and is read again when it stops that', async () => {
  const plant = startPlant({ addresses: [...range(13), 200, 400] })
  await plant.clock.advance(5000)
  // oxlint-disable-next-line unicorn/no-thenable -- it is a word of the server's faults, nothing awaits it
  plant.device.fault = () => ({ silent: true, then: 'close' })
  await plant.clock.advance(600_000)
  assert.deepEqual([plant.good(), plant.session.profile(), plant.session.state], [0, undefined, 'Failed'])
  plant.device.fault = undefined
  await plant.clock.advance(35_000)
  assert.deepEqual([plant.good(), plant.session.state], [15, 'Running'])
  await plant.stop()
})

test('a device that ends its connections now and then, whatever is read, teaches nothing', async () => {
  const plant = startPlant({ addresses: [...range(40), 100, 300] })
  const { next } = createRandom(3)
  // oxlint-disable-next-line unicorn/no-thenable -- it is a word of the server's faults, nothing awaits it
  plant.device.fault = () => (next() < 0.02 ? { silent: true, then: 'reset' } : undefined)
  let learned = 0
  for (let second = 0; second < 3600; second++) {
    await plant.clock.advance(1000)
    if (plant.session.profile() !== undefined) learned++
  }
  assert.ok(learned <= 60, `something false was known for ${learned} s`)
  plant.device.fault = undefined
  await plant.clock.advance(60_000)
  assert.deepEqual([plant.good(), plant.session.state], [42, 'Running'])
  await plant.stop()
})

for (const [how, alter, said] of [
  ['replies from unit 0', (frame: Uint8Array) => frame.with(6, 0), /reply is from unit 0, unit 1 was asked/],
  [
    'foreign transaction ids',
    (frame: Uint8Array) => frame.with(0, 0x77),
    /reply has transaction id \d+, \d+ was asked/,
  ],
] as const) {
  test(`a device that answers everything wrongly (${how}): tags and device say what it does`, async () => {
    const plant = startPlant({ addresses: range(3) })
    plant.device.fault = () => ({ alter })
    await plant.clock.advance(3000)
    assert.deepEqual([...plant.last.values()], Array(3).fill('BadUnknownResponse'))
    assert.match(plant.reasonOf(1)!, /^hr:0…2 = 40001…40003: the device answers what does not fit \(/)
    assert.match(plant.reasonOf(1)!, said)
    assert.match(plant.session.reason!, said)
    plant.device.fault = () => ({ silent: true })
    await plant.clock.advance(3000)
    assert.doesNotMatch(plant.reasonOf(1) ?? '', said, 'not what it did before')
    plant.device.fault = undefined
    await plant.clock.advance(60_000)
    assert.deepEqual([plant.good(), plant.reasonOf(1)], [3, undefined])
    await plant.stop()
  })
}
