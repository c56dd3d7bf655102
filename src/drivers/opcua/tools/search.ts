/** Nodes by a part of their names or description, as far as time allows; a search of a running gateway can go on later. */
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import { duration } from '../../../core/duration.ts'
import { oneLine } from '../../../core/one-line.ts'
import type { BrowsedNode, WalkPart, WalkStart } from '../browsed.ts'
import { depth, SERVER, START } from './fields.ts'
import { kindOf } from './node-words.ts'
import { ask, askedDevice, type Asking } from './walking.ts'

const EVERYTHING = 1_000_000

interface Found {
  readonly nodes: readonly BrowsedNode[]
  /** Nodes looked at, since the search began. */
  readonly looked: number
  /** What to go on with; null: everything was looked at. */
  readonly next: number | null
  readonly problems: readonly string[]
}

const input = z
  .strictObject({
    pattern: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe('A part of a display name, browse name or description, or a regular expression: /level \\d+/i'),
    node: START,
    depth: depth(64),
    most: z.int().min(1).max(10_000).default(100).describe('No more nodes than these in one answer'),
    within: duration({ minMs: 100, maxMs: 110_000 }).default(30_000).describe('How long to look, 30s where absent'),
    server: SERVER,
    resume: z.int().min(1).optional().describe('Go on with a search, by the number that it ended with'),
  })
  .refine(({ pattern, resume }) => (pattern === undefined) !== (resume === undefined), {
    path: ['pattern'],
    message: 'give what to look for, or --resume with the number of a search',
  })

export const search = defineTool({
  name: 'search',
  summary: 'finds nodes by a part of their names or description',
  examples: [
    ['bifrost opcua search opc.tcp://10.0.0.5:4840 temperature', 'wherever it stands, in any case of letters'],
    ['bifrost opcua search plant "/^Sensor1\\d$/" /2:Line1', 'a regular expression, below a node'],
    ['bifrost opcua search plant --resume 3', 'go on where a search of the running gateway stopped'],
  ],
  input,
  positions: ['pattern', 'node'],
  async run({ pattern, node, most, within, server, resume, depth: levels }, driver, access, signal): Promise<Found> {
    const asking = { device: askedDevice(driver), access, signal }
    const request = { start: node, depth: levels, most: EVERYTHING, withServer: server, members: undefined, pattern }
    const walk = resume ?? (await ask<WalkStart>(asking, 'openWalk', request)).walk
    return look(asking, walk, most, within)
  },
  toLines: ({ nodes }: Found) => nodes.flatMap(linesOf),
  toRemarks: ({ nodes, looked, next, problems }: Found) => [
    `${nodes.length} of ${looked} nodes${next === null ? '' : '; there are more to look at'}`,
    ...(next === null
      ? []
      : [`To go on: --resume ${next}, through a running gateway within some minutes; or raise --most and --within.`]),
    ...problems.map(oneLine),
  ],
})

async function look(asking: Asking, walk: number, most: number, withinMs: number): Promise<Found> {
  const end = performance.now() + withinMs
  const nodes: BrowsedNode[] = []
  const problems: string[] = []
  for (;;) {
    const part = await ask<WalkPart>(asking, 'nextOfWalk', { walk, most: most - nodes.length })
    nodes.push(...part.nodes)
    problems.push(...part.problems)
    const isOver = nodes.length >= most || performance.now() >= end
    if (part.done || isOver) return { nodes, looked: part.looked, next: part.done ? null : walk, problems }
  }
}

function linesOf(found: BrowsedNode): string[] {
  const { displayName, node, path, description } = found
  const second = [path, description].filter((text) => text !== null && text !== undefined).join('  ')
  return [oneLine(`${displayName}  ${kindOf(found)}  ${node}`), ...(second === '' ? [] : [oneLine(`  ${second}`)])]
}
