/** The walk of a SunSpec device as a tool: what it prints is the device, and what it proposes loads and reads. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { systemClock } from '../../../core/clock.ts'
import type { LineAccess } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { createModbusServer, RegisterBank } from '../../../protocols/modbus/index.ts'
import { testContext } from '../../../testing/driver-suite.ts'
import { openSunSpec, readCycle, sunSpecPoints } from '../../../testing/sunspec-bench.ts'
import { NONE, sunSpecBank, sunSpecImage } from '../../../testing/sunspec-image.ts'
import { modbus } from '../driver.ts'
import { sunspecTool, type SunSpecReport } from './sunspec.ts'

const hex = (text: string) => Buffer.from(text).toString('hex')

const INVERTER = sunSpecImage([
  { id: 1, raw: { Mn: hex('Acme "Solar"'), Md: hex('Sun 5'), SN: hex('A-17') } },
  { id: 103, raw: { St: '0004', Evt1: '00000081', W: '04d2', W_SF: 'ffff', A: 'ffff' } },
  { id: 160 },
])

/** Runs the tool at a device with this bank, and counts the turns on the line. */
async function runTool(t: TestContext, bank: RegisterBank, input: Record<string, unknown> = {}) {
  let requests = 0
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined), intercept: () => void requests++ }) // prettier-ignore
  const port = await server.listen(0)
  t.after(() => server.close())
  const driver = modbus.create(modbus.options.parse({ host: '127.0.0.1', port }), testContext())
  t.after(() => driver.close())
  const signal = AbortSignal.timeout(5000)
  await driver.connect(signal)
  let turns = 0
  const access: LineAccess = {
    connected: true,
    run: (work) => {
      turns++
      const before = requests
      return work(signal).finally(() => assert.ok(requests - before <= 1, 'more than one request a turn'))
    },
  }
  const parsed = sunspecTool.input.parse(input)
  const report = (await sunspecTool.run(parsed, driver, access, signal)) as SunSpecReport
  return { report, port, turns, lines: sunspecTool.toLines(report as never) }
}

test('every model and point with value, unit and symbols; each request is a turn of its own', async (t) => {
  const { report, lines, turns } = await runTool(t, sunSpecBank(INVERTER))
  assert.ok(turns > 5)
  assert.deepEqual(report.identity.serial, 'A-17')
  assert.equal(
    lines[0],
    `Acme "Solar" Sun 5, serial A-17, version ${report.identity.firmware} (unit 1, SunSpec at hr:40000)`,
  )
  assert.ok(lines.includes('model 103 Inverter (Three Phase) (hr:40070, 50 registers)'))
  const line = (address: string) => lines.find((one) => one.trim().startsWith(`${address} `))?.replace(/ +/g, ' ')
  assert.equal(line('sunspec:103.W'), ' sunspec:103.W 123.4 W [Watts, scale W_SF]')
  assert.equal(line('sunspec:103.St'), ' sunspec:103.St 4 = MPPT [Operating State]')
  assert.match(line('sunspec:103.Evt1')!, /129 = GROUND_FAULT \+ \w+/)
  assert.match(line('sunspec:103.A')!, /- \(BadNotSupported\)/)
  for (const [address, expected] of INVERTER.expected) {
    const point = report.models.flatMap(({ points }) => points).find((one) => one.address === address)
    assert.equal(point?.value, expected === NONE ? null : expected, address)
  }
})

test('as YAML it is one device, as CSV one tag list: without what the device lacks, each address of the right type', async (t) => {
  const { lines, port } = await runTool(t, sunSpecBank(INVERTER), { yaml: true })
  const [device] = parse(lines.join('\n')) as [{ name: string; options: object; tags: { address: string; type: string; description?: string }[] }] // prettier-ignore
  assert.equal(device.name, 'sun-5-a-17')
  assert.deepEqual(device.options, { host: '127.0.0.1', port, unit: 1 })
  const tags = new Map(device.tags.map((tag) => [tag.address, tag]))
  assert.ok(!tags.has('sunspec:103.A') && !tags.has('sunspec:103.ID') && !tags.has('sunspec:103.W_SF'))
  assert.equal(tags.get('sunspec:103.St')!.description, 'Operating State')
  for (const { address, type } of device.tags) assert.equal(modbus.parseAddress(address).type, type, address)
  const csv = await runTool(t, sunSpecBank(INVERTER), { csv: true })
  assert.equal(csv.lines.length, device.tags.length + 1)
  assert.equal(csv.lines[0], 'name,address,type,unit,every,description')
  assert.ok(csv.lines.some((line) => line === '103.St,sunspec:103.St,uint16,,,Operating State'))
})

test('what a device says of itself is text: no line of its own, no cursor moved', async (t) => {
  const { lines } = await runTool(
    t,
    sunSpecBank(sunSpecImage([{ id: 1, raw: { Mn: hex('A\n\u001b[2J'), Md: hex('B') } }])),
  )
  assert.match(lines[0]!, /^A\\u000a\\u001b\[2J B/)
  assert.ok(lines.every((line) => !/\p{Cc}/u.test(line)))
})

test('a survey of a device that is polled leaves the reasons of its tags alone', async (t) => {
  const { driver } = await openSunSpec(
    t,
    sunSpecImage([
      { id: 1, raw: { Opt: '0000' } },
      { id: 103, raw: { A: 'ffff' } },
    ]),
  )
  const addresses = ['sunspec:103.A', 'sunspec:103.W', 'sunspec:160.N']
  const poll = driver.prepare(sunSpecPoints(addresses))
  const reasons = () => [1, 2, 3].map((tag) => driver.reasonOf!(tag))
  await readCycle(poll, addresses)
  const before = reasons()
  assert.match(before.join('\n'), /does not implement this point\n\nthe device has no model 160/)
  const signal = AbortSignal.timeout(5000)
  await sunspecTool.run(sunspecTool.input.parse({}), driver, { connected: true, run: (work) => work(signal) }, signal)
  assert.deepEqual(reasons(), before)
})

test('a device that is none is DEVICE_REFUSED, and says where the marker was looked for', async (t) => {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  await assert.rejects(
    runTool(t, bank),
    (error: unknown) => error instanceof GatewayError && error.code === 'DEVICE_REFUSED' && /hr:40000, 50000, 0/.test(error.message), // prettier-ignore
  )
})

test('a device that is silent where it has no registers is found at the last of the bases too; only one silent at all of them is TIMEOUT', async (t) => {
  const signal = AbortSignal.timeout(20_000)
  const access: LineAccess = { connected: true, run: (work) => work(signal) }
  const image = sunSpecImage([{ id: 1 }, { id: 103 }], 1)
  const bench = await openSunSpec(t, image)
  bench.fault = (address, count) => (address < 1 || address + count > 1 + image.registers.length ? { silent: true } : undefined) // prettier-ignore
  const ask = () => sunspecTool.run(sunspecTool.input.parse({}), bench.driver, access, signal) as Promise<SunSpecReport>
  assert.equal((await ask()).base, 1)
  const dead = await openSunSpec(t, image)
  dead.fault = () => ({ silent: true })
  await assert.rejects(
    sunspecTool.run(sunspecTool.input.parse({}), dead.driver, access, signal),
    (error: unknown) => error instanceof GatewayError && error.code === 'TIMEOUT' && /answered at none of hr:40000, 50000, 0/.test(error.message), // prettier-ignore
  )
  assert.equal(dead.requests.length, 11)
})
