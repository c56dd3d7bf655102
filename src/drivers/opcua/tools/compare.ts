/** The address space of now beside what it was, or beside the configured tags: what vanished, what is new, what changed its type. */
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import { oneLine } from '../../../core/one-line.ts'
import { parseNode, type NodeRef } from '../address.ts'
import type { BrowsedNode } from '../browsed.ts'
import { differenceOf, summaryOf, type Difference } from './comparison.ts'
import { START } from './fields.ts'
import { walkRemarks } from './node-words.ts'
import { ofPoints, parseSnapshot, type Snapshot } from './snapshot.ts'
import { isWanted } from './tag-rows.ts'
import { ask, askedDevice, walkAll, type Asking } from './walking.ts'

const EVERYTHING = 100_000
const AT_ONCE = 500
/** People see the first ones; programs see everything. */
const SHOWN = 200

interface Compared {
  readonly summary: string
  /** Nodes that were known before. */
  readonly compared: number
  readonly differences: readonly Difference[]
  readonly cut: boolean
  readonly problems: readonly string[]
}

const text = z.string().max(300_000_000)

export const compare = defineTool({
  name: 'compare',
  summary: 'what vanished, is new or changed its type, beside the configured tags or an earlier snapshot',
  examples: [
    ['bifrost opcua compare plant', 'the tags of a device; exit code 5 where something is another than it was'],
    ['bifrost opcua compare plant --with before.json', 'a snapshot that `bifrost opcua browse … --json` wrote'],
    [
      'bifrost opcua compare opc.tcp://10.0.0.5:4840 /2:Line1 --with line1.csv',
      'a list that `bifrost opcua tags` wrote',
    ],
  ],
  input: z.strictObject({
    node: START.describe(
      'Where to look for new nodes: where the snapshot was taken, else what all tags have in common, where absent',
    ),
    with: text
      .optional()
      .meta({ textFile: true })
      .describe('A snapshot (JSON) or a list of tags (CSV); the configured tags of the device where absent'),
    knownOnly: z.boolean().default(false).describe('Do not look for new nodes'),
  }),
  positions: ['node'],
  async run({ node, with: file, knownOnly }, driver, access, signal): Promise<Compared> {
    const snapshot = file === undefined ? ofPoints(access.points) : parseSnapshot(file)
    const asking = { device: askedDevice(driver), access, signal }
    const paths = !knownOnly && node === undefined && snapshot.start === undefined
    const now = await lookUp(asking, snapshot, paths)
    const known = snapshot.nodes.flatMap((one, at) => differenceOf(one, now[at]) ?? [])
    const { fresh, cut, problems } = knownOnly
      ? { fresh: [], cut: false, problems: [] }
      : await findNew(asking, snapshot, now, node)
    const differences = [...known, ...fresh]
    const compared = snapshot.nodes.length
    return { summary: summaryOf(differences, compared), compared, differences, cut, problems }
  },
  toLines: ({ summary, differences }: Compared) => [
    summary,
    ...differences.slice(0, SHOWN).map(lineOf),
    ...(differences.length > SHOWN ? [`and ${differences.length - SHOWN} more: --json shows all`] : []),
  ],
  toRemarks: walkRemarks,
  isDifferent: ({ differences }: Compared) => differences.length > 0,
})

const lineOf = ({ kind, name, node, what }: Difference): string =>
  oneLine(`${kind.padEnd(8)}  ${name}  ${node}${what === undefined ? '' : `  ${what}`}`)

/** Each known node as it is now; undefined where it is not any more. */
function lookUp(asking: Asking, { nodes }: Snapshot, paths: boolean): Promise<(BrowsedNode | undefined)[]> {
  const members = nodes.some(({ member }) => member !== '') ? { most: 10_000 } : undefined
  return describeAll(
    asking,
    nodes.map(({ ref }) => ref),
    { members, paths },
  )
}

async function describeAll(
  asking: Asking,
  refs: readonly NodeRef[],
  more: { readonly members?: { readonly most: number } | undefined; readonly paths?: boolean },
): Promise<(BrowsedNode | undefined)[]> {
  const found: (BrowsedNode | undefined)[] = []
  for (let at = 0; at < refs.length; at += AT_ONCE) {
    const nodes = refs.slice(at, at + AT_ONCE)
    found.push(...(await ask<(BrowsedNode | undefined)[]>(asking, 'describe', { nodes, ...more })))
  }
  return found
}

async function findNew(
  asking: Asking,
  { kind, start, depth = 64, withServer = false }: Snapshot,
  now: readonly (BrowsedNode | undefined)[],
  node: string | undefined,
): Promise<{ fresh: Difference[]; cut: boolean; problems: readonly string[] }> {
  const known = new Set(now.flatMap((one) => one?.node ?? []))
  const mayBeNew = ({ node: text, nodeClass, isProperty }: BrowsedNode) =>
    !known.has(text) && (kind === 'snapshot' || (nodeClass === 'Variable' && isProperty !== true))
  const from = node ?? start ?? commonPath(now)
  const request = { start: from, depth, most: EVERYTHING, withServer, members: undefined, bare: true }
  const { nodes, cut, problems } = await walkAll(asking, request, (part) => part.filter(mayBeNew))
  const fresh = kind === 'snapshot' ? nodes : await readable(asking, nodes)
  return {
    fresh: fresh.map((one): Difference => ({ kind: 'new', name: one.path ?? one.displayName, node: one.node })),
    cut,
    problems,
  }
}

/** Those that may be read by us, as a tag wants it. */
async function readable(asking: Asking, nodes: readonly BrowsedNode[]): Promise<BrowsedNode[]> {
  const described = await describeAll(
    asking,
    nodes.map(({ node }) => parseNode(node)),
    {},
  )
  return nodes.filter((_, at) => described[at] !== undefined && isWanted(described[at], false))
}

/** The deepest node that all of them are below; undefined: the Objects folder. */
function commonPath(nodes: readonly (BrowsedNode | undefined)[]): string | undefined {
  let common: string[] | undefined
  for (const node of nodes) {
    if (node === undefined) continue
    // A slash within a name has an & before it, one within a namespace stands in braces.
    const parents = (node.path?.match(/\/(?:\{[^}]*\})?(?:&.|[^/&])*/gs) ?? []).slice(0, -1)
    const shared = common?.findIndex((part, at) => part !== parents[at]) ?? -1
    common = common === undefined ? parents : shared < 0 ? common : common.slice(0, shared)
  }
  return common === undefined || common.length === 0 ? undefined : common.join('')
}
