/** A node id of this session as it is written everywhere: with its namespace's URI, so that it holds for the next session too. */
import type { NodeId } from 'node-opcua-client'
import { formatNode } from '../address.ts'

const TYPES = ['i', 'i', 's', 'g', 'b'] as const

/** undefined: a null node id, which stands for nothing. */
export function nodeText(namespaces: readonly string[], nodeId: NodeId | null | undefined): string | undefined {
  if (nodeId === null || nodeId === undefined || nodeId.isEmpty()) return undefined
  const { namespace, value, identifierType } = nodeId
  const id = Buffer.isBuffer(value) ? value.toString('base64') : String(value)
  const type = TYPES[identifierType] ?? 's'
  const index = namespace === 0 ? 0 : (namespaces[namespace] ?? namespace)
  return formatNode({ kind: 'id', namespace: index, type, id: type === 'g' ? id.toLowerCase() : id })
}
