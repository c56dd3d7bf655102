/** All of one node: its attributes, what a tag of it would be, and what it refers to. */
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import { oneLine } from '../../../core/one-line.ts'
import type { NodeDetails } from '../browsed.ts'
import { kindOf } from './node-words.ts'
import { ask, askedDevice } from './walking.ts'

export const nodeTool = defineTool({
  name: 'node',
  summary: 'one node with all its attributes and references',
  examples: [
    ['bifrost opcua node opc.tcp://10.0.0.5:4840 "nsu=http://example.org/plant;s=Level"', 'by its node id'],
    ['bifrost opcua node plant /2:Line1/Level', 'by its browse path, through the running gateway'],
  ],
  input: z.strictObject({
    node: z.string().min(1).max(5000).describe('The node: nsu=URI;s=name, ns=2;i=5, or a path such as /2:Plant/Level'),
  }),
  positions: ['node'],
  run: ({ node }, driver, access, signal): Promise<NodeDetails> =>
    ask({ device: askedDevice(driver), access, signal }, 'nodeDetails', { node }),
  toLines({ facts, attributes, references, more }: NodeDetails) {
    const lines = [`${facts.node}  ${kindOf(facts)}`, ...(facts.path === null ? [] : [facts.path])]
    const width = Math.max(...Object.keys(attributes).map((name) => name.length))
    lines.push(...Object.entries(attributes).map(([name, text]) => `  ${name.padEnd(width)}  ${text}`))
    if (references.length > 0) lines.push('references')
    for (const { type, forward, node, name } of references)
      lines.push(`  ${forward ? '→' : '←'} ${type}  ${name}  ${node}`)
    if (more) lines.push('  and more')
    return lines.map(oneLine)
  },
})
