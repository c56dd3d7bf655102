/** The simulated driver against the conformance suite, and what is its own: values that are functions of the clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { Status } from '../../core/status.ts'
import { readAll, pointsOf, rowsByTag, tagOf, testContext, testDriver } from '../../testing/driver-suite.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { formatAddress, parseAddress, type SimulatedAddress } from './address.ts'
import { simulated } from './driver.ts'

testDriver({
  type: simulated,
  canonical: (address) => formatAddress(address as SimulatedAddress),
  badAddresses: [
    '',
    'sinus',
    'sine:perod=3s',
    'sine:period=blue',
    'sine:min=5,max=1',
    'cell',
    'status:code=Badly',
    'random:seed=',
  ],
  skip: { silence: 'there is no network that could be silent', drop: 'there is no connection that could be lost' },
  start: async () => ({
    options: {},
    readable: [
      { tag: tagOf('sine:period=60s,min=0,max=10', 'float64') },
      { tag: tagOf('constant:value=42', 'uint16'), value: 42 },
      { tag: tagOf('constant:value=-9007199254740993', 'int64'), value: -9007199254740993n },
      { tag: tagOf('constant:value=pump on', 'string'), value: 'pump on' },
      { tag: tagOf('square:period=10s', 'bool') },
      { tag: tagOf('cell:name=level,initial=50', 'float32'), value: 50 },
      { tag: tagOf('counter:period=100ms', 'uint64') },
    ],
    unreadable: [
      { tag: tagOf('status:code=BadSensorFailure', 'float32'), status: Status.BadSensorFailure },
      { tag: tagOf('constant:value=300', 'uint8'), status: Status.BadOutOfRange },
    ],
    writable: [
      { tag: tagOf('cell:name=setpoint', 'float32'), value: 1.5 },
      { tag: tagOf('cell:name=total', 'int64'), value: 2n ** 60n },
      { tag: tagOf('cell:name=on', 'bool'), value: true },
      { tag: tagOf('cell:name=recipe', 'string'), value: 'cheese' },
    ],
    refused: [
      { tag: tagOf('sine', 'float64'), value: 1, status: Status.BadNotWritable },
      { tag: tagOf('cell:name=small', 'int16'), value: 40_000, status: Status.BadOutOfRange },
      { tag: tagOf('cell:name=small', 'int16'), value: 'many', status: Status.BadTypeMismatch },
    ],
  }),
})

/** The values of one address at the given times, ms after the clock's start. */
async function valuesOf(address: string, times: readonly number[]): Promise<number[]> {
  const clock = new VirtualClock(0)
  const driver = simulated.create(simulated.options.parse({}), { ...testContext(), clock })
  await driver.connect(new AbortController().signal)
  const poll = driver.prepare(pointsOf(simulated, [tagOf(address, 'float64')]))
  const values: number[] = []
  for (const time of times) {
    await clock.advance(time - clock.now())
    values.push(rowsByTag(await readAll(poll)).get(1)!.value as number)
  }
  return values
}

const rounded = (values: readonly number[]) => values.map((value) => Math.round(value * 1000) / 1000)

test('waves go through the points that their settings name', async () => {
  const quarters = [0, 250, 500, 750, 1000]
  assert.deepEqual(rounded(await valuesOf('sine:period=1s,min=0,max=10', quarters)), [5, 10, 5, 0, 5])
  assert.deepEqual(rounded(await valuesOf('triangle:period=1s,min=-4,max=4', quarters)), [-4, 0, 4, 0, -4])
  assert.deepEqual(rounded(await valuesOf('sawtooth:period=1s,max=360', quarters)), [0, 90, 180, 270, 0])
  assert.deepEqual(rounded(await valuesOf('square:period=1s,min=2,max=3', quarters)), [3, 3, 2, 2, 3])
  assert.deepEqual(rounded(await valuesOf('sawtooth:period=1s,max=360,phase=90', quarters)), [90, 180, 270, 0, 90])
})

test('a counter counts periods, by its step, and wraps at its modulus', async () => {
  assert.deepEqual(await valuesOf('counter:period=100ms', [0, 99, 100, 1000]), [0, 0, 1, 10])
  assert.deepEqual(await valuesOf('counter:period=100ms,start=5,step=-3,modulo=7', [0, 100, 200]), [5, 2, 6])
})

test('random and walk repeat by seed, differ between seeds, and stay within their range', async () => {
  const times = Array.from({ length: 200 }, (_, index) => index * 1000)
  for (const kind of ['random', 'walk']) {
    const first = await valuesOf(`${kind}:seed=1,min=20,max=80`, times)
    assert.deepEqual(await valuesOf(`${kind}:seed=1,min=20,max=80`, times), first)
    assert.notDeepEqual(await valuesOf(`${kind}:seed=2,min=20,max=80`, times), first)
    assert.ok(first.every((value) => value >= 20 && value <= 80))
    assert.ok(Math.max(...first) - Math.min(...first) > 15, `${kind} hardly moves`)
  }
})

const largestStep = (values: readonly number[]) =>
  Math.max(...values.slice(1).map((value, index) => Math.abs(value - values[index]!)))

test('a walk is steady: neighbours in time are neighbours in value, where random jumps', async () => {
  const times = Array.from({ length: 300 }, (_, index) => index * 1000)
  assert.ok(largestStep(await valuesOf('walk:period=60s', times)) < 15)
  assert.ok(largestStep(await valuesOf('random', times)) > 60)
})

test('an unknown setting names those that exist, at its column', () => {
  assert.throws(
    () => parseAddress('sine:period=3s,hight=3'),
    (error: unknown) =>
      error instanceof GatewayError && error.details.column === 16 && /period, min, max, phase/.test(error.message),
  )
})

test('an offline device refuses the connection', async () => {
  const driver = simulated.create(simulated.options.parse({ online: false }), testContext())
  await assert.rejects(driver.connect(new AbortController().signal), NotConnectedError)
})

test('many points become several requests, each with a batch of its own', async () => {
  const driver = simulated.create(simulated.options.parse({ maxPoints: 4 }), testContext())
  await driver.connect(new AbortController().signal)
  const tags = Array.from({ length: 10 }, (_, index) =>
    tagOf(`constant:value=${index}`, 'uint16', { name: `t${index}` }),
  )
  const poll = driver.prepare(pointsOf(simulated, tags))
  assert.equal(poll.steps, 3)
  const batches = await readAll(poll)
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [4, 4, 2],
  )
  assert.equal(rowsByTag(batches).get(10)!.value, 9)
})

test('latency delays each request, and an abort ends it', async () => {
  const clock = new VirtualClock()
  const driver = simulated.create(simulated.options.parse({ latency: '2s' }), { ...testContext(), clock })
  const signal = new AbortController().signal
  const connecting = driver.connect(signal)
  await clock.advance(2000)
  await connecting
  const poll = driver.prepare(pointsOf(simulated, [tagOf('constant', 'uint16')]))
  const abort = new AbortController()
  const read = poll.read(0, () => assert.fail('emitted'), abort.signal)
  const refused = assert.rejects(read, /enough/)
  await clock.advance(1999)
  abort.abort(new Error('enough'))
  await refused
  assert.equal(clock.pending, 0)
})

test('a signal that the type has no room for is a bad status, never a wrapped value', async () => {
  const driver = simulated.create(simulated.options.parse({}), testContext())
  await driver.connect(new AbortController().signal)
  const poll = driver.prepare(pointsOf(simulated, [tagOf('square:min=-1,max=-1', 'uint16')]))
  assert.deepEqual(rowsByTag(await readAll(poll)).get(1)!.status, Status.BadOutOfRange)
})

const check = (address: string, type: 'bytes' | 'uint16' | 'string') =>
  simulated.check!(parseAddress(address), tagOf(address, type))

test('what a tag of this address and type can never hold is said before it runs', () => {
  assert.match(check('sine', 'bytes')!, /bytes cannot hold it/)
  assert.match(check('constant:value=red', 'uint16')!, /'red' is not a value of type uint16/)
  assert.equal(check('constant:value=red', 'string'), undefined)
})
