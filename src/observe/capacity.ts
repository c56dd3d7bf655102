/**
 * How much of what there is the gateway uses, by resource: the event loop, which runs on one core whatever the machine has; memory
 * against the limit of the control group or the machine; the disk of the data folder; the busiest line; open files. Read when asked.
 */
import type { Gateway } from '../gateway.ts'
import { openFilesNow } from './open-files.ts'
import { memoryLimit, type ProcessFigures } from './process-series.ts'

export const RESOURCES = ['cpu', 'memory', 'disk', 'line', 'file-descriptors'] as const
export type Resource = (typeof RESOURCES)[number]

export interface ResourceUse {
  readonly resource: Resource
  /** In the unit of the resource: shares of one core or of a line, bytes, files. */
  readonly used: number
  readonly limit: number
  readonly ratio: number
}

/** Those that are known: a disk may not be readable, files are counted on Linux only. */
export async function capacityOf(gateway: Gateway, figures: ProcessFigures | undefined): Promise<ResourceUse[]> {
  const { loopBusyShare, memory, disk } = figures ?? {}
  const files = await openFilesNow()
  const line = gateway.polling.lines.reduce((most, { utilisation }) => Math.max(most, utilisation), 0)
  return [
    ...use('cpu', loopBusyShare, 1),
    ...use('memory', memory?.rssBytes, memoryLimit(figures)),
    ...use('disk', disk && disk.totalBytes - disk.freeBytes, disk?.totalBytes),
    ...use('line', line, 1),
    ...use('file-descriptors', files?.used, files?.limit),
  ]
}

function use(resource: Resource, used: number | null | undefined, limit: number | undefined): ResourceUse[] {
  if (used === null || used === undefined || limit === undefined || limit <= 0) return []
  return [{ resource, used, limit, ratio: Math.min(1, used / limit) }]
}
