/** The series of the figures of devices and assets. Beyond the cap devices are one series; assets beyond it are left out of the ratios. */
import type { Gateway } from '../gateway.ts'
import { forEachIn, OTHER, type CappedDevices } from './device-series.ts'
import { FixedLabels, type Exposition } from './exposition.ts'
import type { kpiMetrics } from './kpi-metrics.ts'

type Name = (typeof kpiMetrics)[number]['name']

interface Shown {
  readonly gateway: Gateway
  readonly devices: CappedDevices
  readonly maxDevices: number
}

type Collector = (out: Exposition, shown: Shown) => void | Promise<void>

const OTHER_ASSET = new FixedLabels({ asset: '_other' }, true)

type DeviceCounts = NonNullable<ReturnType<Gateway['kpi']['deviceCounts']>>
type AssetCounts = NonNullable<ReturnType<Gateway['kpi']['assetCounts']>>
type AssetFigures = NonNullable<NonNullable<ReturnType<Gateway['kpi']['asset']>>['current']>['figures']

/** What six families show, read once a scrape: of each device that has series of its own, and the sums of the rest. */
interface Counted {
  readonly shown: readonly (DeviceCounts | undefined)[]
  readonly others: Record<Count, number>
}
type Count = 'upMs' | 'downMs' | 'failures' | 'recoveries' | 'samplesExpected' | 'samplesGood'

const counted = new WeakMap<CappedDevices, Promise<Counted>>()

function countsOf(out: Exposition, { gateway, devices }: Shown): Promise<Counted> {
  let counts = counted.get(devices)
  if (counts === undefined) counted.set(devices, (counts = count(out, gateway, devices)))
  return counts
}

async function count(out: Exposition, { kpi }: Gateway, devices: CappedDevices): Promise<Counted> {
  const shown: (DeviceCounts | undefined)[] = []
  await forEachIn(out, devices.shown, ({ name }) => void shown.push(kpi.deviceCounts(name)))
  const others = { upMs: 0, downMs: 0, failures: 0, recoveries: 0, samplesExpected: 0, samplesGood: 0 }
  await forEachIn(out, devices.others, ({ name }) => {
    const one = kpi.deviceCounts(name)
    if (one !== undefined) for (const key in others) others[key as Count] += one[key as Count]
  })
  return { shown, others }
}

const perDevice =
  (key: Count, divisor = 1): Collector =>
  async (out, all) => {
    const { shown, others, labelsOf } = all.devices
    const counts = await countsOf(out, all)
    let at = 0
    await forEachIn(out, shown, (device) => out.sample(labelsOf(device), (counts.shown[at++]?.[key] ?? 0) / divisor))
    out.drop(others.length)
    if (others.length > 0) out.sample(OTHER, counts.others[key] / divisor)
  }

const perAsset =
  (read: (counts: AssetCounts) => number | null): Collector =>
  (out, { gateway, maxDevices }) => {
    const valueOf = (name: string): number | null => read(gateway.kpi.assetCounts(name)!)
    const { assets } = gateway.kpi
    for (const { name } of assets.slice(0, maxDevices)) {
      const value = valueOf(name)
      if (value !== null) out.sample({ asset: name }, value)
    }
    const others = assets.slice(maxDevices)
    out.drop(others.length)
    if (others.length > 0)
      out.sample(
        OTHER_ASSET,
        others.reduce((sum, { name }) => sum + (valueOf(name) ?? 0), 0),
      )
  }

const ratio =
  (read: (figures: AssetFigures) => number | null): Collector =>
  (out, { gateway, maxDevices }) => {
    out.drop(Math.max(0, gateway.kpi.assets.length - maxDevices))
    for (const { name, planned } of gateway.kpi.assets.slice(0, maxDevices)) {
      const window = gateway.kpi.asset(name, planned.shifts.length > 0 ? 'shift' : 'day')
      const value = window?.current && read(window.current.figures)
      if (typeof value === 'number') out.sample({ asset: name }, value)
    }
  }

export const kpiCollectors: Record<Name, Collector> = {
  bifrost_device_up_seconds_total: perDevice('upMs', 1000),
  bifrost_device_down_seconds_total: perDevice('downMs', 1000),
  bifrost_device_failures_total: perDevice('failures'),
  bifrost_device_recoveries_total: perDevice('recoveries'),
  bifrost_device_samples_expected_total: perDevice('samplesExpected'),
  bifrost_device_samples_good_total: perDevice('samplesGood'),
  bifrost_asset_planned_seconds_total: perAsset(({ plannedMs }) => plannedMs / 1000),
  bifrost_asset_unknown_seconds_total: perAsset(({ unknownMs }) => unknownMs / 1000),
  bifrost_asset_running_seconds_total: perAsset(({ runningMs }) => runningMs / 1000),
  bifrost_asset_produced_total: perAsset(({ produced }) => produced),
  bifrost_asset_rejected_total: perAsset(({ rejected }) => rejected),
  bifrost_asset_ideal_total: perAsset(({ ideal }) => ideal),
  bifrost_asset_availability_ratio: ratio(({ availability }) => availability),
  bifrost_asset_performance_ratio: ratio(({ performance }) => performance),
  bifrost_asset_quality_ratio: ratio(({ quality }) => quality),
  bifrost_asset_oee_ratio: ratio(({ oee }) => oee),
}
