/**
 * What an address space was like, or should be like: a snapshot (`browse --json`), a list of tags (`tags`, CSV), or the configured
 * tags of the device. Each is a list of nodes with what is known of them.
 */
import { parseCsv } from '../../../core/csv.ts'
import { z } from 'zod'
import type { Point } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { DATA_TYPES, type DataType } from '../../../core/value.ts'
import { formatMember, parseAddress, type NodeRef, type OpcuaAddress } from '../address.ts'
import type { VariableFacts } from '../browsed.ts'

/** What a snapshot keeps of a node. */
export interface NodeBefore {
  readonly nodeClass: string
  readonly variable?: Pick<VariableFacts, 'dataType' | 'valueRank' | 'dimensions' | 'readable' | 'writable'> | undefined
}

/** A node as it was known before. */
export interface KnownNode {
  readonly ref: NodeRef
  /** What people call it. */
  readonly name: string
  readonly member: string
  /** As a tag has it. */
  readonly tagType?: DataType | undefined
  /** As a snapshot has it. */
  readonly before?: NodeBefore | undefined
}

export interface Snapshot {
  /** `snapshot`: every node counts; `tags`: readable variables do. */
  readonly kind: 'snapshot' | 'tags'
  readonly nodes: readonly KnownNode[]
  /** Where the walk began that made it, how deep it went, and what it took along. */
  readonly start?: string | undefined
  readonly depth?: number | undefined
  readonly withServer?: boolean | undefined
}

/** What is configured. Throws INVALID_REQUEST where there is nothing. */
export function ofPoints(points: readonly Point<unknown>[] | undefined): Snapshot {
  const nodes = (points ?? []).flatMap(({ address, settings: { name, type } }) =>
    known(address as OpcuaAddress, name, type),
  )
  if (nodes.length > 0) return { kind: 'tags', nodes }
  throw invalid('there is nothing to compare with: name a device that has tags, or give --with a file')
}

/** A file's text: JSON of `browse`, or CSV with the columns name, address and type. Throws INVALID_REQUEST. */
export const parseSnapshot = (text: string): Snapshot =>
  text.trimStart().startsWith('{') ? ofJson(text) : { kind: 'tags', nodes: ofCsv(text) }

const snapshotSchema = z.object({
  start: z.object({ node: z.string() }),
  depth: z.int().min(1).max(64),
  server: z.boolean().default(false),
  cut: z.boolean().default(false),
  nodes: z.array(
    z.object({
      node: z.string(),
      path: z.string().nullish(),
      nodeClass: z.string(),
      variable: z
        .object({
          dataType: z.string(),
          valueRank: z.number(),
          dimensions: z.array(z.number()).optional(),
          readable: z.boolean(),
          writable: z.boolean(),
        })
        .optional(),
    }),
  ),
})

function ofJson(text: string): Snapshot {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw invalid(`the file is no JSON: ${(error as Error).message}`)
  }
  const { data } = snapshotSchema.safeParse(parsed)
  if (data === undefined) throw invalid('the file is no snapshot: `bifrost opcua browse … --json` writes one')
  if (data.cut) throw invalid('the snapshot is cut: it was taken with too small a --most')
  const { start, depth, server, nodes } = data
  return {
    kind: 'snapshot',
    nodes: nodes.map((node) => ({ ref: refOf(node.node), name: node.path ?? node.node, member: '', before: node })),
    start: start.node,
    depth,
    withServer: server,
  }
}

function refOf(text: string): NodeRef {
  const address = parseAddress(text)
  if (address.kind !== 'value') throw invalid(`${text} is no node`)
  return address.node
}

function ofCsv(text: string): KnownNode[] {
  const { records, faults } = parseCsv(text)
  const [fault] = faults
  if (fault !== undefined) throw invalid(`line ${fault.line} of the file: ${fault.message}`)
  const [header, ...rows] = records
  const [name, address, type] = ['name', 'address', 'type'].map((column) => header?.cells.indexOf(column) ?? -1) as [
    number,
    number,
    number,
  ]
  if (name < 0 || address < 0)
    throw invalid('the file has no columns name and address: `bifrost opcua tags` writes such a list')
  return rows.flatMap(({ cells, line }) => {
    try {
      const tagType = DATA_TYPES.find((one) => one === cells[type])
      return known(parseAddress(cells[address] ?? ''), cells[name] ?? '', tagType)
    } catch (error) {
      throw invalid(`line ${line} of the file: ${(error as Error).message}`)
    }
  })
}

function known(address: OpcuaAddress, name: string, tagType: DataType | undefined): KnownNode[] {
  if (address.kind !== 'value') return []
  return [{ ref: address.node, name, member: formatMember(address.member), tagType }]
}

const invalid = (message: string): GatewayError => new GatewayError('INVALID_REQUEST', message)
