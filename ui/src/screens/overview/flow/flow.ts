/**
 * The flow of data as nodes with rate and age: devices at the left, sinks at the right. From some hundred devices on the gateway groups
 * them; before that a picture that would be too long groups what is well, and leaves what is abnormal by itself.
 */
import type { SessionState } from '../../../api.ts'
import type { Operations } from '../../../api/operations.ts'
import { hrefOf } from '../../../shell/address.ts'
import { overviewStrings } from '../../../strings/overview.ts'

const strings = overviewStrings.flow
type Topology = Operations['GET /api/v1/topology']['answer']

/** More are shown as groups, unless somebody wants each. */
export const GROUP_OVER = 30
/** Abnormal ones by themselves. */
const MOST_ABNORMAL = 20

export interface FlowNode {
  readonly key: string
  readonly kind: 'device' | 'sink'
  readonly name: string
  /** Driver, or kind of the sink. */
  readonly type: string
  readonly state: SessionState
  /** Samples per second; null: not known. */
  readonly rate: number | null
  /** Last good value, or last delivery, ms since 1970. */
  readonly at: number | null
  readonly reason: string | null
  readonly href: string
  /** Of a sink: samples that wait. */
  readonly pending: number
  /** More than one: a group. */
  readonly count: number
}

export interface Flow {
  readonly devices: readonly FlowNode[]
  readonly sinks: readonly FlowNode[]
}

/** Whether data runs along it now. */
export const hasData = ({ rate, state }: FlowNode): boolean => (rate === null ? state === 'Running' : rate > 0)

export function flowOf({ nodes, edges, grouping }: Topology): Flow {
  const gateway = nodes.find(({ kind }) => kind === 'gateway')?.id
  const byEnd = new Map(edges.map((edge) => [edge.from === gateway ? edge.to : edge.from, edge]))
  const flow = { devices: [] as FlowNode[], sinks: [] as FlowNode[] }
  for (const node of nodes) {
    if (node.kind === 'gateway') continue
    const edge = byEnd.get(node.id)
    const kind = node.kind === 'sink' ? 'sink' : 'device'
    const shown: FlowNode = {
      key: `${kind}/${node.name}`,
      kind,
      name: node.kind === 'group' ? strings.group(node.name, String(node.devices)) : node.name,
      type: node.type ?? strings.devices,
      state: node.state,
      rate: edge?.samplesPerSecond ?? null,
      at: edge?.lastAt == null ? null : Date.parse(edge.lastAt),
      reason: node.reason,
      href: hrefOfNode(node, grouping),
      pending: node.pending ?? 0,
      count: Math.max(1, node.devices),
    }
    flow[kind === 'sink' ? 'sinks' : 'devices'].push(shown)
  }
  return flow
}

function hrefOfNode({ kind, name }: Topology['nodes'][number], grouping: Topology['grouping']): string {
  if (kind === 'sink') return hrefOf('/sinks', { name })
  if (kind === 'device') return hrefOf('/device', { name })
  return hrefOf('/devices', grouping === 'driver' ? { driver: name } : grouping === 'line' ? { q: name } : {})
}

const WEIGHT: Readonly<Record<SessionState, number>> = {
  Failed: 0,
  Degraded: 1,
  Connecting: 2,
  Disabled: 3,
  Running: 4,
}
const worstFirst = (nodes: readonly FlowNode[]): FlowNode[] =>
  nodes.toSorted((a, b) => WEIGHT[a.state] - WEIGHT[b.state])

/** The worst by themselves, then groups of the same type and state: so many that a picture can hold them. */
export function grouped(nodes: readonly FlowNode[]): readonly FlowNode[] {
  const abnormal = nodes.filter(({ state }) => state === 'Failed' || state === 'Degraded')
  const alone = new Set(worstFirst(abnormal).slice(0, MOST_ABNORMAL))
  const groups = new Map<string, FlowNode[]>()
  for (const node of nodes) {
    if (alone.has(node)) continue
    const key = `${node.type} ${node.state}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [node])
    else group.push(node)
  }
  return worstFirst([...alone, ...[...groups.values()].map(groupOf)])
}

function groupOf(nodes: readonly FlowNode[]): FlowNode {
  const [first] = nodes as [FlowNode]
  if (nodes.length === 1) return first
  const { kind, type, state } = first
  const rates = nodes.map(({ rate }) => rate)
  const times = nodes.map(({ at }) => at)
  const count = nodes.reduce((sum, node) => sum + node.count, 0)
  return {
    ...first,
    key: `${kind}/${type}/${state}`,
    name: strings.group(type, String(count)),
    rate: rates.some((rate) => rate === null) ? null : rates.reduce((sum: number, rate) => sum + (rate ?? 0), 0),
    // The oldest speaks for all.
    at: times.some((at) => at === null) ? null : Math.min(...times.map((at) => at ?? 0)),
    reason: null,
    href: kind === 'device' ? hrefOf('/devices', { driver: type, state }) : '/sinks',
    pending: nodes.reduce((sum, { pending }) => sum + pending, 0),
    count,
  }
}

/** Width of an edge: 1 px for a little, 9 px for 10,000 a second and more. */
export const edgeWidth = (rate: number | null): number =>
  rate === null || rate <= 0 ? 1 : Math.min(9, 1 + 2 * Math.log10(1 + rate))
