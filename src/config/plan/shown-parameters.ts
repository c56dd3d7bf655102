/** Parameter sets as a plan shows them: whether they may be written, how many, and a digest in which every other change is seen. */
import { createHash } from 'node:crypto'
import type { DeviceParameters } from '../../core/parameters.ts'

/** Settings of a device; empty where it has no sets. */
export function shownParameters(parameters: DeviceParameters | undefined): Record<string, unknown> {
  if (parameters === undefined) return {}
  const sets = parameters.sets.map(({ name, restore, parameters: own, ...rest }) => {
    const content = JSON.stringify([rest, own.map(({ settings }) => settings)])
    const digest = createHash('sha256').update(content).digest('hex').slice(0, 8)
    return [name, `${own.length} parameters, ${restore ? 'may be restored' : 'only compared'}, ${digest}`]
  })
  return { parameterWrites: parameters.writes, parameterSets: Object.fromEntries(sets) as Record<string, string> }
}
