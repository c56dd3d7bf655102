/** Points that are named instead of addressed, against devices made from the model files by code that shares nothing with the driver. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusName } from '../../../core/status.ts'
import { openSunSpec, readCycle, readSunSpec, sunSpecPoints } from '../../../testing/sunspec-bench.ts'
import { NONE, sunSpecImage } from '../../../testing/sunspec-image.ts'

const MODELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 101, 102, 103, 111, 112, 113, 120, 121,
  122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 160,
  201, 202, 203, 204, 211, 212, 213, 214, 220, 302, 303, 304, 305, 306, 307, 308, 401, 402, 403, 404, 501, 502, 601, 63001,
  63002, 64001, 64020, 64101, 64111, 64112, 64410, 64411, 64412, 64413, 64414, 64415, 701, 702, 703, 704, 705, 706, 707, 708,
  709, 710, 711, 712, 713, 714, 715, 801, 802, 803, 804, 805, 806, 807, 808, 809] // prettier-ignore

/** Strings of 150 registers: more than one request reads. */
const TOO_LONG = /64411\..*Har[ABC]$/

const INVERTER = ['sunspec:103.A', 'sunspec:103.W', 'sunspec:103.WH', 'sunspec:103.St', 'sunspec:common.Mn']

test('every model of the library is walked, and each of its points reads as the model file says', async (t) => {
  assert.equal(MODELS.length, 112)
  let points = 0
  for (const id of MODELS) {
    const image = sunSpecImage(id === 1 ? [{ id }] : [{ id: 1 }, { id }])
    const bench = await openSunSpec(t, image)
    const addresses = [...image.expected.keys()]
    const found = await readSunSpec(bench, addresses)
    for (const [address, expected] of image.expected) {
      const wanted = TOO_LONG.test(address) ? 'BadConfigurationError' : expected === NONE ? 'BadNotSupported' : expected
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
  const bench = await openSunSpec(t, { base: 40_000, registers, expected: new Map(), places: new Map() })
  const found = await readSunSpec(bench, ['sunspec:common.Mn', 'sunspec:101.A', 'sunspec:101.AphA', 'sunspec:101.PhVphA',
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

test('what the device does not implement is BadNotSupported, each type by its own mark, with a reason', async (t) => {
  const raw = {
    A: 'ffff', W: '8000', St: 'ffff', Evt1: 'ffffffff', A_SF: 'fffe', W_SF: '0001', WH_SF: '0000',
  } // prettier-ignore
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1, raw: { SN: '0000' } }, { id: 103, raw }, { id: 111, raw: { A: '7fc00000', W: '7f800000' } }, { id: 12, raw: { Addr: '0000' } }, { id: 203, raw: { TotWhExpPhA: '0000' } }])) // prettier-ignore
  const addresses = ['sunspec:103.A', 'sunspec:103.W', 'sunspec:203.TotWhExpPhA', 'sunspec:103.St', 'sunspec:103.Evt1',
    'sunspec:common.SN', 'sunspec:111.A'] // prettier-ignore
  const found = await readSunSpec(bench, [...addresses, 'sunspec:111.W'])
  for (const address of addresses) assert.equal(found.get(address), 'BadNotSupported', address)
  assert.equal(found.get('sunspec:111.W'), 'BadDecodingError', 'infinity is no "not implemented"')
  assert.match(bench.driver.reasonOf?.(1) ?? '', /does not implement this point/)
})

test('an accumulator that its model demands cannot be missing: 0 is what it has counted', async (t) => {
  const raw = { WH: '00000000', WH_SF: '0000' }
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103, raw }, { id: 203, raw: { TotWhExp: '00000000' } }])) // prettier-ignore
  const found = await readSunSpec(bench, ['sunspec:103.WH', 'sunspec:203.TotWhExp'])
  assert.deepEqual([...found.values()], [0, 0])
})

test('a scale factor that is missing or out of range is BadConfigurationError; -10 and 10 are the ends', async (t) => {
  const value = { W: '0003', A: '0003', Hz: '0003', VA: '0003' }
  const raw = { ...value, W_SF: '8000', A_SF: '000b', Hz_SF: 'fff6', VA_SF: '000a' }
  const bench = await openSunSpec(t, sunSpecImage([{ id: 1 }, { id: 103, raw }]))
  const found = await readSunSpec(bench, ['sunspec:103.W', 'sunspec:103.A', 'sunspec:103.Hz', 'sunspec:103.VA'])
  assert.deepEqual([...found.values()], ['BadConfigurationError', 'BadConfigurationError', 3e-10, 3e10])
  assert.match(bench.driver.reasonOf?.(1) ?? '', /does not implement the scale factor/)
  assert.match(bench.driver.reasonOf?.(2) ?? '', /not within -10 to 10/)
})

test('a scale factor that the device changes is applied from the same reply on', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { W: '04d2', W_SF: '0000' } }])
  const bench = await openSunSpec(t, image)
  const poll = bench.driver.prepare(sunSpecPoints(INVERTER))
  assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 1234)
  bench.bank.holdingRegisters.set(image.places.get('sunspec:103.W_SF')!, 0xfffe)
  bench.bank.holdingRegisters.set(image.places.get('sunspec:103.W')!, 5678)
  assert.equal((await readCycle(poll, INVERTER)).get('sunspec:103.W'), 56.78)
})

test('a scale factor that is not answered in a cycle is not the one of the cycle before: its points have no value', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: { W: '04d2', W_SF: '0000' } }])
  const bench = await openSunSpec(t, image)
  const factor = image.places.get('sunspec:103.W_SF')!
  // Value and factor in requests of their own.
  const value = image.places.get('sunspec:103.W')!
  const isBoth = (at: number, count: number) => at <= value && factor < at + count
  bench.fault = (at, count) => (isBoth(at, count) && at > 40_010 ? { exception: 2 } : undefined)
  const poll = bench.driver.prepare(sunSpecPoints(['sunspec:103.W']))
  for (let cycle = 0; cycle < 8; cycle++) await readCycle(poll, ['sunspec:103.W'])
  assert.equal((await readCycle(poll, ['sunspec:103.W'])).get('sunspec:103.W'), 1234)
  bench.bank.holdingRegisters.set(factor, 1)
  bench.fault = (at, count) => (at <= factor && factor < at + count ? { silent: true } : undefined)
  const found = (await readCycle(poll, ['sunspec:103.W'])).get('sunspec:103.W')
  assert.equal(typeof found, 'string', `${String(found)} by a factor of an earlier cycle`)
})

test('a written value is unscaled; what the registers cannot hold is refused and nothing is sent', async (t) => {
  const raw = { WMaxLimPct_SF: 'fffe', WMaxLimPct: '0000' }
  const image = sunSpecImage([{ id: 1 }, { id: 123, raw }])
  const bench = await openSunSpec(t, image)
  const addresses = [
    'sunspec:123.WMaxLimPct',
    'sunspec:123.WMaxLim_Ena',
    'sunspec:common.DA',
    'sunspec:123.WMaxLimPct_SF',
  ]
  const points = sunSpecPoints(addresses)
  const signal = AbortSignal.timeout(5000)
  const write = async (at: number, value: number) =>
    statusName((await bench.driver.write([{ point: points[at]!, value }], signal))[0]!)
  assert.equal(await write(0, 87.65), 'Good')
  assert.equal(bench.bank.holdingRegisters.get(image.places.get(addresses[0]!)!), 8765)
  assert.equal((await readSunSpec(bench, addresses)).get(addresses[0]!), 87.65)
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
  const bench = await openSunSpec(t, image)
  const addresses = ['sunspec:103.St', 'hr:40000']
  assert.deepEqual([...(await readSunSpec(bench, addresses)).values()], [4, 0x5375])
})
