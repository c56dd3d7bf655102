/** Blocks that a device does not read as a whole: no neighbour loses a value, the bad register is named, the rest costs nothing more. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import type { Clock } from '../../core/clock.ts'
import { isUnfinished, type LearnedStore } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import type { Fault } from '../../protocols/modbus/index.ts'
import { pointsOf, readAll, tagOf, testContext } from '../../testing/driver-suite.ts'
import { connectTo, outcomes, registers, startDevice, type Device } from '../../testing/modbus-device.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal
const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index)

/** The machine's time, and what a test adds to it. */
function leapingClock(): Clock & { leap(ms: number): void } {
  let ahead = 0
  return {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    leap(ms) {
      ahead += ms
    },
  }
}

/** Refuses to read any of these registers. */
const without =
  (fault: Fault, ...bad: number[]): NonNullable<Device['fault']> =>
  (_, __, address, count) =>
    bad.some((register) => address <= register && register < address + count) ? fault : undefined

/** A device and a driver that reads these holding registers; `cycle` gives outcomes and requests of one poll. */
async function rig(
  t: TestContext,
  addresses: readonly number[],
  options: Record<string, unknown> = {},
  store?: LearnedStore,
) {
  const device = await startDevice(t)
  const clock = leapingClock()
  // Longer than a machine that is busy needs for an answer: only tests of silence wait for it.
  const open = () =>
    connectTo(
      t,
      device,
      { timeout: '5s', ...options },
      { ...testContext(), clock, ...(store === undefined ? {} : { learned: store }) },
    )
  const prepare = (driver: Awaited<ReturnType<typeof open>>) =>
    driver.prepare(pointsOf(modbus, registers(...addresses)))
  const driver = await open()
  let poll = prepare(driver)
  const cycle = async () => {
    device.requests.length = 0
    const values = outcomes(await readAll(poll))
    return { values, requests: [...device.requests] }
  }
  /** A gateway that was started anew. */
  const restart = async () => {
    poll = prepare(await open())
  }
  return { device, clock, driver, cycle, restart }
}

/** Keeps what it was given, as a file would. */
function memoryStore(): LearnedStore & { kept: string | undefined; saves: number } {
  return {
    kept: undefined,
    saves: 0,
    load() {
      return this.kept === undefined ? undefined : JSON.parse(this.kept)
    },
    save(profile) {
      this.saves++
      this.kept = profile === undefined ? undefined : JSON.stringify(profile)
    },
  }
}

test('a bad register costs no neighbour its value, and no request once it is known', async (t) => {
  const { device, cycle, driver, clock } = await rig(t, range(5, 1))
  device.fault = without({ exception: 2 }, 3)
  const values = [1, 2, 'BadConfigurationError', 4, 5]
  const first = await cycle()
  assert.deepEqual(first.values, values)
  assert.deepEqual(
    first.requests,
    ['1: 0300010005', '1: 0300010003', '1: 0300040002', '1: 0300010002', '1: 0300030001'],
    'the block, then halves of what is refused',
  )
  for (let polls = 0; polls < 3; polls++) {
    assert.deepEqual(await cycle(), { values, requests: ['1: 0300010002', '1: 0300040002'] })
  }
  const reason = driver.reasonOf!(3)!
  assert.match(
    reason,
    /^hr:3 = 40004: the device answers exception 02 \(illegal data address\); next try at \d\d:\d\d:\d\d UTC/,
  )
  assert.equal(driver.reasonOf!(2), undefined)
  device.fault = undefined
  assert.deepEqual((await cycle()).values, values, 'not before its time')
  clock.leap(41_000)
  const back = await cycle()
  assert.deepEqual(back.values, [1, 2, 3, 4, 5], 'it comes back by itself')
  assert.deepEqual(back.requests, ['1: 0300010002', '1: 0300040002', '1: 0300030001'])
  assert.deepEqual(await cycle(), { values: [1, 2, 3, 4, 5], requests: ['1: 0300010005'] })
  assert.equal(driver.reasonOf!(3), undefined)
  assert.equal(driver.profile!(), undefined, 'nothing is left to know')
})

test('a register that stays bad is tried alone after pauses that double', async (t) => {
  const { device, clock, cycle } = await rig(t, range(3))
  device.fault = without({ exception: 2 }, 1)
  await cycle()
  const tries: number[] = []
  for (let second = 0; second < 500; second++) {
    clock.leap(1000)
    const { values, requests } = await cycle()
    assert.deepEqual(values, [0, 'BadConfigurationError', 2])
    if (requests.length > 2) tries.push(second)
  }
  assert.ok(tries.length >= 3 && tries.length <= 5, `tried at ${tries.join(', ')} s`)
  assert.ok(tries[0]! >= 19 && tries[0]! <= 41, `first at ${tries[0]} s`)
  assert.ok(tries[2]! - tries[1]! > tries[0]!, `at ${tries.join(', ')} s`)
})

test('one bad register of a hundred is found with a handful of requests', async (t) => {
  const { device, cycle } = await rig(t, range(100))
  device.fault = without({ exception: 2 }, 77)
  const values = range(100).map((address) => (address === 77 ? 'BadConfigurationError' : address))
  const first = await cycle()
  assert.deepEqual(first.values, values)
  assert.ok(first.requests.length <= 16, `${first.requests.length} requests`)
  const second = await cycle()
  assert.deepEqual([second.values, second.requests.length], [values, 2])
})

test('several tags that read one bad register are one try, and each says why', async (t) => {
  const device = await startDevice(t)
  device.fault = without({ exception: 3 }, 4)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, [tagOf('hr:4.0', 'bool'), tagOf('hr:4.9', 'bool'), ...registers(3, 4)]))
  const values = ['BadOutOfRange', 'BadOutOfRange', 3, 'BadOutOfRange']
  assert.deepEqual(outcomes(await readAll(poll)), values)
  assert.deepEqual(device.requests, ['1: 0300030002', '1: 0300030001', '1: 0300040001'])
  assert.deepEqual(outcomes(await readAll(poll)), values)
  for (const tag of [1, 2, 4]) assert.match(driver.reasonOf!(tag)!, /^hr:4 = 40005: .* exception 03/)
})

test('on a slow line a search goes on in the next poll, so that no poll takes a minute', async (t) => {
  const { device, clock, cycle, driver } = await rig(t, range(8, 1))
  device.fault = (_, __, address, count) => {
    clock.leap(4000)
    return count > 1 || address === 3 ? { exception: 2 } : undefined
  }
  const first = await cycle()
  assert.deepEqual(first.values.slice(4), range(4).map(() => 'BadWaitingForInitialData')) // prettier-ignore
  assert.ok(first.requests.length <= 6, `${first.requests.length} requests`)
  const reason =
    /^hr:1…8 = 40002…40009 together: the device answers exception 02 .*; which of them is at fault is being found out\.$/
  assert.match(driver.reasonOf!(8)!, reason)
  for (let polls = 0; polls < 8; polls++) await cycle()
  assert.equal(driver.reasonOf!(8), undefined)
  const { values, requests } = await cycle()
  assert.deepEqual(values, [1, 2, 'BadConfigurationError', 4, 5, 6, 7, 8])
  assert.ok(requests.length <= 8, `${requests.length} requests`)
})

test('a device that reads fewer registers at once than the block has is asked for as many as it can', async (t) => {
  const { device, cycle, driver } = await rig(t, range(23))
  device.fault = (_, __, ___, count) => (count > 10 ? { exception: 3 } : undefined)
  for (let polls = 0; polls < 6; polls++) assert.deepEqual((await cycle()).values, range(23))
  assert.deepEqual((await cycle()).requests, ['1: 030000000a', '1: 03000a000a', '1: 0300140003'])
  const view = driver.profile!() as { summary: string[] }
  assert.deepEqual(view.summary, [
    'Unit 1, holding registers: at most 10 registers in one request (the device answers exception 03 (illegal data value)).',
  ])
})

test('a hole between two tags that the device refuses to read along is left out from then on', async (t) => {
  const { device, cycle, driver } = await rig(t, [1, 2, 5])
  device.fault = without({ exception: 2 }, 3)
  assert.deepEqual((await cycle()).values, [1, 2, 5])
  assert.deepEqual(await cycle(), { values: [1, 2, 5], requests: ['1: 0300010002', '1: 0300050001'] })
  const view = driver.profile!() as { summary: string[] }
  assert.match(view.summary[0]!, /hr:3…4 break a request that reads them along/)
})

test('a register that is never answered: from the second cycle on it is searched among those that are, and neighbours live on', async (t) => {
  const { device, cycle, driver } = await rig(t, range(13), { timeout: '150ms' })
  device.fault = without({ silent: true }, 9)
  const allSilent = range(13).map(() => 'BadTimeout')
  assert.deepEqual((await cycle()).values, allSilent)
  const searching = await cycle()
  assert.ok(searching.values.filter((value) => typeof value === 'number').length >= 7, searching.values.join())
  for (let polls = 0; polls < 3; polls++) {
    const { requests } = await cycle()
    assert.ok(requests.length <= 9, `${requests.length} requests`)
  }
  const values = range(13).map((address) => (address === 9 ? 'BadTimeout' : address))
  assert.deepEqual(await cycle(), { values, requests: ['1: 0300000009', '1: 03000a0003'] })
  assert.match(driver.reasonOf!(10)!, /^hr:9 = 40010: the device does not answer; next try/)
  assert.equal(device.server.stats.connections, 1)
})

test('a block that is never answered beside one that is: its registers are looked at one by one', async (t) => {
  const { device, cycle } = await rig(t, [1, 50, 51, 52], { timeout: '150ms' })
  device.fault = without({ silent: true }, 50, 51)
  for (let polls = 0; polls < 12; polls++) assert.equal((await cycle()).values[0], 1)
  assert.deepEqual(await cycle(), {
    values: [1, 'BadTimeout', 'BadTimeout', 52],
    requests: ['1: 0300010001', '1: 0300340001'],
  })
})

test('a device that is silent altogether costs one time-out a cycle, and all values are back with its first answer', async (t) => {
  const { device, cycle, driver } = await rig(t, range(13), { timeout: '150ms' })
  device.fault = () => ({ silent: true })
  for (let polls = 0; polls < 8; polls++) {
    const { values, requests } = await cycle()
    assert.deepEqual([values, requests.length], [range(13).map(() => 'BadTimeout'), 1])
  }
  device.fault = undefined
  assert.deepEqual((await cycle()).values, range(13))
  assert.deepEqual(await cycle(), { values: range(13), requests: ['1: 030000000d'] })
  assert.equal(driver.profile!(), undefined)
})

test('searches take two time-outs of a cycle at most, however many registers are silent', async (t) => {
  const { device, cycle } = await rig(t, range(24), { timeout: '60ms' })
  const isBad = (address: number, count: number) => range(count, address).some((at) => at % 3 === 1)
  let silent = 0
  device.fault = (_, __, address, count) => {
    if (!isBad(address, count)) return undefined
    silent++
    return { silent: true }
  }
  const found: number[] = []
  for (let polls = 0; polls < 20; polls++) {
    silent = 0
    await cycle()
    found.push(silent)
  }
  // The first one is the block itself; a value that is asked for to see whether the unit is there may be a silent one.
  assert.ok(Math.max(...found) <= 3, found.join(' '))
  assert.ok(found.includes(2), found.join(' '))
})

test('a device that falls silent while a bad register is searched: silence says nothing about registers', async (t) => {
  const { device, cycle, driver } = await rig(t, range(5, 1), { timeout: '150ms' })
  let left = 5
  device.fault = (_, __, ___, count) => (left-- <= 0 ? { silent: true } : count > 1 ? { exception: 2 } : undefined)
  const { values, requests } = await cycle()
  assert.deepEqual(values, ['BadTimeout', 'BadTimeout', 3, 'BadTimeout', 'BadTimeout'])
  assert.equal(requests.length, 7, 'four refused, register 3, the time-out, and register 3 once more: nobody is there')
  device.fault = undefined
  assert.deepEqual((await cycle()).values, [1, 2, 3, 4, 5])
  assert.deepEqual(await cycle(), { values: [1, 2, 3, 4, 5], requests: ['1: 0300010005'] })
  assert.equal(driver.profile!(), undefined)
})

test('a device that fails as a whole (exception 04) is not searched; one that fails for one register is', async (t) => {
  const { device, cycle } = await rig(t, range(5))
  device.fault = () => ({ exception: 4 })
  for (let polls = 0; polls < 8; polls++) {
    const { values, requests } = await cycle()
    assert.deepEqual([values, requests.length], [range(5).map(() => 'BadDeviceFailure'), 1])
  }
  device.fault = undefined
  assert.deepEqual((await cycle()).values, range(5))
  device.fault = without({ exception: 4 }, 2)
  for (let polls = 0; polls < 6; polls++) await cycle()
  assert.deepEqual(await cycle(), {
    values: [0, 1, 'BadDeviceFailure', 3, 4],
    requests: ['1: 0300000002', '1: 0300030002'],
  })
})

test('a busy device (exception 06) is never searched', async (t) => {
  const { device, cycle, driver } = await rig(t, range(5))
  device.fault = () => ({ exception: 6 })
  for (let polls = 0; polls < 6; polls++) {
    const { values, requests } = await cycle()
    assert.deepEqual([values, requests.length], [range(5).map(() => 'BadResourceUnavailable'), 1])
  }
  device.fault = undefined
  assert.deepEqual((await cycle()).values, range(5))
  assert.equal(driver.profile!(), undefined)
})

test('what was read before the connection was lost stays, and the next connection begins a new cycle', async (t) => {
  const device = await startDevice(t)
  // oxlint-disable-next-line unicorn/no-thenable -- it is a word of the server's faults, nothing awaits it
  const lost: Fault = { silent: true, then: 'reset' }
  device.fault = (_, __, address, count) => (count > 1 ? { exception: 2 } : address > 2 ? lost : undefined)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4)))
  const values: unknown[] = []
  await assert.rejects(async () => {
    while (isUnfinished(await poll.read(0, (batch) => values.push(...[...batch].map(({ value }) => value)), signal)));
  }, NotConnectedError)
  assert.deepEqual(values, [1, 2])
  device.fault = undefined
  await driver.connect(signal)
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3, 4])
})

test('a cycle that was cut off between two requests is not continued on the next connection', async (t) => {
  const { device, driver } = await rig(t, [])
  device.fault = without({ exception: 2 }, 3)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4)))
  for (let asked = 0; asked < 2; asked++) assert.equal(await poll.read(0, () => undefined, signal), 'again')
  await driver.connect(signal)
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 'BadConfigurationError', 4])
})

test('after a restart the first cycle needs no search: it asks what the last one asked', async (t) => {
  const store = memoryStore()
  const { device, cycle, restart } = await rig(t, [...range(30), 33, 34], {}, store)
  device.fault = (request, code, address, count) =>
    count > 10 ? { exception: 3 } : without({ exception: 2 }, 7, 31)(request, code, address, count)
  for (let polls = 0; polls < 8; polls++) await cycle()
  const settled = await cycle()
  assert.deepEqual(settled.requests, [
    '1: 0300000007',
    '1: 030008000a',
    '1: 030012000a',
    '1: 03001c0002',
    '1: 0300210002',
  ])
  const { saves } = store
  for (let polls = 0; polls < 3; polls++) await cycle()
  assert.equal(store.saves, saves, 'saved only when it changed')
  await restart()
  assert.deepEqual(await cycle(), settled)
})

test('a profile that does not fit the device any more is corrected by what the device says', async (t) => {
  const store = memoryStore()
  const { device, cycle, restart, clock } = await rig(t, range(12), {}, store)
  device.fault = (request, code, address, count) =>
    count > 4 ? { exception: 3 } : without({ exception: 2 }, 2, 9)(request, code, address, count)
  for (let polls = 0; polls < 6; polls++) await cycle()
  device.fault = without({ exception: 2 }, 5)
  await restart()
  const other = range(12).map((address) => (address === 5 ? 'BadConfigurationError' : address))
  const first = (await cycle()).values
  assert.equal(first[5], 'BadConfigurationError', 'what it refuses now')
  clock.leap(41_000)
  for (let polls = 0; polls < 5; polls++) await cycle()
  assert.deepEqual(await cycle(), { values: other, requests: ['1: 0300000005', '1: 0300060006'] })
  assert.doesNotMatch(store.kept!, /"refused":5/)
})

test('a profile that cannot be read is begun anew; without `learn` none is kept', async (t) => {
  const store = memoryStore()
  store.kept = '{"version":1,"tables":[{"unit":"x"}]}'
  const { device, cycle, driver } = await rig(t, range(3), {}, store)
  device.fault = without({ exception: 2 }, 1)
  assert.deepEqual((await cycle()).values, [0, 'BadConfigurationError', 2])
  assert.match(store.kept, /"offset":1/)
  driver.forget!()
  assert.equal(store.kept, undefined)
  const kept = memoryStore()
  const off = await rig(t, range(3), { learn: false }, kept)
  off.device.fault = without({ exception: 2 }, 1)
  await off.cycle()
  assert.equal(kept.saves, 0)
})

test('a register that was written is tried at once', async (t) => {
  const { device, cycle, driver } = await rig(t, range(3))
  device.fault = (request, code, address, count) =>
    code === 3 ? without({ exception: 2 }, 1)(request, code, address, count) : undefined
  await cycle()
  device.fault = undefined
  const [point] = pointsOf(modbus, registers(1))
  await driver.write([{ point: point!, value: 77 }], signal)
  assert.deepEqual((await cycle()).values, [0, 77, 2])
})

test('what the line bears is kept with the profile, and a restart begins with it', async (t) => {
  const store = memoryStore()
  store.kept = JSON.stringify({ version: 1, tables: [], line: { inFlight: 5, connections: 1 } })
  const device = await startDevice(t)
  const limits: number[] = []
  const limitInFlight = (limit: number) => limits.push(limit)
  const options = { maxInFlight: 8 }
  const driver = await connectTo(t, device, options, { ...testContext(), learned: store, limitInFlight })
  assert.deepEqual(limits, [5])
  const { summary } = driver.profile!() as { summary: string[] }
  assert.deepEqual(summary, ['The line bears 5 requests at once on 1 connection.'])
  driver.forget!()
  assert.doesNotMatch(store.kept ?? '', /"inFlight":5/)
})

test('somebody who waits for a value gets a try, however long the pauses of the polls have grown', async (t) => {
  const { device, cycle, driver } = await rig(t, [...range(10), 40, 41])
  device.fault = without({ exception: 2 }, 3, 5, 40, 41)
  for (let polls = 0; polls < 3; polls++) await cycle()
  device.fault = without({ exception: 2 }, 5)
  const now = () => readAll(driver.prepare(pointsOf(modbus, registers(3, 5, 40, 41)), true))
  assert.deepEqual(outcomes(await now()), [3, 'BadConfigurationError', 40, 41])
  device.fault = () => ({ exception: 2 })
  await cycle()
  device.fault = undefined
  assert.deepEqual(outcomes(await now()), [3, 5, 40, 41])
})

test('a profile that calls a bad register good is not believed: no value is shown that was not read', async (t) => {
  const store = memoryStore()
  const bad = { offset: 1, length: 1, kind: 'address', status: 0, evidence: 'x', at: 0 }
  store.kept = JSON.stringify({ version: 1, tables: [{ unit: 1, table: 'hr', breaks: [], bad: [bad] }] })
  const { device, cycle } = await rig(t, range(3), {}, store)
  device.fault = without({ exception: 2 }, 1)
  assert.deepEqual((await cycle()).values, [0, 'BadConfigurationError', 2])
})

test('what an earlier run left out and no tag reads any more is forgotten, not tried for ever', async (t) => {
  const store = memoryStore()
  const bad = (offset: number) => ({ offset, length: 1, kind: 'address', status: 0x80890000, evidence: 'x', at: 0 })
  const table = { unit: 1, table: 'hr', breaks: [], bad: [bad(1), bad(4)] }
  store.kept = JSON.stringify({ version: 1, tables: [table] })
  const device = await startDevice(t)
  const driver = modbus.create(modbus.options.parse(device.options), { ...testContext(), learned: store })
  t.after(() => driver.close())
  const poll = driver.prepare(pointsOf(modbus, registers(3, 4, 5)))
  await driver.connect(signal)
  assert.deepEqual(outcomes(await readAll(poll)), [3, 'BadConfigurationError', 5])
  assert.doesNotMatch(store.kept, /"offset":1,/)
  assert.match(store.kept, /"offset":4,/)
})
