/**
 * The flow as a picture has it: devices (or groups of them, where there are many), the gateway, the sinks, and what goes between. One pass
 * over the devices, none over their tags.
 */
import type { Gateway } from '../gateway.ts'
import { Slice } from '../core/slice.ts'
import type { System } from '../observe/system/system.ts'
import type { DeviceState } from '../polling/session.ts'
import type { Sight } from './auth/sight.ts'
import { isReceived, shownDevices, type ShownDevice } from './shown-devices.ts'
import { isoOf } from './views.ts'

export const GROUPINGS = ['none', 'area', 'line', 'driver'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** More nodes than this are no picture any more. */
const MOST_NODES = 500
const GATEWAY_NODE = 'gateway'
/** The worst one is shown: as people sort what they look at first. */
const BY_URGENCY: readonly DeviceState[] = ['Failed', 'Degraded', 'Connecting', 'Running', 'Disabled']

interface Group {
  readonly name: string
  readonly devices: ShownDevice[]
}

/** `wanted` undefined: as fine as there is room for. */
export async function topology(gateway: Gateway, system: System, sight: Sight, wanted: Grouping | undefined) {
  const devices = shownDevices(gateway).filter(({ name }) => sight?.(name) !== false)
  const grouping = wanted ?? usualGrouping(gateway, devices)
  const groups = groupsOf(gateway, devices, grouping)
  const shown = groups.slice(0, MOST_NODES)
  const slice = new Slice()
  const sources = []
  for (const group of shown) {
    sources.push(sourceOf(gateway, system, group, grouping))
    await slice.breathe()
  }
  const sinks = gateway.runners.map((runner) => sinkOf(gateway, system, runner.status()))
  return {
    grouping,
    devices: devices.length,
    leftOut: groups.length - shown.length,
    nodes: [...sources.map(({ node }) => node), gatewayNode(gateway), ...sinks.map(({ node }) => node)],
    edges: [...sources.map(({ edge }) => edge), ...sinks.map(({ edge }) => edge)],
  }
}

function usualGrouping(gateway: Gateway, devices: readonly ShownDevice[]): Grouping {
  if (devices.length <= MOST_NODES) return 'none'
  if (gateway.config.devices.some(({ area }) => area !== undefined)) return 'area'
  return new Set(devices.map(lineOf)).size <= MOST_NODES ? 'line' : 'driver'
}

function groupsOf(gateway: Gateway, devices: readonly ShownDevice[], grouping: Grouping): readonly Group[] {
  const areas = new Map(grouping === 'area' ? gateway.config.devices.map(({ name, area }) => [name, area]) : [])
  const groups = new Map<string, Group>()
  for (const device of devices) {
    const name = keyOf(device, grouping, areas)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { name, devices: [device] })
    else group.devices.push(device)
  }
  return [...groups.values()]
}

function keyOf(device: ShownDevice, grouping: Grouping, areas: ReadonlyMap<string, string | undefined>): string {
  if (grouping === 'none') return device.name
  if (grouping === 'area') return areas.get(device.name) ?? '(no area)'
  return grouping === 'line' ? lineOf(device) : driverOf(device)
}

const lineOf = (device: ShownDevice): string => (isReceived(device) ? `gateway ${device.client}` : device.line.key)
const driverOf = (device: ShownDevice): string => (isReceived(device) ? 'received' : device.driver)

function sourceOf(gateway: Gateway, system: System, { name, devices }: Group, grouping: Grouping) {
  const states: Partial<Record<DeviceState, number>> = {}
  let samplesPerSecond: number | null = null
  let lastAt: number | undefined
  let tags = 0
  for (const device of devices) {
    states[device.state] = (states[device.state] ?? 0) + 1
    tags += gateway.store.tags.of(device.name).length
    if (isReceived(device)) continue
    const rate = system.samplesPerSecond(device)
    if (rate !== null) samplesPerSecond = (samplesPerSecond ?? 0) + rate
    if (device.lastGoodAt !== undefined) lastAt = Math.max(lastAt ?? 0, device.lastGoodAt)
  }
  const state = BY_URGENCY.find((one) => states[one] !== undefined)!
  const [only] = devices
  const id = `${grouping === 'none' ? 'device' : grouping}:${name}`
  const isOne = grouping === 'none'
  const node = {
    id,
    kind: isOne ? ('device' as const) : ('group' as const),
    name,
    type: isOne ? driverOf(only!) : null,
    state,
    reason: isOne ? only!.reason : null,
    devices: devices.length,
    states,
    tags,
    pending: null,
  }
  return { node, edge: { from: id, to: GATEWAY_NODE, ...flowOf(gateway, samplesPerSecond, lastAt) } }
}

function sinkOf(gateway: Gateway, system: System, status: ReturnType<Gateway['runners'][number]['status']>) {
  const { name, kind, state, pending, lastSettledAt } = status
  const id = `sink:${name}`
  const node = {
    id,
    kind: 'sink' as const,
    name,
    type: kind,
    state,
    // It may name devices that not everybody sees; the list of sinks says it to those who do.
    reason: null,
    devices: 0,
    states: {},
    tags: 0,
    pending,
  }
  return {
    node,
    edge: { from: GATEWAY_NODE, to: id, ...flowOf(gateway, system.sinkRates(name).outPerSecond, lastSettledAt) },
  }
}

const gatewayNode = ({ store }: Gateway) => ({
  id: GATEWAY_NODE,
  kind: 'gateway' as const,
  name: GATEWAY_NODE,
  type: null,
  state: store.info().failed === null ? ('Running' as const) : ('Failed' as const),
  reason: store.info().failed,
  devices: 0,
  states: {},
  tags: store.tags.size,
  pending: null,
})

const flowOf = ({ clock }: Gateway, samplesPerSecond: number | null, lastAt: number | undefined) => ({
  samplesPerSecond,
  lastAt: isoOf(lastAt),
  ageMs: lastAt === undefined ? null : Math.max(0, Math.round(clock.now() - lastAt)),
})
