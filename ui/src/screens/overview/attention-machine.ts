/** What needs attention of the machine that the gateway runs on: a disk that is nearly full, a clock that was set or that nobody sets. */
import type { Operations } from '../../api/operations.ts'
import { formatBytes, formatDuration } from '../../format.ts'
import { overviewStrings } from '../../strings/overview.ts'
import type { Attention } from './attention.ts'

const strings = overviewStrings.attention
export type System = Pick<Operations['GET /api/v1/system']['answer'], 'disk' | 'clock'>

/** Of the whole: from here on it is told, and from here on it is grave. */
const LITTLE_SHARE = 0.1
const GRAVE_SHARE = 0.03
const STEP_MS = 1000
/** So long is a clock that was set news. */
const NEWS_MS = 3_600_000

export function ofMachine(system: System | undefined, now: number): Attention[] {
  if (system === undefined) return []
  return [...ofDisk(system.disk), ...ofClock(system.clock, now)]
}

function ofDisk(disk: System['disk']): Attention[] {
  if (disk === null || disk.totalBytes === 0) return []
  const share = disk.freeBytes / disk.totalBytes
  if (share >= LITTLE_SHARE) return []
  const text = strings.disk(formatBytes(disk.freeBytes), `${(share * 100).toFixed(1)} %`)
  return [at('disk', share < GRAVE_SHARE ? 'Failed' : 'Degraded', strings.names.disk!, text)]
}

function ofClock({ steps, synchronised }: System['clock'], now: number): Attention[] {
  const name = strings.names.clock!
  const items: Attention[] = []
  const step = steps.at(-1)
  if (step !== undefined && Math.abs(step.byMs) >= STEP_MS && now - Date.parse(step.at) < NEWS_MS) {
    const by = `${step.byMs < 0 ? '−' : '+'}${formatDuration(Math.abs(step.byMs))}`
    const ago = formatDuration(now - Date.parse(step.at))
    items.push(at('clock/step', 'Degraded', name, strings.clockStep(by, ago)))
  }
  if (synchronised === false) items.push(at('clock/loose', 'Degraded', name, strings.clockLoose))
  return items
}

const at = (key: string, state: Attention['state'], name: string, text: string): Attention => ({
  key,
  state,
  name,
  text,
  href: '/diagnostics',
  where: 'diagnostics',
})
