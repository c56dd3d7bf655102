/** How a SunSpec device is walked: bases, chains, silence, reconnects, and what each costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUnfinished } from '../../../core/driver.ts'
import { openSunSpec, readCycle, readSunSpec, sunSpecPoints } from '../../../testing/sunspec-bench.ts'
import { sunSpecBank, sunSpecImage, type SunSpecImage } from '../../../testing/sunspec-image.ts'
import type { ModbusDevice } from '../device.ts'

const INVERTER = ['sunspec:103.A', 'sunspec:103.W', 'sunspec:103.WH', 'sunspec:103.St', 'sunspec:common.Mn']

test('the walk is one request a turn, at three bases and the places beside them; a known device costs the planned requests', async (t) => {
  for (const base of [40_000, 50_000, 0, 40_001, 39_999, 1]) {
    const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103 }], base))
    const poll = bench.driver.prepare(sunSpecPoints(INVERTER))
    assert.equal(poll.steps, 1)
    let turns = 0
    const signal = AbortSignal.timeout(5000)
    while (isUnfinished(await poll.read(0, () => undefined, signal))) {
      turns++
      assert.ok(bench.requests.length <= turns, `${bench.requests.length} requests in ${turns} turns`)
    }
    bench.requests.length = 0
    const found = await readCycle(poll, INVERTER)
    assert.equal(typeof found.get('sunspec:103.W'), 'number', `base ${base}`)
    // The name, the values with their factors, and the state, which is farther away than `maxGap`.
    assert.equal(bench.requests.length, 3, bench.requests.join(', '))
  }
})

test('two models of the same id are told apart; what is not there is named', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0001' } }, { id: 160, repeats: { module: 3 } }, { id: 103, raw: { St: '0002' } }]) // prettier-ignore
  const bench = await openSunSpec(t, image)
  const addresses = ['sunspec:103.St', 'sunspec:103#2.St', 'sunspec:103#3.St', 'sunspec:160.module[3].ID', 'sunspec:160.module[4].ID', 'sunspec:704.PFWInjEna'] // prettier-ignore
  const found = await readSunSpec(bench, addresses)
  const none = 'BadConfigurationError'
  assert.deepEqual([...found.values()], [1, 2, none, image.expected.get('sunspec:160.module[3].ID'), none, none])
  assert.match(bench.driver.reasonOf?.(3) ?? '', /no model 103#3; it has 1, 103, 160, 103#2/)
  assert.match(bench.driver.reasonOf?.(5) ?? '', /model 160 of this device has 68 registers/)
})

test('a device without the marker is BadConfigurationError, and is not asked again in each cycle', async (t) => {
  const bench = await openSunSpec(t, { base: 0, registers: Array.from({ length: 100 }, () => 0), expected: new Map(), places: new Map() }) // prettier-ignore
  const poll = bench.driver.prepare(sunSpecPoints(INVERTER))
  assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'BadConfigurationError')
  const asked = bench.requests.length
  assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'BadConfigurationError')
  assert.equal(bench.requests.length, asked)
  assert.match(bench.driver.reasonOf?.(2) ?? '', /no marker "SunS" at hr:40000, 50000, 0/)
})

test('a device that falls silent during the walk costs one time-out a cycle, and is walked on when it answers', async (t) => {
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103 }]))
  const poll = bench.driver.prepare(sunSpecPoints(INVERTER))
  bench.fault = (address) => (address === 40_002 ? { silent: true } : undefined)
  assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'BadTimeout')
  const asked = bench.requests.length
  assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'BadTimeout')
  assert.equal(bench.requests.length, asked + 1)
  bench.fault = undefined
  assert.equal(typeof (await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'number')
})

test('after a reconnect the same device costs one request, another one is walked anew', async (t) => {
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0001' } }]))
  const addresses = ['sunspec:103.St']
  const poll = bench.driver.prepare(sunSpecPoints(addresses))
  await readCycle(poll, addresses)
  const reconnect = async () => {
    bench.drop()
    await assert.rejects(readCycle(poll, addresses))
    bench.requests.length = 0
    await bench.driver.connect(AbortSignal.timeout(5000))
  }
  await reconnect()
  assert.equal((await readCycle(poll, addresses)).get('sunspec:103.St'), 1)
  assert.equal(bench.requests.length, 2, bench.requests.join(', '))
  // The new one has another serial number, and a model more before the inverter.
  bench.bank = sunSpecBank(sunSpecImage([{ id: 1, raw: { SN: '4242' } }, { id: 11 }, { id: 103, raw: { St: '0002' } }]))
  await reconnect()
  assert.equal((await readCycle(poll, addresses)).get('sunspec:103.St'), 2)
})

test('behind a gateway or on a serial line a unit that was silent is recognised before its values are believed', async (t) => {
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0001' } }]))
  const addresses = ['sunspec:103.St']
  const poll = bench.driver.prepare(sunSpecPoints(addresses))
  const state = async () => (await readCycle(poll, addresses)).get('sunspec:103.St')
  assert.equal(await state(), 1)
  bench.requests.length = 0
  bench.fault = () => ({ exception: 0x0b })
  assert.equal(await state(), 'BadTimeout')
  bench.fault = undefined
  assert.equal(await state(), 1, 'the same device: one request more')
  assert.equal(bench.requests.length, 4, bench.requests.join(', '))
  assert.equal(await state(), 1)
  assert.equal(bench.requests.length, 5, 'and only once')
  // Another device took its place while the connection stayed: what stood at its registers is not the state any more.
  bench.fault = () => ({ silent: true })
  assert.equal(await state(), 'BadTimeout')
  bench.fault = undefined
  bench.bank = sunSpecBank(sunSpecImage([{ id: 1, raw: { SN: '4242' } }, { id: 11 }, { id: 103, raw: { St: '0002' } }]))
  const values: unknown[] = []
  const signal = AbortSignal.timeout(5000)
  while (isUnfinished(await poll.read(0, (batch) => values.push(...[...batch].map(({ value }) => value)), signal)));
  assert.deepEqual(values, [2], 'no other value in between')
})

test('registers that never answer beside others that do raise no doubt', async (t) => {
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103 }]))
  const poll = bench.driver.prepare(sunSpecPoints(INVERTER))
  await readCycle(poll, INVERTER)
  bench.fault = (address) => (address < 40_070 ? { silent: true } : undefined)
  const marks = () => bench.requests.filter((request) => request.startsWith('3 40000 ')).length
  const before = marks()
  for (let round = 0; round < 3; round++) {
    const found = await readCycle(poll, INVERTER)
    assert.equal(typeof found.get('sunspec:103.W'), 'number')
  }
  assert.equal(marks(), before)
})

test('a chain without an end, and one that points beyond the last register, end the walk with what was found', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0004' } }])
  for (const tail of [[], [0, 0], [64_999, 60_000]]) {
    const registers = [...image.registers.slice(0, -2), ...tail]
    const bench = await openSunSpec(t, { ...image, registers })
    assert.equal((await readSunSpec(bench, ['sunspec:103.St'])).get('sunspec:103.St'), 4)
  }
})

test('a device that stays silent during the walk is asked only after pauses; a reconnect asks at once', async (t) => {
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103 }]))
  const poll = bench.driver.prepare(sunSpecPoints(INVERTER))
  bench.fault = () => ({ silent: true })
  for (let round = 0; round < 6; round++)
    assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'BadTimeout')
  assert.equal(bench.requests.length, 3)
  bench.fault = undefined
  await bench.driver.close()
  await bench.driver.connect(AbortSignal.timeout(5000))
  assert.equal(typeof (await readCycle(poll, INVERTER)).get('sunspec:103.W'), 'number')
})

test('a device that is silent where it has no registers is found at every base, one time-out a cycle', async (t) => {
  for (const [base, cycles] of [
    [50_000, 2],
    [0, 3],
  ] as const) {
    // prettier-ignore
    const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0004' } }], base)
    const bench = await openSunSpec(t, image)
    bench.fault = onlyWhere(image)
    const poll = bench.driver.prepare(sunSpecPoints(['sunspec:103.St']))
    const state = async () => (await readCycle(poll, ['sunspec:103.St'])).get('sunspec:103.St')
    for (let cycle = 1; cycle < cycles; cycle++) {
      assert.equal(await state(), 'BadTimeout')
      assert.equal(bench.requests.length, cycle)
    }
    assert.equal(await state(), 4, `base ${base}`)
  }
})

test('a gateway that answers 0A or 0B, and any other exception, for registers that are not there: the next base is asked', async (t) => {
  for (const exception of [0x0a, 0x0b, 0x08, 0x63]) {
    const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0004' } }], 0)
    const bench = await openSunSpec(t, image)
    const missing = onlyWhere(image)
    bench.fault = (address, count) => (missing(address, count) === undefined ? undefined : { exception })
    const poll = bench.driver.prepare(sunSpecPoints(['sunspec:103.St']))
    let state: unknown
    for (let cycle = 0; cycle < 3; cycle++) state = (await readCycle(poll, ['sunspec:103.St'])).get('sunspec:103.St')
    assert.equal(state, 4, `exception ${exception}`)
  }
})

test('a lost packet at the right base does not hide the device: silent bases are asked a second time', async (t) => {
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0004' } }]))
  const poll = bench.driver.prepare(sunSpecPoints(['sunspec:103.St']))
  bench.fault = () => (bench.requests.length === 1 ? { silent: true } : undefined)
  assert.equal((await readCycle(poll, ['sunspec:103.St'])).get('sunspec:103.St'), 'BadTimeout')
  assert.equal((await readCycle(poll, ['sunspec:103.St'])).get('sunspec:103.St'), 4)
})

test('a chain of more models than any device has ends the walk, and one note says so', async (t) => {
  const image = sunSpecImage([{ id: 1 }])
  const registers = [...image.registers.slice(0, -2), ...Array.from({ length: 300 }, () => [999, 0]).flat()]
  const bench = await openSunSpec(t, { ...image, registers })
  await readSunSpec(bench, ['sunspec:1.Mn'])
  const directory = (bench.driver as ModbusDevice).sunspec.directory(1)
  assert.equal(directory?.models.length, 200)
  assert.deepEqual(directory?.notes, [
    'model 999 at hr:40070 (0 registers), and 198 times more to hr:40466, is not in the library',
    'the list of models goes on at hr:40468; only the first 200 models were looked at',
  ])
  assert.ok(bench.requests.length < 210)
})

/** Silent for every request that reaches beyond the registers of the device. */
const onlyWhere =
  ({ base, registers }: SunSpecImage) =>
  (address: number, count: number) =>
    address < base || address + count > base + registers.length ? { silent: true } : undefined
