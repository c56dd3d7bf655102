/** What a new configuration would change, and the load that it means beside the load of the one before. */
import type { Config } from '../config.ts'
import { compareConfigs, countDifferences, type Difference, type DifferenceCounts } from './compare.ts'
import { ASSUMED, estimateLoad, type Assumptions, type LoadEstimate } from './load-estimate.ts'

export interface Plan {
  readonly counts: DifferenceCounts
  readonly differences: readonly Difference[]
  readonly load: LoadEstimate
  /** Undefined where there is nothing to compare with. */
  readonly loadBefore: LoadEstimate | undefined
}

/** Without `before` the plan says only the load. */
export function planOf(before: Config | undefined, after: Config, assumptions: Assumptions = ASSUMED): Plan {
  const differences = before === undefined ? [] : compareConfigs(before, after)
  return {
    counts: countDifferences(differences),
    differences,
    load: estimateLoad(after, assumptions),
    loadBefore: before && estimateLoad(before, assumptions),
  }
}
