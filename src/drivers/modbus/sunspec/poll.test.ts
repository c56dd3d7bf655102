/** Points that are named instead of addressed, against devices made from the model files by code that shares nothing with the driver. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Context } from '../../../core/driver.ts'
import { Status, statusName } from '../../../core/status.ts'
import type { TagSettings } from '../../../core/tags.ts'
import { createModbusServer, type Fault, type RegisterBank } from '../../../protocols/modbus/index.ts'
import { systemClock } from '../../../core/clock.ts'
import { readAll, rowsByTag, tagOf, testContext } from '../../../testing/driver-suite.ts'
import { duplexPair } from '../../../testing/duplex-pair.ts'
import { sunSpecBank, sunSpecImage, type SunSpecImage } from '../../../testing/sunspec-image.ts'
import { modbus } from '../driver.ts'

interface Bench {
  readonly driver: ReturnType<typeof modbus.create>
  /** `FC address count` of each request. */
  readonly requests: string[]
  bank: RegisterBank
  fault: ((address: number, count: number) => Fault | undefined) | undefined
  drop(): void
}

async function open(t: TestContext, image: SunSpecImage | RegisterBank): Promise<Bench> {
  const requests: string[] = []
  const bench = {
    requests,
    bank: 'registers' in image ? sunSpecBank(image) : image,
    fault: undefined as Bench['fault'],
    drop: () => server.dropConnections('close'),
  }
  const server = createModbusServer({
    unit: (id) => (id === 1 ? bench.bank : undefined),
    clock: systemClock,
    intercept({ pdu }) {
      const view = Buffer.from(pdu)
      requests.push(`${view[0]} ${view.readUInt16BE(1)} ${view.readUInt16BE(3)}`)
      return bench.fault?.(view.readUInt16BE(1), view.readUInt16BE(3))
    },
  })
  const context: Context = {
    ...testContext(),
    dial: async () => {
      const { near, far } = duplexPair()
      server.serve(far)
      return near
    },
  }
  const driver = modbus.create(modbus.options.parse({ host: '127.0.0.1', timeout: '100ms' }), context)
  t.after(() => driver.close())
  await driver.connect(AbortSignal.timeout(5000))
  return Object.assign(bench, { driver })
}

/** Tags of these addresses with the type that the model wants. */
function tagsOf(addresses: readonly string[], settings: Partial<TagSettings> = {}) {
  return addresses.map((text) => tagOf(text, modbus.parseAddress(text).type!, { writable: false, ...settings }))
}

const pointsOf = (addresses: readonly string[]) =>
  tagsOf(addresses).map((settings, index) => ({
    tag: index + 1,
    address: modbus.parseAddress(settings.address),
    settings,
  }))

/** One cycle: address → value, or the name of the status. */
async function cycle(poll: ReturnType<Bench['driver']['prepare']>, addresses: readonly string[]) {
  const rows = rowsByTag(await readAll(poll))
  return new Map(
    addresses.map((address, index) => {
      const row = rows.get(index + 1)
      return [address, row === undefined ? 'no row' : row.status === Status.Good ? row.value : statusName(row.status)]
    }),
  )
}

const readOnce = (bench: Bench, addresses: readonly string[]) =>
  cycle(bench.driver.prepare(pointsOf(addresses)), addresses)

const MODELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 101, 102, 103, 111, 112, 113, 120, 121,
  122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 160,
  201, 202, 203, 204, 211, 212, 213, 214, 220, 302, 303, 304, 305, 306, 307, 308, 401, 402, 403, 404, 501, 502, 601, 63001,
  63002, 64001, 64020, 64101, 64111, 64112, 64410, 64411, 64412, 64413, 64414, 64415, 701, 702, 703, 704, 705, 706, 707, 708,
  709, 710, 711, 712, 713, 714, 715, 801, 802, 803, 804, 805, 806, 807, 808, 809] // prettier-ignore

/** Strings of 150 registers: more than one request reads. */
const TOO_LONG = /64411\..*Har[ABC]$/

test('every model of the library is walked, and each of its points reads as the model file says', async (t) => {
  assert.equal(MODELS.length, 112)
  let points = 0
  for (const id of MODELS) {
    const image = sunSpecImage(id === 1 ? [{ id }] : [{ id: 1 }, { id }])
    const bench = await open(t, image)
    const addresses = [...image.expected.keys()]
    const found = await readOnce(bench, addresses)
    for (const [address, expected] of image.expected) {
      const wanted = TOO_LONG.test(address)
        ? 'BadConfigurationError'
        : expected === 'none'
          ? 'BadNotSupported'
          : expected
      assert.deepEqual(found.get(address), wanted, address)
    }
    assert.ok(image.expected.size > 3, `model ${id} has points`)
    points += image.expected.size
  }
  assert.ok(points > 4000, `${points} points`)
})

test('literal registers: an inverter as it stands on the wire', async (t) => {
  // Marker, common model cut short to 4 registers, model 101 with A = 1234 × 10^-2, W = -500 × 10^1, WH = 0x00012345 × 10^0.
  const words =
    '5375 6e53 0001 0004 4163 6d65 0000 0000 0065 0032 04d2 ffff ffff ffff fffe ffff ffff ffff 08fc ffff ffff ffff fe0c 0001 1388 fffe'
  const rest =
    'ffff 8000 ffff 8000 ffff 8000 0001 2345 0000 ffff 8000 ffff 8000 8000 8000 0019 8000 8000 8000 0000 0004 ffff'.split(
      ' ',
    )
  const tail = [...rest, ...Array.from({ length: 52 - 18 - rest.length }, () => 'ffff'), 'ffff', '0000']
  const registers = [...words.split(' '), ...tail].map((word) => Number.parseInt(word, 16))
  const bench = await open(t, { base: 40_000, registers, expected: new Map(), places: new Map() })
  const found = await readOnce(bench, ['sunspec:common.Mn', 'sunspec:101.A', 'sunspec:101.AphA', 'sunspec:101.PhVphA',
    'sunspec:101.W', 'sunspec:101.Hz', 'sunspec:101.WH', 'sunspec:101.TmpCab', 'sunspec:101.St', 'sunspec:160.N']) // prettier-ignore
  assert.deepEqual(Object.fromEntries(found), {
    'sunspec:common.Mn': 'BadConfigurationError',
    'sunspec:101.A': 12.34,
    'sunspec:101.AphA': 'BadNotSupported',
    'sunspec:101.PhVphA': 230,
    'sunspec:101.W': -5000,
    'sunspec:101.Hz': 50,
    'sunspec:101.WH': 74565,
    'sunspec:101.TmpCab': 25,
    'sunspec:101.St': 4,
    'sunspec:160.N': 'BadConfigurationError',
  })
})

const INVERTER = ['sunspec:103.A', 'sunspec:103.W', 'sunspec:103.WH', 'sunspec:103.St', 'sunspec:common.Mn']

test('what the device does not implement is BadNotSupported, each type by its own mark, with a reason', async (t) => {
  const raw = {
    A: 'ffff', W: '8000', WH: '0000', St: 'ffff', Evt1: 'ffffffff', A_SF: 'fffe', W_SF: '0001', WH_SF: '0000',
  } // prettier-ignore
  const bench = await open(t, sunSpecImage([{ id: 1, raw: { SN: '0000' } }, { id: 103, raw }, { id: 111, raw: { A: '7fc00000', W: '7f800000' } }, { id: 12, raw: { Addr: '0000' } }])) // prettier-ignore
  const addresses = ['sunspec:103.A', 'sunspec:103.W', 'sunspec:103.WH', 'sunspec:103.St', 'sunspec:103.Evt1',
    'sunspec:common.SN', 'sunspec:111.A'] // prettier-ignore
  const found = await readOnce(bench, [...addresses, 'sunspec:111.W'])
  for (const address of addresses) assert.equal(found.get(address), 'BadNotSupported', address)
  assert.equal(found.get('sunspec:111.W'), 'BadDecodingError', 'infinity is no "not implemented"')
  assert.match(bench.driver.reasonOf?.(1) ?? '', /does not implement this point/)
})

test('a scale factor that is missing or out of range is BadConfigurationError; -10 and 10 are the ends', async (t) => {
  const value = { W: '0003', A: '0003', Hz: '0003', VA: '0003' }
  const raw = { ...value, W_SF: '8000', A_SF: '000b', Hz_SF: 'fff6', VA_SF: '000a' }
  const bench = await open(t, sunSpecImage([{ id: 1 }, { id: 103, raw }]))
  const found = await readOnce(bench, ['sunspec:103.W', 'sunspec:103.A', 'sunspec:103.Hz', 'sunspec:103.VA'])
  assert.deepEqual([...found.values()], ['BadConfigurationError', 'BadConfigurationError', 3e-10, 3e10])
  assert.match(bench.driver.reasonOf?.(1) ?? '', /does not implement the scale factor/)
  assert.match(bench.driver.reasonOf?.(2) ?? '', /not within -10 to 10/)
})

test('a scale factor that the device changes is applied from the same reply on', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { W: '04d2', W_SF: '0000' } }])
  const bench = await open(t, image)
  const poll = bench.driver.prepare(pointsOf(INVERTER))
  assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 1234)
  bench.bank.holdingRegisters.set(image.places.get('sunspec:103.W_SF')!, 0xfffe)
  bench.bank.holdingRegisters.set(image.places.get('sunspec:103.W')!, 5678)
  assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 56.78)
})

test('the walk is one request a turn, at three bases and the places beside them; a known device costs the planned requests', async (t) => {
  for (const base of [40_000, 50_000, 0, 40_001, 39_999, 1]) {
    const bench = await open(t, sunSpecImage([{ id: 1 }, { id: 103 }], base))
    const poll = bench.driver.prepare(pointsOf(INVERTER))
    assert.equal(poll.steps, 1)
    let turns = 0
    const signal = AbortSignal.timeout(5000)
    while ((await poll.read(0, () => undefined, signal)) === 'again') {
      turns++
      assert.ok(bench.requests.length <= turns, `${bench.requests.length} requests in ${turns} turns`)
    }
    bench.requests.length = 0
    const found = await cycle(poll, INVERTER)
    assert.equal(typeof found.get('sunspec:103.W'), 'number', `base ${base}`)
    // The name, the values with their factors, and the state, which is farther away than `maxGap`.
    assert.equal(bench.requests.length, 3, bench.requests.join(', '))
  }
})

test('two models of the same id are told apart; what is not there is named', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0001' } }, { id: 160, repeats: { module: 3 } }, { id: 103, raw: { St: '0002' } }]) // prettier-ignore
  const bench = await open(t, image)
  const addresses = ['sunspec:103.St', 'sunspec:103#2.St', 'sunspec:103#3.St', 'sunspec:160.module[3].ID', 'sunspec:160.module[4].ID', 'sunspec:704.PFWInjEna'] // prettier-ignore
  const found = await readOnce(bench, addresses)
  const none = 'BadConfigurationError'
  assert.deepEqual([...found.values()], [1, 2, none, image.expected.get('sunspec:160.module[3].ID'), none, none])
  assert.match(bench.driver.reasonOf?.(3) ?? '', /no model 103#3; it has 1, 103, 160, 103#2/)
  assert.match(bench.driver.reasonOf?.(5) ?? '', /model 160 of this device has 68 registers/)
})

test('a device without the marker is BadConfigurationError, and is not asked again in each cycle', async (t) => {
  const bench = await open(t, { base: 0, registers: Array.from({ length: 100 }, () => 0), expected: new Map(), places: new Map() }) // prettier-ignore
  const poll = bench.driver.prepare(pointsOf(INVERTER))
  assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 'BadConfigurationError')
  const asked = bench.requests.length
  assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 'BadConfigurationError')
  assert.equal(bench.requests.length, asked)
  assert.match(bench.driver.reasonOf?.(2) ?? '', /no marker "SunS" at hr:40000, 50000, 0/)
})

test('a device that falls silent during the walk costs one time-out a cycle, and is walked on when it answers', async (t) => {
  const bench = await open(t, sunSpecImage([{ id: 1 }, { id: 103 }]))
  const poll = bench.driver.prepare(pointsOf(INVERTER))
  bench.fault = (address) => (address === 40_002 ? { silent: true } : undefined)
  assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 'BadTimeout')
  const asked = bench.requests.length
  assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 'BadTimeout')
  assert.equal(bench.requests.length, asked + 1)
  bench.fault = undefined
  assert.equal(typeof (await cycle(poll, INVERTER)).get('sunspec:103.W'), 'number')
})

test('after a reconnect the same device costs one request, another one is walked anew', async (t) => {
  const bench = await open(t, sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0001' } }]))
  const addresses = ['sunspec:103.St']
  const poll = bench.driver.prepare(pointsOf(addresses))
  await cycle(poll, addresses)
  const reconnect = async () => {
    bench.drop()
    await assert.rejects(cycle(poll, addresses))
    bench.requests.length = 0
    await bench.driver.connect(AbortSignal.timeout(5000))
  }
  await reconnect()
  assert.equal((await cycle(poll, addresses)).get('sunspec:103.St'), 1)
  assert.equal(bench.requests.length, 2, bench.requests.join(', '))
  // The new one has another serial number, and a model more before the inverter.
  bench.bank = sunSpecBank(sunSpecImage([{ id: 1, raw: { SN: '4242' } }, { id: 11 }, { id: 103, raw: { St: '0002' } }]))
  await reconnect()
  assert.equal((await cycle(poll, addresses)).get('sunspec:103.St'), 2)
})

test('a chain without an end, and one that points beyond the last register, end the walk with what was found', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0004' } }])
  for (const tail of [[], [0, 0], [64_999, 60_000]]) {
    const registers = [...image.registers.slice(0, -2), ...tail]
    const bench = await open(t, { ...image, registers })
    assert.equal((await readOnce(bench, ['sunspec:103.St'])).get('sunspec:103.St'), 4)
  }
})

test('a written value is unscaled; what the registers cannot hold is refused and nothing is sent', async (t) => {
  const raw = { WMaxLimPct_SF: 'fffe', WMaxLimPct: '0000' }
  const image = sunSpecImage([{ id: 1 }, { id: 123, raw }])
  const bench = await open(t, image)
  const addresses = [
    'sunspec:123.WMaxLimPct',
    'sunspec:123.WMaxLim_Ena',
    'sunspec:common.DA',
    'sunspec:123.WMaxLimPct_SF',
  ]
  const points = pointsOf(addresses)
  const signal = AbortSignal.timeout(5000)
  const write = async (at: number, value: number) =>
    statusName((await bench.driver.write([{ point: points[at]!, value }], signal))[0]!)
  assert.equal(await write(0, 87.65), 'Good')
  assert.equal(bench.bank.holdingRegisters.get(image.places.get(addresses[0]!)!), 8765)
  assert.equal((await readOnce(bench, addresses)).get(addresses[0]!), 87.65)
  assert.equal(await write(1, 1), 'Good')
  assert.equal(bench.bank.holdingRegisters.get(image.places.get(addresses[1]!)!), 1)
  bench.requests.length = 0
  assert.equal(await write(0, 87.655), 'BadTypeMismatch')
  assert.equal(await write(0, 700), 'BadOutOfRange')
  assert.equal(await write(0, 655.35), 'BadOutOfRange', 'the value for "not implemented"')
  assert.equal(await write(3, 1), 'BadNotWritable')
  assert.deepEqual(
    bench.requests.filter((request) => !request.startsWith('3 ')),
    [],
  )
})

test('named points and plain registers of one device are read side by side, each in its own requests', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { St: '0004' } }])
  const bench = await open(t, image)
  const addresses = ['sunspec:103.St', 'hr:40000']
  const points = addresses.map((text, index) => {
    const address = modbus.parseAddress(text)
    return { tag: index + 1, address, settings: tagOf(text, address.type ?? 'uint16', { writable: false }) }
  })
  assert.deepEqual([...(await cycle(bench.driver.prepare(points), addresses)).values()], [4, 0x5375])
})

test('a device that stays silent during the walk is asked only after pauses; a reconnect asks at once', async (t) => {
  const bench = await open(t, sunSpecImage([{ id: 1 }, { id: 103 }]))
  const poll = bench.driver.prepare(pointsOf(INVERTER))
  bench.fault = () => ({ silent: true })
  for (let round = 0; round < 6; round++) assert.equal((await cycle(poll, INVERTER)).get('sunspec:103.W'), 'BadTimeout')
  assert.equal(bench.requests.length, 3)
  bench.fault = undefined
  await bench.driver.close()
  await bench.driver.connect(AbortSignal.timeout(5000))
  assert.equal(typeof (await cycle(poll, INVERTER)).get('sunspec:103.W'), 'number')
})
