/** The address space from a node on: one level, or as a tree. */
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import { oneLine } from '../../../core/one-line.ts'
import type { BrowsedNode } from '../browsed.ts'
import { depth, most, SERVER, START } from './fields.ts'
import { kindOf, walkRemarks } from './node-words.ts'
import { askedDevice, inTreeOrder, walkAll, type Walked } from './walking.ts'

interface Browsed extends Walked {
  /** How far it went: for a later comparison. */
  readonly depth: number
  readonly server: boolean
}

export const browse = defineTool({
  name: 'browse',
  summary: 'the nodes below a node: names, types, units, what may be written; --depth for a whole tree',
  examples: [
    ['bifrost opcua browse opc.tcp://10.0.0.5:4840', 'what is in the Objects folder'],
    ['bifrost opcua browse plant /2:Line1 --depth 3', 'three levels, through the running gateway'],
    [
      'bifrost opcua browse plant --depth 20 --most 50000 --json > before.json',
      'a snapshot, for `bifrost opcua compare`',
    ],
  ],
  input: z.strictObject({ node: START, depth: depth(1), most: most(1000), server: SERVER }),
  positions: ['node'],
  async run(input, driver, access, signal): Promise<Browsed> {
    const asking = { device: askedDevice(driver), access, signal }
    const { node: start, depth: levels, most: limit, server: withServer } = input
    const request = { start, depth: levels, most: limit, withServer, members: undefined }
    const walked = await walkAll(asking, request)
    return { ...walked, nodes: inTreeOrder(walked.nodes), depth: levels, server: withServer }
  },
  toLines: ({ start, nodes }: Browsed) => [
    headOf(start),
    ...(nodes.length === 0 ? ['nothing is below it'] : tree(nodes)),
  ],
  toRemarks: walkRemarks,
})

function headOf({ displayName, node, path }: BrowsedNode): string {
  return oneLine(`${displayName}  ${node}${path === null ? '' : `  ${path}`}`)
}

/** Columns as wide as they have to be, within reason. */
function tree(nodes: readonly BrowsedNode[]): string[] {
  const rows = nodes.map((node) => ({
    name: oneLine(`${'  '.repeat(node.level)}${node.displayName}`),
    kind: kindOf(node),
    node: node.node,
    description: node.description,
  }))
  const width = (of: 'name' | 'kind', limit: number) => Math.min(limit, Math.max(...rows.map((row) => row[of].length)))
  const names = width('name', 48)
  const kinds = width('kind', 40)
  return rows.map(({ name, kind, node, description }) =>
    oneLine(
      `${name.padEnd(names)}  ${kind.padEnd(kinds)}  ${node}${description === undefined ? '' : `  ${description}`}`,
    ).trimEnd(),
  )
}
