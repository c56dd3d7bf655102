import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { eventually } from '../testing/peers.ts'
import { PLANT_DEVICES, startPlant } from '../testing/people.ts'
import { systemSchema } from './system-schemas.ts'

type System = z.output<typeof systemSchema>

test('the gateway tells of itself: rates, memory, disk, event loop, clock, and the last minutes', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const viewer = await plant.person('vera', 'viewer')
  const crew = await plant.person('carl', 'press-crew')
  let system!: System
  const look = async () => {
    system = systemSchema.parse(await plant.json('/api/v1/system', viewer))
    return (system.samples.inPerSecond ?? 0) > 0 && system.history.length > 0 && system.samples.devices.length === 3
  }
  await eventually('the rates are known', look, 20_000)
  // Three devices with two tags every 50 ms, of which the set-point is kept once.
  const devices = new Map(system.samples.devices.map(({ name, samplesPerSecond }) => [name, samplesPerSecond]))
  assert.deepEqual([...devices.keys()].sort(), ['oven', 'press-1', 'press-2'])
  for (const rate of devices.values()) assert.ok(rate > 10 && rate < 45, `${rate}`)
  assert.ok(system.process.rssBytes > system.process.heapUsedBytes)
  assert.ok(system.disk!.totalBytes > system.disk!.freeBytes && system.disk!.usedByGatewayBytes! > 0)
  assert.ok(system.eventLoop.delayMs!.max >= system.eventLoop.delayMs!.p50)
  assert.deepEqual(system.clock.steps, [])
  assert.ok(system.history[0]!.cpuShare! > 0 && system.history[0]!.inPerSecond! > 0)
  const seen = systemSchema.parse(await plant.json('/api/v1/system', crew))
  assert.deepEqual(seen.samples.devices.map(({ name }) => name).sort(), ['press-1', 'press-2'])
})

test('devices have their duty and rate, sinks theirs; polls are there by minute, of what may be seen', async (t) => {
  const plant = await startPlant(t, {
    sketch: { devices: [...PLANT_DEVICES, { ...PLANT_DEVICES[0]!, name: 'press-off', enabled: false }] },
  })
  await plant.person('anna', 'admin')
  const viewer = await plant.person('vera', 'viewer')
  const crew = await plant.person('carl', 'press-crew')
  interface Device {
    readonly name: string
    readonly duty: number | null
    readonly samplesPerSecond: number | null
    readonly pollMs: { readonly p95: number | null }
  }
  const press = () => plant.json<Device>('/api/v1/devices/press-1', viewer)
  await eventually('rates are known', async () => ((await press()).samplesPerSecond ?? 0) > 0, 20_000)
  const { duty, pollMs } = await press()
  assert.ok(duty! > 0 && pollMs.p95! >= 0, `${duty} ${pollMs.p95}`)
  const off = await plant.json<Device>('/api/v1/devices/press-off', viewer)
  assert.deepEqual([off.duty, off.samplesPerSecond], [null, 0])

  interface Polls {
    readonly minutes: { readonly from: string; readonly gcShare: number }[]
    readonly devices: { name: string; everyMs: number; maxMs: (number | null)[]; polls: number[] }[]
    readonly next: string | null
  }
  const polls = await plant.json<Polls>('/api/v1/diagnostics/polls', viewer)
  assert.deepEqual(polls.devices.map(({ name }) => name), ['press-1', 'press-2', 'oven', 'press-off']) // prettier-ignore
  const [one, , , stopped] = polls.devices
  assert.equal(one!.everyMs, 50)
  assert.ok(one!.polls.at(-1)! > 20 && one!.maxMs.at(-1)! > 0)
  assert.deepEqual([stopped!.polls.at(-1), stopped!.maxMs.at(-1)], [0, null])
  for (const { maxMs } of polls.devices) assert.equal(maxMs.length, polls.minutes.length)
  const page = await plant.json<Polls>('/api/v1/diagnostics/polls?limit=2&minutes=1', crew)
  assert.deepEqual([page.devices.map(({ name }) => name), page.minutes.length], [['press-1', 'press-2'], 1])
  const rest = await plant.json<Polls>(`/api/v1/diagnostics/polls?limit=2&cursor=${page.next}`, crew)
  assert.deepEqual([rest.devices.map(({ name }) => name), rest.next], [['press-off'], null])
  assert.deepEqual((await plant.json<Polls>('/api/v1/diagnostics/polls?device=oven', crew)).devices, [])
})
