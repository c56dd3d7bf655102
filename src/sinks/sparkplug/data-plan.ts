/**
 * Sorts the rows of a batch into groups, one DDATA each. Within a group times never go back (Sparkplug 3.0, 5.15); where that would
 * turn the order of one tag's samples around, a new group begins.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { Device, EdgeNode, Metric } from './edge-node.ts'

export interface Group {
  readonly device: Device
  rows: number[]
  metrics: Metric[]
  lastTime: number
  isSorted: boolean
}

/** Groups in the order in which they are sent. Their numbers go on from `firstGroup`; rows that no birth told are in `rejected`. */
export function planData(
  batch: SampleBatch,
  node: EdgeNode,
  firstGroup: number,
  rejected: Map<number, string>,
): Group[] {
  const groups: Group[] = []
  const numbers = new Map<Device, number>()
  for (let row = 0; row < batch.length; row++) {
    const metric = node.metricOf(batch.tag[row]!)
    if (metric === undefined) {
      if (!rejected.has(row)) rejected.set(row, `no birth told tag ${batch.tag[row]}`)
      continue
    }
    const { device } = metric
    const time = batch.time[row]!
    let number = numbers.get(device)
    if (number === undefined || (metric.group === firstGroup + number && metric.groupTime > time)) {
      number = groups.length
      numbers.set(device, number)
      groups.push({ device, rows: [], metrics: [], lastTime: time, isSorted: true })
    }
    const group = groups[number]!
    if (time < group.lastTime) group.isSorted = false
    else group.lastTime = time
    group.rows.push(row)
    group.metrics.push(metric)
    metric.group = firstGroup + number
    metric.groupTime = time
  }
  for (const group of groups) if (!group.isSorted) sort(group, batch)
  return groups
}

/** Stable: rows of the same time stay in the order in which they were stored. */
function sort(group: Group, { time }: SampleBatch): void {
  const { rows, metrics } = group
  const order = rows.map((_, at) => at).sort((one, other) => time[rows[one]!]! - time[rows[other]!]!)
  group.rows = order.map((at) => rows[at]!)
  group.metrics = order.map((at) => metrics[at]!)
}
