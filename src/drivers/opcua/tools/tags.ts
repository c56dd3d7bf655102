/** A list of tags for a whole part of the address space, as CSV or YAML. */
import { z } from 'zod'
import { csvLines, yamlTags, type ProposedTag } from '../../../core/device-entry.ts'
import { defineTool } from '../../../core/driver.ts'
import { oneLine } from '../../../core/one-line.ts'
import type { BrowsedNode } from '../browsed.ts'
import { depth, SERVER, START } from './fields.ts'
import { walkRemarks } from './node-words.ts'
import { toTagRows } from './tag-rows.ts'
import { askedDevice, inTreeOrder, walkAll } from './walking.ts'

const EVERYTHING = 100_000

interface TagList {
  readonly start: BrowsedNode
  readonly format: 'csv' | 'yaml'
  readonly tags: readonly ProposedTag[]
  readonly notes: readonly string[]
  readonly looked: number
  readonly cut: boolean
  readonly problems: readonly string[]
}

const text = (fallback: string) => z.string().max(200).default(fallback)

export const tagsTool = defineTool({
  name: 'tags',
  summary: 'a list of tags, CSV or YAML, of all readable variables below a node',
  examples: [
    ['bifrost opcua tags opc.tcp://10.0.0.5:4840 /2:Plant > plant.csv', 'for `tags: plant.csv` of a device'],
    ['bifrost opcua tags plant /2:Line1 --separator . --prefix line1.', 'line1.Press.Level and so on'],
    ['bifrost opcua tags plant /2:Line1 --naming leaf --names display --format yaml', 'for the configuration itself'],
  ],
  input: z.strictObject({
    node: START,
    format: z.enum(['csv', 'yaml']).default('csv').describe('csv, or yaml'),
    naming: z
      .enum(['path', 'leaf'])
      .default('path')
      .describe('Names with the way from the start to the node (path), or the name of the node alone (leaf)'),
    names: z.enum(['browse', 'display']).default('browse').describe('Browse names, or display names'),
    separator: z.string().min(1).max(10).default('/').describe('What stands between the names of a path'),
    prefix: text('').describe('What all names begin with'),
    strip: text('').describe('What is cut off the beginning of names, before the prefix: Machine1/'),
    composites: z
      .enum(['members', 'whole', 'skip'])
      .default('members')
      .describe('Arrays and structures as one tag a member, as one tag with JSON (whole), or not at all (skip)'),
    members: z.int().min(1).max(10_000).default(100).describe('A variable with more members is one tag with JSON'),
    writable: z.boolean().default(false).describe('Mark what we may write as writable'),
    properties: z.boolean().default(false).describe('Properties too, which describe other nodes'),
    depth: depth(64),
    most: z.int().min(1).max(100_000).default(20_000).describe('No more tags than these'),
    server: SERVER,
  }),
  positions: ['node'],
  async run(input, driver, access, signal): Promise<TagList> {
    const members = input.composites === 'members' ? { most: input.members } : undefined
    const request = { start: input.node, depth: input.depth, most: EVERYTHING, withServer: input.server, members }
    const walked = await walkAll({ device: askedDevice(driver), access, signal }, request)
    const { start, looked, cut, problems } = walked
    // One variable alone has tags, too.
    const nodes = inTreeOrder(walked.nodes)
    const all = start.variable === undefined ? nodes : [start, ...nodes]
    const { tags, notes } = toTagRows(all, input, input.most)
    return { start, format: input.format, tags, notes, looked, cut, problems }
  },
  toLines: ({ format, tags }: TagList) => {
    const shown = tags.map((tag) => ({
      ...tag,
      ...(tag.description === undefined ? {} : { description: oneLine(tag.description) }),
    }))
    return format === 'csv' ? csvLines(shown) : yamlTags(shown)
  },
  toRemarks: ({ tags, looked, notes, ...walked }: TagList) => [
    `${tags.length} tags out of ${looked} nodes`,
    ...notes.map(oneLine),
    ...walkRemarks(walked),
  ],
})
