/** Which points share a subscription: those of one interval, within what the server allows. */
import type { NodeId } from 'node-opcua-client'
import type { StatusCode } from '../../../core/status.ts'
import type { SentPoint } from '../messages.ts'
import type { OpcuaOptions } from '../options.ts'
import type { Connection } from './connection.ts'
import { canFilter, type MonitoredItem } from './monitored-item.ts'
import { resolveNodes } from './nodes.ts'
import type { Wanted } from './rows.ts'
import type { SubscriptionPlan } from './subscription.ts'
import { byNode, type WantedNode } from './wanted-nodes.ts'

export interface Plan {
  readonly subscriptions: readonly SubscriptionPlan[]
  /** Nodes that the server does not have. */
  readonly lost: readonly { readonly wanted: readonly Wanted[]; readonly status: StatusCode; readonly reason: string }[]
}

/** Where a server names no limit: nobody needs more intervals than these. */
const MOST_SUBSCRIPTIONS = 32

export async function planSubscriptions(connection: Connection, points: readonly SentPoint[]): Promise<Plan> {
  const nodes = byNode(points, ({ everyMs, deadband }) => `${everyMs} ${deadband}`)
  const resolved = await resolveNodes(
    connection,
    nodes.map(({ node }) => node),
  )
  const lost: Plan['lost'][number][] = []
  const found = nodes.flatMap(({ wanted }, at) => {
    const { nodeId, status, reason } = resolved[at]!
    if (nodeId !== undefined) return [{ nodeId, wanted }]
    lost.push({ wanted, status, reason })
    return []
  })
  const { limits, options } = connection
  const most = Math.max(1, Math.min(MOST_SUBSCRIPTIONS, limits.count('subscriptions')))
  const groups = mergeNearest(byInterval(found), most)
  const size = limits.count('itemsOfSubscription')
  const subscriptions = groups.flatMap((group) => pieces(group, size).map((piece) => toPlan(options, piece)))
  return { subscriptions, lost }
}

type FoundNode = { readonly nodeId: NodeId; readonly wanted: WantedNode['wanted'] }

/** Fastest first. */
function byInterval(nodes: readonly FoundNode[]): FoundNode[][] {
  const groups = Map.groupBy(nodes, ({ wanted }) => wanted[0]!.everyMs)
  return [...groups].toSorted(([a], [b]) => a - b).map(([, group]) => group)
}

/** While there are too many groups, the two whose intervals are nearest (by ratio) become one; each item keeps its sampling. */
function mergeNearest(groups: FoundNode[][], most: number): FoundNode[][] {
  const merged = [...groups]
  const interval = (group: FoundNode[]): number => group[0]!.wanted[0]!.everyMs
  while (merged.length > most) {
    let nearest = 0
    const ratio = (at: number): number => interval(merged[at + 1]!) / interval(merged[at]!)
    for (let at = 1; at + 1 < merged.length; at++) if (ratio(at) < ratio(nearest)) nearest = at
    merged.splice(nearest, 2, [...merged[nearest]!, ...merged[nearest + 1]!])
  }
  return merged
}

function pieces<T>(items: readonly T[], size: number): (readonly T[])[] {
  if (items.length <= size) return [items]
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

function toPlan(options: OpcuaOptions, group: readonly FoundNode[]): SubscriptionPlan {
  const items = group.map(({ nodeId, wanted }, handle): MonitoredItem => {
    const { everyMs } = wanted[0]!
    return {
      handle,
      nodeId,
      wanted,
      everyMs,
      serverId: undefined,
      status: 0,
      samplingMs: everyMs,
      last: undefined,
      lastAt: 0,
      filtered: canFilter(options, wanted),
    }
  })
  return { publishMs: options.publishEvery ?? group[0]!.wanted[0]!.everyMs, items }
}
