/**
 * The series of devices. Those beyond the cap are one, device="_other", with their sums: what a scrape costs is bounded, and nothing is
 * missing from the sums. The text of a device's labels is made once and serves all families and scrapes.
 */
import type { Gateway } from '../gateway.ts'
import { createHistogram, type Histogram } from '../core/histogram.ts'
import { statusName, type StatusCode } from '../core/status.ts'
import { FixedLabels, labelText, type Exposition } from './exposition.ts'

export type DeviceSession = Gateway['polling']['devices'][number]
type WireFigures = DeviceSession['stats']['wire']

/** Devices with series of their own, and the rest. */
export interface CappedDevices {
  readonly shown: readonly DeviceSession[]
  readonly others: readonly DeviceSession[]
  labelsOf(device: DeviceSession): FixedLabels
}

/** Stands for all devices beyond the cap. */
export const OTHER = new FixedLabels({ device: '_other', driver: '_other' }, true)
/** Devices between two looks at the time, where there are many and each is little work. */
const STRIDE = 512

/** Texts of labels, kept as long as their devices are. */
export function keepLabels(): CappedDevices['labelsOf'] {
  const kept = new WeakMap<DeviceSession, FixedLabels>()
  return (device) => {
    let labels = kept.get(device)
    if (labels === undefined)
      kept.set(device, (labels = new FixedLabels({ device: device.name, driver: device.driver })))
    return labels
  }
}

/** Calls `look` with each, and lets others run meanwhile. */
export async function forEachIn<T>(out: Exposition, all: readonly T[], look: (one: T) => void): Promise<void> {
  for (let at = 0; at < all.length; at++) {
    look(all[at]!)
    if (at % STRIDE === STRIDE - 1) await out.breathe()
  }
}

/** The same for all devices, those beyond the cap included. */
export async function forEachDevice(
  out: Exposition,
  { shown, others }: CappedDevices,
  look: (device: DeviceSession) => void,
): Promise<void> {
  await forEachIn(out, shown, look)
  await forEachIn(out, others, look)
}

/**
 * One series a device, and `_other` with the sum; `more` are further labels, as text. A device of which `read` knows nothing has none.
 */
export async function perDevice(
  out: Exposition,
  { shown, others, labelsOf }: CappedDevices,
  read: (device: DeviceSession) => number | undefined,
  { more, join = add }: { readonly more?: string; readonly join?: (a: number, b: number) => number } = {},
): Promise<void> {
  const write = (labels: FixedLabels, value: number): void =>
    more === undefined ? out.sample(labels, value) : out.sampleOf(labels, more, value)
  await forEachIn(out, shown, (device) => {
    const value = read(device)
    if (value !== undefined) write(labelsOf(device), value)
  })
  let sum: number | undefined
  await forEachIn(out, others, (device) => {
    const value = read(device)
    if (value === undefined) return
    sum = sum === undefined ? value : join(sum, value)
    out.drop(1)
  })
  if (sum !== undefined) write(OTHER, sum)
}

const add = (a: number, b: number): number => a + b

/** One histogram a device, and `_other` with their sum. */
export async function histogramPerDevice(
  out: Exposition,
  { shown, others, labelsOf }: CappedDevices,
  pick: (device: DeviceSession) => Histogram,
): Promise<void> {
  for (const device of shown) {
    out.histogram(labelsOf(device), pick(device))
    await out.breathe()
  }
  if (others.length === 0) return
  const total = await sumHistograms(out, others, pick)
  out.drop(others.length * (total.bounds.length + 3))
  out.histogram(OTHER, total)
}

/** 1 for each device, and none for those beyond the cap together. */
export async function up(out: Exposition, { shown, others, labelsOf }: CappedDevices): Promise<void> {
  await forEachIn(out, shown, (device) => out.sample(labelsOf(device), device.state === 'Running' ? 1 : 0))
  out.drop(others.length)
}

/** Another question than `up`: one that is read with some bad tags is not up, and not away. Nothing of those beyond the cap. */
export async function away(out: Exposition, { shown, others, labelsOf }: CappedDevices): Promise<void> {
  await forEachIn(out, shown, (device) => {
    const { state } = device
    if (state !== 'Disabled') out.sample(labelsOf(device), state === 'Connecting' || state === 'Failed' ? 1 : 0)
  })
  out.drop(others.length)
}

/** Where each stands, for joins in queries. */
export async function info(out: Exposition, { shown, others, labelsOf }: CappedDevices, gateway: Gateway) {
  const areas = new Map(gateway.config.devices.map(({ name, area }) => [name, area]))
  await forEachIn(out, shown, (device) =>
    out.sampleOf(labelsOf(device), labelText({ area: areas.get(device.name) ?? '' }), 1),
  )
  out.drop(others.length)
}

export async function states(out: Exposition, devices: CappedDevices): Promise<void> {
  const counts: Record<DeviceSession['state'], number> = { Running: 0, Connecting: 0, Degraded: 0, Failed: 0, Disabled: 0 } // prettier-ignore
  await forEachDevice(out, devices, (device) => void counts[device.state]++)
  for (const [state, count] of Object.entries(counts)) out.sample({ state }, count)
}

/** Over all devices of a driver, those beyond the cap included. */
export async function lateness(out: Exposition, devices: CappedDevices): Promise<void> {
  const byDriver = new Map<string, Histogram>()
  await forEachDevice(out, devices, ({ driver, stats }) => {
    let total = byDriver.get(driver)
    if (total === undefined) byDriver.set(driver, (total = createHistogram(stats.lateness.bounds)))
    addTo(total, stats.lateness)
  })
  for (const [driver, total] of byDriver) out.histogram(new FixedLabels({ driver }, true), total)
}

const wireOf = ({ stats }: DeviceSession): WireFigures => stats.wire

export async function lossRatio(out: Exposition, devices: CappedDevices, now: number): Promise<void> {
  const { shown, others, labelsOf } = devices
  await forEachIn(out, shown, (device) => {
    const { asked, lost } = wireOf(device).lately(now)
    if (asked > 0) out.sample(labelsOf(device), lost / asked)
  })
  const sum = { asked: 0, lost: 0 }
  await forEachIn(out, others, (device) => {
    const { asked, lost } = wireOf(device).lately(now)
    if (asked > 0) out.drop(1)
    sum.asked += asked
    sum.lost += lost
  })
  if (sum.asked > 0) out.sample(OTHER, sum.lost / sum.asked)
}

export const lastAnswer = (out: Exposition, devices: CappedDevices): Promise<void> =>
  perDevice(
    out,
    devices,
    (device) => {
      const at = Math.max(wireOf(device).lastAnswerAt ?? 0, device.lastGoodAt ?? 0)
      return at === 0 ? undefined : at / 1000
    },
    { join: Math.min },
  )

export async function bytes(out: Exposition, devices: CappedDevices): Promise<void> {
  const settled = (device: DeviceSession): WireFigures => {
    device.line.settleBytes(wireOf(device))
    return wireOf(device)
  }
  await perDevice(out, devices, (device) => settled(device).bytesSent, { more: 'direction="sent"' })
  await perDevice(out, devices, (device) => wireOf(device).bytesReceived, { more: 'direction="received"' })
}

export async function exceptions(out: Exposition, { shown, others, labelsOf }: CappedDevices): Promise<void> {
  await forEachIn(out, shown, (device) => {
    for (const [status, count] of wireOf(device).refusals) out.sampleOf(labelsOf(device), codeText(status), count)
  })
  const sums = new Map<StatusCode | 'other', number>()
  await forEachIn(out, others, (device) => {
    for (const [status, count] of wireOf(device).refusals) {
      const code = sums.has(status) || sums.size < MOST_CODES ? status : 'other'
      sums.set(code, (sums.get(code) ?? 0) + count)
      out.drop(1)
    }
  })
  for (const [status, count] of sums) out.sampleOf(OTHER, codeText(status), count)
}

/** As many as one device may have. */
const MOST_CODES = 32

const codeText = (status: StatusCode | 'other'): string =>
  labelText({ code: status === 'other' ? '_other' : statusName(status) })

async function sumHistograms(
  out: Exposition,
  devices: readonly DeviceSession[],
  pick: (device: DeviceSession) => Histogram,
): Promise<Histogram> {
  const [first] = devices
  const total = createHistogram(first === undefined ? undefined : pick(first).bounds)
  await forEachIn(out, devices, (device) => addTo(total, pick(device)))
  return total
}

function addTo(total: Histogram, { counts, sum, count }: Histogram): void {
  for (let bucket = 0; bucket < counts.length; bucket++) total.counts[bucket]! += counts[bucket]!
  total.sum += sum
  total.count += count
}
