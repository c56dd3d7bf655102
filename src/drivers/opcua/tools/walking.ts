/** A walk of the worker from its first part to its last, each in turn with the polls; and nodes in the order of their tree. */
import type { Driver, LineAccess } from '../../../core/driver.ts'
import type { BrowsedNode, OpenWalk, WalkPart, WalkStart } from '../browsed.ts'
import type { OpcuaDevice } from '../device.ts'

/** The part of a device that tools use. */
export type AskedDevice = Pick<OpcuaDevice, 'ask'>

export const askedDevice = (driver: Driver<never>): AskedDevice => driver as unknown as OpcuaDevice

export type WalkRequest = Omit<OpenWalk, 'device'>

/** What tools show of a walk. */
export interface Walked {
  readonly start: BrowsedNode
  /** In the order in which they were found: level by level. */
  readonly nodes: BrowsedNode[]
  /** Looked at, those that were not wanted too. */
  readonly looked: number
  /** There are more nodes than were asked for. */
  readonly cut: boolean
  /** What could not be looked at. */
  readonly problems: readonly string[]
}

/** How a tool asks the device. */
export interface Asking {
  readonly device: AskedDevice
  readonly access: LineAccess
  readonly signal: AbortSignal
}

/** One operation of the worker, in turn with the polls. */
export const ask = <T>({ device, access, signal }: Asking, operation: string, args: object): Promise<T> =>
  access.run((during) => device.ask<T>(operation, args, during), 'turn', signal)

/** All of a walk. `keep`: of each part the nodes that are wanted, all where absent. */
export async function walkAll(
  asking: Asking,
  request: WalkRequest,
  keep: (nodes: readonly BrowsedNode[]) => readonly BrowsedNode[] = (nodes) => nodes,
): Promise<Walked> {
  const { walk, start } = await ask<WalkStart>(asking, 'openWalk', request)
  const nodes: BrowsedNode[] = []
  const problems: string[] = []
  try {
    for (;;) {
      const part = await ask<WalkPart>(asking, 'nextOfWalk', { walk })
      for (const node of keep(part.nodes)) nodes.push(node)
      problems.push(...part.problems)
      if (part.done) return { start, nodes, looked: part.looked, cut: part.cut, problems }
    }
  } catch (error) {
    // It has ended by itself where the connection was lost.
    void asking.device.ask('endWalk', { walk }, AbortSignal.timeout(1000)).catch(() => undefined)
    throw error
  }
}

/** Each node followed by those below it; those of one parent in the order of the server. */
export function inTreeOrder(nodes: readonly BrowsedNode[]): BrowsedNode[] {
  const below = new Map<number | null, BrowsedNode[]>()
  for (const node of nodes) {
    const siblings = below.get(node.parent)
    if (siblings === undefined) below.set(node.parent, [node])
    else siblings.push(node)
  }
  const ordered: BrowsedNode[] = []
  // A stack and no recursion: a tree may be deep.
  const stack = [...(below.get(0) ?? [])].reverse()
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    ordered.push(node)
    for (const child of [...(below.get(node.index) ?? [])].reverse()) stack.push(child)
  }
  return ordered
}
