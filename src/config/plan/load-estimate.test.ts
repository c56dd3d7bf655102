/** The load of a configuration: figures worked out by hand, and the requests that the driver itself would make. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { modbus } from '../../drivers/modbus/driver.ts'
import { loadFiles } from '../../testing/config-rig.ts'
import { testContext } from '../../testing/driver-suite.ts'
import { estimateLoad } from './load-estimate.ts'
import { loadLines } from './plan-lines.ts'

const near = (actual: number | undefined, expected: number) =>
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) < 1e-6 * Math.max(1, expected),
    `${actual}, not ${expected}`,
  )

test('lines, devices, log and sinks of a configuration, worked out by hand', async (t) => {
  const config = await loadFiles(t, {
    'bifrost.yaml': `version: 1
store: { maxSize: 16MiB, maxAge: 30d, syncEvery: 1s }
devices:
  # Two devices on one socket: 4 requests a second (0-9 and 100 each 500 ms), and one each 100 ms with two under way at once.
  - { name: a, driver: modbus, options: { host: h, unit: 1 }, every: 500ms, tags: [{ name: x, address: hr:0, type: int16 }, { name: y, address: hr:9, type: int16 }, { name: z, address: hr:100, type: int16 }] }
  - { name: b, driver: modbus, options: { host: H, unit: 2, maxInFlight: 2 }, every: 100ms, tags: [{ name: x, address: hr:0, type: int16 }] }
  - { name: off, driver: modbus, options: { host: h, unit: 3 }, enabled: false, tags: [{ name: x, address: hr:0, type: int16 }] }
  - { name: ua, driver: opcua, options: { endpoint: "opc.tcp://h:4840" }, tags: [{ name: x, address: "ns=1;s=X", type: float32 }] }
  - { name: sun, driver: modbus, options: { host: inverter }, tags: [{ name: p, address: sunspec:103.W, type: float64 }] }
sinks:
  - { name: plant, sink: mqtt, options: { url: "mqtt://h", topic: "a/{device}", samplesPerMessage: 10, payload: "{device}/{tag}={v}" } }
  - { name: later, sink: nats, enabled: false, options: { servers: ["h:4222"], stream: s, subject: "a.{device}.{tag}" } }
`,
  })
  const load = estimateLoad(config)
  const socket = load.lines.find(({ line }) => line === 'tcp://h:502')!
  assert.deepEqual([socket.devices, socket.inFlight, socket.unknown], [['a', 'b'], 2, []])
  near(socket.requestsPerSecond, 4 + 10)
  near(socket.utilisation, (14 * 0.02) / 2)
  near(estimateLoad(config, { roundTripMs: 100 }).lines[0]!.utilisation, (14 * 0.1) / 2)
  assert.deepEqual(
    load.lines.map(({ line, requestsPerSecond, unknown }) => [line, requestsPerSecond, unknown]),
    [
      ['tcp://h:502', 14, []],
      ['opc.tcp://h:4840', undefined, ['ua']],
      ['tcp://inverter:502', undefined, ['sun']],
    ],
  )
  assert.deepEqual(
    load.devices.map(({ device, samplesPerSecond, requestsPerSecond }) => [
      device,
      samplesPerSecond,
      requestsPerSecond,
    ]),
    [
      ['a', 6, 4],
      ['b', 10, 10],
      ['off', 0, 0],
      ['ua', 1, undefined],
      ['sun', 1, undefined],
    ],
  )
  near(load.samplesPerSecond, 18)
  // 18 samples of 3.5 bytes and one commit of 95 a second; 16 MiB of it.
  near(load.log.bytesPerSecond, 18 * 3.5 + 95)
  near(load.log.bufferHours ?? undefined, (16 * 2 ** 20) / 158 / 3600)
  assert.equal(load.log.limitedBy, 'maxSize')
  assert.deepEqual(
    load.sinks.map(({ sink, tags, samplesPerSecond, places }) => [sink, tags, samplesPerSecond, places]),
    [
      ['plant', 7, 18, { count: 5, word: 'topics' }],
      ['later', 7, 0, { count: 7, word: 'subjects' }],
    ],
  )
  assert.match(loadLines(load).join('\n'), /^tcp:\/\/h:502 +2 +14 +14 %$/m)
})

test('a serial line is in use by its bytes, its silences and the answers of the devices', async (t) => {
  const serial = (baud: number, framing: string) => `version: 1
devices:
  - name: meter
    driver: modbus
    options: { transport: ${framing}, serial: { path: /dev/ttyUSB0, baud: ${baud} }, requestPause: 5ms }
    tags: [{ name: x, address: hr:0, type: float32 }]
`
  const use = async (baud: number, framing = 'rtu') => {
    const load = estimateLoad(await loadFiles(t, { 'bifrost.yaml': serial(baud, framing) }))
    return load.lines[0]!.utilisation! * 1000
  }
  // 8 bytes there, 5 + 4 back, 11 bits each; two silences of 3.5 characters, or of 1.75 ms above 19,200 baud (V1.02, 2.5.1.1).
  near(await use(9600), 20 + 5 + (17 * 11 * 1000) / 9600 + (2 * 3.5 * 11 * 1000) / 9600)
  near(await use(115_200), 20 + 5 + (17 * 11 * 1000) / 115_200 + 3.5)
  // ASCII: colon, two characters a byte with an LRC of one, CR and LF: 17 there, 1 + 2 × 8 + 2 back (2.5.2).
  near(await use(9600, 'ascii'), 20 + 5 + ((17 + 19) * 11 * 1000) / 9600)
})

test('a line that cannot do what it is asked is told', async (t) => {
  const load = estimateLoad(
    await loadFiles(t, {
      'bifrost.yaml': `version: 1\ndevices: [{ name: a, driver: modbus, options: { host: h }, every: 10ms, tags: [{ name: x, address: hr:0, type: int16 }] }]\n`,
    }),
  )
  assert.match(loadLines(load)[1]!, /^tcp:\/\/h:502 +1 +100 +200 % +MORE THAN IT CAN DO$/)
})

const anyTag = fc.record({
  area: fc.constantFrom('hr', 'ir', 'co'),
  offset: fc.nat(300),
  unit: fc.constantFrom('', '2.'),
  type: fc.constantFrom('int16', 'float32', 'float64'),
})

test('property: as many requests as the driver makes for one poll', () => {
  fc.assert(
    fc.property(
      fc.array(anyTag, { maxLength: 60 }),
      fc.integer({ min: 4, max: 125 }),
      fc.nat(20),
      (tags, maxRegisters, maxGap) => {
        const points = tags.map(({ area, offset, unit, type }, at) => {
          const address = `${unit}${area}:${offset}`
          const settings = {
            name: `t${at}`,
            address,
            type: area === 'co' ? ('bool' as const) : (type as 'int16'),
            everyMs: 1000,
            clamp: false,
            writable: false,
          }
          return { tag: at, address: modbus.parseAddress(address), settings }
        })
        const options = modbus.options.parse({ host: 'h', maxRegisters, maxGap }) as never
        const driver = modbus.create(options, testContext())
        assert.equal(modbus.estimate!(options, points).requests, driver.prepare(points).steps)
      },
    ),
    { numRuns: 300 },
  )
})
