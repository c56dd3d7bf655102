/** Points by their node: several tags may be members of one value, which is read or reported once. */
import { formatNode, type NodeRef } from '../address.ts'
import type { SentPoint } from '../messages.ts'
import type { Wanted } from './rows.ts'

export interface WantedNode {
  readonly node: NodeRef
  readonly wanted: readonly (Wanted & SentPoint)[]
}

/** The nodes in the order of their first point. `key`: what else tells two of them apart. */
export function byNode(points: readonly SentPoint[], key: (point: SentPoint) => string = () => ''): WantedNode[] {
  const nodes = new Map<string, { node: NodeRef; wanted: SentPoint[] }>()
  for (const point of points) {
    const name = `${key(point)} ${formatNode(point.node)}`
    const known = nodes.get(name)
    if (known === undefined) nodes.set(name, { node: point.node, wanted: [point] })
    else known.wanted.push(point)
  }
  return [...nodes.values()]
}
