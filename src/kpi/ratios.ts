/**
 * The formulas. Those of assets are ISO 22400-2's availability, effectiveness (here: performance), quality ratio and OEE index. What nothing is
 * known of has no ratio: null, never 0 or 1.
 */
import type { AssetConfig } from '../core/asset.ts'
import { Asset } from './asset-meter.ts'
import { Device } from './device-record.ts'
import type { Totals } from './window.ts'

const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

export interface DeviceFigures {
  readonly upMs: number
  readonly downMs: number
  readonly failures: number
  readonly recoveries: number
  /** Up time a failure. */
  readonly mtbfMs: number | null
  /** From a failure to the end of it, on average. */
  readonly mttrMs: number | null
  readonly availability: number | null
  readonly samplesExpected: number
  readonly samplesGood: number
  readonly completeness: number | null
}

export const deviceFigures = (counts: Totals): DeviceFigures => ({
  upMs: Math.round(counts[Device.up]!),
  downMs: Math.round(counts[Device.down]!),
  failures: counts[Device.failures]!,
  recoveries: counts[Device.recoveries]!,
  mtbfMs: rounded(ratio(counts[Device.up]!, counts[Device.failures]!)),
  mttrMs: rounded(ratio(counts[Device.restored]!, counts[Device.recoveries]!)),
  availability: ratio(counts[Device.up]!, counts[Device.up]! + counts[Device.down]!),
  samplesExpected: counts[Device.expected]!,
  samplesGood: counts[Device.good]!,
  completeness: ratio(counts[Device.good]!, counts[Device.expected]!),
})

export interface AssetFigures {
  /** Planned, and known. */
  readonly plannedMs: number
  readonly runningMs: number
  /** Planned, and not known: in no ratio. */
  readonly unknownMs: number
  readonly produced: number
  /** Null: nobody counts it. */
  readonly rejected: number | null
  readonly good: number | null
  /** What the running time could have brought. */
  readonly ideal: number
  /** Pieces of the time that is unknown: in no ratio. */
  readonly missed: number
  readonly unplannedRunningMs: number
  readonly unplannedPieces: number
  readonly counterResets: number
  readonly counterJumps: number
  readonly availability: number | null
  readonly performance: number | null
  readonly quality: number | null
  readonly oee: number | null
}

export function assetFigures(counts: Totals, { rejected: source }: Pick<AssetConfig, 'rejected'>): AssetFigures {
  const produced = counts[Asset.produced]!
  const rejected = source === undefined ? null : counts[Asset.rejected]!
  const good = rejected === null ? null : Math.max(0, produced - rejected)
  const availability = ratio(counts[Asset.running]!, counts[Asset.planned]!)
  const performance = ratio(produced, counts[Asset.ideal]!)
  const quality = good === null ? null : ratio(good, produced)
  return {
    plannedMs: Math.round(counts[Asset.planned]!),
    runningMs: Math.round(counts[Asset.running]!),
    unknownMs: Math.round(counts[Asset.unknown]!),
    produced,
    rejected,
    good,
    ideal: counts[Asset.ideal]!,
    missed: counts[Asset.missed]!,
    unplannedRunningMs: Math.round(counts[Asset.unplannedRunning]!),
    unplannedPieces: counts[Asset.unplannedPieces]!,
    counterResets: counts[Asset.resets]!,
    counterJumps: counts[Asset.jumps]!,
    availability,
    performance,
    quality,
    oee: productOf(availability, performance, quality),
  }
}

/** Who did not run, or made nothing, has an index of 0, though there is no quality of nothing. */
function productOf(availability: number | null, performance: number | null, quality: number | null): number | null {
  if (availability === 0 || (availability !== null && performance === 0)) return 0
  return availability === null || performance === null || quality === null ? null : availability * performance * quality
}

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms))
