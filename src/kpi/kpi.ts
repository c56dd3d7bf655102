/**
 * Figures of devices and assets, over restarts and over changes of the configuration. Once a second it looks at the clock: windows begin and
 * end, planned maintenance holds or does not, values grow old. The file is written every five minutes and when the gateway stops.
 */
import { join } from 'node:path'
import type { AssetConfig } from '../core/asset.ts'
import type { SampleBatch } from '../core/batch.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { DeviceAccount } from '../core/device-account.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Slice } from '../core/slice.ts'
import { AssetInputs, type KnownTags } from './asset-inputs.ts'
import { AssetMeter, type KeptAsset } from './asset-meter.ts'
import { Calendar, type Segment } from './calendar.ts'
import { DeviceRecord, type KeptDevice } from './device-record.ts'
import { readKept, writeKept, type Kept } from './kept-file.ts'
import { assetFigures, deviceFigures, type AssetFigures, type DeviceFigures } from './ratios.ts'
import type { Counted, Totals, Window } from './window.ts'

export const DEVICE_WINDOWS = ['hour', 'day', 'total'] as const
export const ASSET_WINDOWS = ['hour', 'shift', 'day', 'total'] as const
export type DeviceWindow = (typeof DEVICE_WINDOWS)[number]
export type AssetWindow = (typeof ASSET_WINDOWS)[number]

/** Whether a device is in planned maintenance at a moment (ms since 1970): then it is neither up nor down, and its samples are not expected. */
export type IsPlanned = (device: string, time: number) => boolean

export interface KpiOptions {
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  readonly known: KnownTags
  /** Nothing is planned where absent. */
  readonly isPlanned?: IsPlanned | undefined
}

/** A window with what it comes to. */
export interface Figured<Figures> {
  readonly from: number | null
  readonly to: number | null
  /** Of the shift. */
  readonly name: string | null
  readonly figures: Figures
}

export interface Windowed<Figures> {
  readonly current: Figured<Figures> | null
  readonly previous: Figured<Figures> | null
}

const TICK_MS = 1000
const SAVE_MS = 300_000
/** A counter that jumps all the time is told once in this time. */
const TELL_MS = 3_600_000
/** Figures of a device that is not configured any more are kept so long: it may come back. */
const GONE_MS = 30 * 86_400_000
const MOST_GONE = 10_000

/** Reads what is kept; never rejects for what the file holds. */
export async function openKpi(options: KpiOptions): Promise<Kpi> {
  const path = join(options.data, 'kpi.json')
  return new Kpi(options, path, await readKept(path, options.log))
}

export class Kpi {
  readonly #options: KpiOptions
  readonly #path: string
  readonly #devices = new Map<string, DeviceRecord>()
  /** Devices of the file that are not configured. */
  readonly #goneDevices: Map<string, KeptDevice>
  readonly #assets = new Map<string, AssetMeter>()
  readonly #goneAssets: Map<string, KeptAsset>
  readonly #inputs: AssetInputs
  /** Windows of devices: by the machine's own time zone. */
  readonly #calendar = new Calendar({ timeZone: undefined, shifts: [] })
  #movedUntil = 0
  #timer: Timer | undefined
  #savedMonotonic: number
  #saving: Promise<void> = Promise.resolve()
  #failed = false

  constructor(options: KpiOptions, path: string, kept: Kept | undefined) {
    this.#options = options
    this.#path = path
    this.#goneDevices = new Map(kept?.devices)
    this.#goneAssets = new Map(kept?.assets)
    this.#inputs = new AssetInputs(options.known)
    this.#savedMonotonic = options.clock.monotonic()
  }

  /** Where polling tells how a device does. */
  account(device: string): DeviceAccount {
    return this.#record(device)
  }

  /** After each batch is stored. */
  readonly see = (batch: SampleBatch): void => {
    if (this.#assets.size > 0) this.#inputs.see(batch)
  }

  /** These devices and assets from now on; what was counted of those that stay, or come back, goes on. */
  configure(devices: readonly { readonly name: string }[], assets: readonly AssetConfig[] = []): void {
    const names = new Set(devices.map(({ name }) => name))
    for (const name of names) this.#record(name)
    for (const [name, record] of this.#devices) {
      if (names.has(name)) continue
      record.became('off')
      this.#goneDevices.set(name, record.toKept(this.#options.clock.now()))
      this.#devices.delete(name)
    }
    this.#configureAssets(assets)
  }

  start(): void {
    this.#tick()
    this.#timer = this.#options.clock.every(TICK_MS, () => this.#tick())
  }

  /** Counts to the end, and writes it. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#tick()
    await this.#save()
  }

  /** Of a device that is configured; undefined: it is none. */
  device(name: string, window: DeviceWindow): (Windowed<DeviceFigures> & { isUp: boolean | null }) | undefined {
    const record = this.#devices.get(name)
    if (record === undefined) return undefined
    record.move(this.#segment(), this.#options.clock.now())
    const windowed = windowedOf(window === 'total' ? undefined : record[window], record.totals(), deviceFigures)
    return { ...windowed, isUp: record.isUp ?? null }
  }

  /** In the order of the configuration. */
  get assets(): readonly AssetConfig[] {
    return [...this.#assets.values()].map(({ config }) => config)
  }

  asset(name: string, window: AssetWindow): (Windowed<AssetFigures> & { state: AssetMeter['state'] }) | undefined {
    const meter = this.#assets.get(name)
    if (meter === undefined) return undefined
    const totals = meter.totals()
    const figures = (counts: Totals): AssetFigures => assetFigures(counts, meter.config)
    return { ...windowedOf(window === 'total' ? undefined : meter[window], totals, figures), state: meter.state }
  }

  /** Counts since the process began, for metrics. */
  deviceCounts(name: string): DeviceFigures | undefined {
    const record = this.#devices.get(name)
    return record && deviceFigures(record.sinceStart())
  }

  assetCounts(name: string): AssetFigures | undefined {
    const meter = this.#assets.get(name)
    return meter && assetFigures(meter.sinceStart(), meter.config)
  }

  #record(name: string): DeviceRecord {
    const known = this.#devices.get(name)
    if (known !== undefined) return known
    const made = new DeviceRecord(this.#options.clock, this.#goneDevices.get(name))
    this.#goneDevices.delete(name)
    this.#devices.set(name, made)
    this.#movedUntil = 0
    return made
  }

  #configureAssets(assets: readonly AssetConfig[]): void {
    const before = new Map(this.#assets)
    this.#assets.clear()
    for (const config of assets) {
      const known = before.get(config.name)
      known?.configure(config)
      this.#assets.set(config.name, known ?? this.#meter(config))
      before.delete(config.name)
    }
    for (const [name, meter] of before) this.#goneAssets.set(name, meter.toKept())
    this.#inputs.watch(this.#assets.values())
  }

  #meter(config: AssetConfig): AssetMeter {
    const { clock, log } = this.#options
    let toldAt = -Infinity
    const meter = new AssetMeter(config, {
      clock,
      onJump(asset, kind, from, to) {
        if (clock.monotonic() - toldAt < TELL_MS) return
        toldAt = clock.monotonic()
        log.warn(
          { asset, before: from, after: to },
          `The counter of ${kind} of ${asset} went from ${from} to ${to}, faster than it can produce: not counted. Look at idealRate and rollover.`,
        )
      },
    })
    const kept = this.#goneAssets.get(config.name)
    if (kept !== undefined) meter.restore(kept)
    this.#goneAssets.delete(config.name)
    return meter
  }

  #segment() {
    return this.#calendar.at(this.#options.clock.now())
  }

  #tick(): void {
    const { clock, isPlanned } = this.#options
    const now = clock.now()
    if (isPlanned !== undefined) {
      for (const [name, record] of this.#devices) record.plan(isPlanned(name, now))
      for (const meter of this.#assets.values()) meter.maintain(isPlanned(meter.config.pieces.device, now))
    }
    const segment = this.#segment()
    if (this.#movedUntil !== segment.to) void this.#move(segment, now)
    this.#inputs.tick(now)
    if (clock.monotonic() - this.#savedMonotonic >= SAVE_MS) void this.#save()
  }

  /** Windows of ten thousand devices end at once. */
  async #move(segment: Segment, now: number): Promise<void> {
    this.#movedUntil = segment.to
    const slice = new Slice()
    for (const record of this.#devices.values()) {
      record.move(segment, now)
      if (slice.spent) await slice.yield()
    }
  }

  /** One after another. A disk that fails costs the figures since the last time, and is told once. */
  #save(): Promise<void> {
    const { clock, log } = this.#options
    this.#savedMonotonic = clock.monotonic()
    this.#saving = this.#saving.then(async () => {
      try {
        await writeKept(this.#path, await this.#toKept())
        this.#failed = false
      } catch (error) {
        if (!this.#failed)
          log.warn(
            { file: this.#path, problem: messageOf(error) },
            'The figures of devices and assets cannot be written.',
          )
        this.#failed = true
      }
    })
    return this.#saving
  }

  async #toKept(): Promise<Kept> {
    const savedAt = this.#options.clock.now()
    for (const [name, { seenAt }] of this.#goneDevices) if (savedAt - seenAt >= GONE_MS) this.#goneDevices.delete(name)
    dropOldest(this.#goneDevices)
    dropOldest(this.#goneAssets)
    const devices = new Map(this.#goneDevices)
    const assets = new Map(this.#goneAssets)
    const slice = new Slice()
    for (const [name, record] of this.#devices) {
      devices.set(name, record.toKept(savedAt))
      if (slice.spent) await slice.yield()
    }
    for (const [name, meter] of this.#assets) {
      assets.set(name, meter.toKept())
      if (slice.spent) await slice.yield()
    }
    return { devices, assets }
  }
}

function dropOldest(gone: Map<string, unknown>): void {
  for (const name of gone.keys()) {
    if (gone.size <= MOST_GONE) return
    gone.delete(name)
  }
}

function windowedOf<Figures>(
  window: Window | undefined,
  totals: Totals,
  figures: (counts: Totals) => Figures,
): Windowed<Figures> {
  if (window === undefined)
    return { current: { from: null, to: null, name: null, figures: figures(totals) }, previous: null }
  const figured = (counted: Counted | undefined): Figured<Figures> | null =>
    counted === undefined
      ? null
      : { from: counted.from, to: counted.to, name: counted.name ?? null, figures: figures(counted.counts) }
  return { current: figured(window.current(totals)), previous: figured(window.previous) }
}
