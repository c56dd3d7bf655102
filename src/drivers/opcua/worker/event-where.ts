/**
 * Which events a tag wants: as a where clause for the server (OPC 10000-4, 7.7), which saves traffic, and decided by us, which counts.
 * The text of a message is looked at by us alone: what servers make of Like on a LocalizedText differs, and an event that the
 * server holds back by mistake is lost.
 */
import type { ContentFilterOptions, NodeId } from 'node-opcua-client'
import type { Comparison, FilterPart } from '../event-filter.ts'
import type { Connection } from './connection.ts'
import type { EventRecord } from './event-fields.ts'
import type { EventType } from './event-types.ts'
import { nodeTextOf } from './node-text.ts'
import { resolveNodes } from './nodes.ts'
import { Attribute } from './reading.ts'

/** A part whose node is known in this session. */
export type WherePart =
  | (FilterPart & { readonly field: 'severity' | 'sourceName' | 'message' })
  | { readonly field: 'type' | 'source'; readonly nodeId: NodeId; readonly text: string }

export type Where =
  | { readonly parts: readonly WherePart[]; readonly reason?: undefined }
  | { readonly parts?: undefined; readonly status: number; readonly reason: string }

/** Nodes of the filter become those of this session. */
export async function resolveWhere(connection: Connection, parts: readonly FilterPart[]): Promise<Where> {
  const nodes = parts.flatMap((part) => ('node' in part ? [part.node] : []))
  const resolved = await resolveNodes(connection, nodes)
  const missing = resolved.find(({ nodeId }) => nodeId === undefined)
  if (missing !== undefined) return { status: missing.status!, reason: missing.reason! }
  let next = 0
  return {
    parts: parts.map((part): WherePart => {
      if (!('node' in part)) return part
      const nodeId = resolved[next++]!.nodeId!
      return { field: part.field, nodeId, text: nodeTextOf(connection.namespaces, nodeId) ?? '' }
    }),
  }
}

/** The server's part of it; undefined where there is nothing that it could decide. */
export function whereClause(connection: Connection, parts: readonly WherePart[]): ContentFilterOptions | undefined {
  const conditions = parts.flatMap((part) => conditionOf(connection, part) ?? [])
  if (conditions.length === 0) return undefined
  const { ElementOperand, FilterOperator } = connection.library
  // AND takes two: each takes a condition and the rest, which stands behind it (7.7.1: operands refer to later elements).
  const elements: NonNullable<ContentFilterOptions['elements']> = []
  for (const [at, condition] of conditions.entries()) {
    const isLast = at === conditions.length - 1
    const own = elements.length + (isLast ? 0 : 1)
    if (!isLast)
      elements.push({
        filterOperator: FilterOperator.And,
        filterOperands: [new ElementOperand({ index: own }), new ElementOperand({ index: own + 1 })],
      })
    elements.push(condition)
  }
  return { elements }
}

type Condition = NonNullable<ContentFilterOptions['elements']>[number]

function conditionOf(connection: Connection, part: WherePart): Condition | undefined {
  const { FilterOperator, LiteralOperand, DataType } = connection.library
  const literal = (dataType: number, value: unknown) => new LiteralOperand({ value: { dataType, value } })
  if (part.field === 'message') return undefined
  if (part.field === 'type')
    return { filterOperator: FilterOperator.OfType, filterOperands: [literal(DataType.NodeId, part.nodeId)] }
  const [operator, name, value] =
    part.field === 'severity'
      ? [OPERATORS[part.operator], 'Severity', literal(DataType.UInt16, part.value)]
      : part.field === 'source'
        ? (['Equals', 'SourceNode', literal(DataType.NodeId, part.nodeId)] as const)
        : (['Equals', 'SourceName', literal(DataType.String, part.text)] as const)
  return { filterOperator: FilterOperator[operator], filterOperands: [operand(connection, name), value] }
}

const OPERATORS = {
  '>=': 'GreaterThanOrEqual',
  '>': 'GreaterThan',
  '=': 'Equals',
  '<=': 'LessThanOrEqual',
  '<': 'LessThan',
} as const

const BASE_EVENT = 2041

function operand({ library: { NodeId, SimpleAttributeOperand } }: Connection, name: string) {
  return new SimpleAttributeOperand({
    typeDefinitionId: new NodeId(1, BASE_EVENT, 0),
    browsePath: [{ namespaceIndex: 0, name }],
    attributeId: Attribute.Value,
  })
}

/** `type.lineage` is needed where the server did not look at the type itself: without it the type is not looked at. */
export const matches = (parts: readonly WherePart[], record: EventRecord, type: EventType): boolean =>
  parts.every((part) => {
    if (part.field === 'severity') return compare(record.severity ?? 0, part.operator, part.value)
    if (part.field === 'source') return record.source === part.text
    if (part.field === 'sourceName') return record.sourceName === part.text
    if (part.field === 'message') return record.message?.includes(part.text) === true
    return type.lineage?.has(part.text) ?? true
  })

function compare(a: number, operator: Comparison, b: number): boolean {
  if (operator === '>=') return a >= b
  if (operator === '>') return a > b
  if (operator === '<=') return a <= b
  return operator === '<' ? a < b : a === b
}
