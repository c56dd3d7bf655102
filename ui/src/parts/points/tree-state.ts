/** What of an address space is known to the page: nodes as they were fetched, what is open, what is selected. */
import { useCallback, useRef, useState } from 'react'
import type { ToolRunner } from './tool-runner.ts'

export interface BrowsedNode {
  readonly node: string
  readonly nodeClass: string
  readonly browseName: string
  readonly displayName: string
  readonly description?: string
  readonly path: string | null
  readonly isProperty?: true
  readonly variable?: {
    readonly dataType: string
    readonly tagType: string
    readonly valueRank: number
    readonly isStructure?: true
    readonly readable: boolean
    readonly writable: boolean
    readonly unit?: string
    readonly low?: number
    readonly high?: number
    readonly symbols?: string
  }
}

export interface Branch {
  readonly nodes: readonly BrowsedNode[]
  readonly busy: boolean
  readonly error: Error | undefined
  /** There are more than were fetched. */
  readonly cut: boolean
}

/** The Objects folder. */
export const ROOT = ''
/** Of one branch; what is wider is searched. */
const MOST = 2000

export interface Line {
  readonly key: string
  readonly level: number
  readonly node: BrowsedNode | undefined
  /** In place of a node: what there is to say of its branch. */
  readonly branch: Branch | undefined
  readonly parent: string
}

export function useTree(runner: ToolRunner) {
  const [branches, setBranches] = useState<ReadonlyMap<string, Branch>>(new Map())
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set([ROOT]))
  const asked = useRef(new Set<string>())
  const fetchBranch = useCallback(
    async (node: string, signal: AbortSignal) => {
      if (asked.current.has(node)) return
      asked.current.add(node)
      const put = (branch: Branch) => setBranches((before) => new Map(before).set(node, branch))
      put({ nodes: [], busy: true, error: undefined, cut: false })
      try {
        const input = { ...(node === ROOT ? {} : { node }), most: MOST }
        const { nodes, cut } = (await runner('browse', input, signal)) as { nodes: BrowsedNode[]; cut: boolean }
        put({ nodes, busy: false, error: undefined, cut })
      } catch (error) {
        asked.current.delete(node)
        if (!signal.aborted) put({ nodes: [], busy: false, error: error as Error, cut: false })
      }
    },
    [runner],
  )
  const setNodeOpen = useCallback((node: string, on: boolean) => {
    setOpen((before) => {
      const next = new Set(before)
      if (on) next.add(node)
      else next.delete(node)
      return next
    })
  }, [])
  return { branches, open, fetchBranch, setNodeOpen }
}

/** What is in sight, line by line. A node may stand in several places; where it stands within itself it is not opened again. */
export function linesOf(branches: ReadonlyMap<string, Branch>, open: ReadonlySet<string>): readonly Line[] {
  const lines: Line[] = []
  const visit = (parent: string, level: number, way: readonly string[]) => {
    const branch = branches.get(parent)
    if (branch === undefined) return
    const at = way.join(' ')
    for (const node of branch.nodes) {
      lines.push({ key: `${at} ${node.node}`, level, node, branch: undefined, parent })
      if (open.has(node.node) && !way.includes(node.node)) visit(node.node, level + 1, [...way, node.node])
    }
    const isEmpty = branch.nodes.length === 0
    if (branch.busy || branch.error !== undefined || branch.cut || isEmpty)
      lines.push({ key: `${at} …`, level, node: undefined, branch, parent })
  }
  visit(ROOT, 0, [ROOT])
  return lines
}
