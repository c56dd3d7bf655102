/** What browsing finds, as it goes from the worker to the tools: plain data only. */
import type { DataType } from '../../core/value.ts'
import type { NodeRef } from './address.ts'
import type { OfDevice } from './messages.ts'

/** OPC 10000-3, 5.2.3. */
export type NodeClassName =
  'Object' | 'Variable' | 'Method' | 'ObjectType' | 'VariableType' | 'ReferenceType' | 'DataType' | 'View' | 'Unknown'

export interface BrowsedNode {
  /** Counts from 0 within one walk. */
  readonly index: number
  /** The node below which it was found; null: the one where the walk began. */
  readonly parent: number | null
  /** 1: right below the start. */
  readonly level: number
  /** Namespace by URI: `nsu=http://example.org/plant;s=Line1.Level`. */
  readonly node: string
  /** From the Objects folder on, `/{http://example.org/plant}Plant/Line1/Level`; null where it is not below that. */
  readonly path: string | null
  readonly nodeClass: NodeClassName
  readonly browseName: string
  readonly displayName: string
  readonly description?: string
  /** A property: it describes its parent. */
  readonly isProperty?: true
  /** Of variables. */
  readonly variable?: VariableFacts
}

export interface VariableFacts {
  /** By name: `Double`, `PumpState`. */
  readonly dataType: string
  /** What a tag of it would be; `string` for whatever has no other. */
  readonly tagType: DataType
  /** What a tag of one element would be; of a scalar the same. */
  readonly elementType: DataType
  /** OPC 10000-3, 8.6: -1 a scalar, 1 an array, 2 a matrix; -2 and -3 leave it open. */
  readonly valueRank: number
  /** Where the server says them; 0: any. */
  readonly dimensions?: readonly number[] | undefined
  readonly isStructure?: true
  /** For us, as we are logged in. */
  readonly readable: boolean
  readonly writable: boolean
  readonly unit?: string
  readonly low?: number
  readonly high?: number
  /** `0=Stopped|1=Running`. */
  readonly symbols?: string
  /** Of arrays and structures, where they were asked for. */
  readonly members?: readonly NodeMember[]
  /** Why there are none although they were asked for. */
  readonly noMembers?: string
}

/** An element of an array, or a field of a structure, that a tag can be. */
export interface NodeMember {
  /** As it stands behind ` :: ` of an address: `[3]`, `axes[2].position`. */
  readonly member: string
  readonly tagType: DataType
  readonly symbols?: string
}

export interface OpenWalk extends OfDevice {
  /** Where it begins, as an address has it; the Objects folder where absent. */
  readonly start?: string | undefined
  readonly depth: number
  /** No more nodes than these. */
  readonly most: number
  /** What is below the Server object, its diagnostics, which is left out unless the walk begins there. */
  readonly withServer: boolean
  readonly members: { readonly most: number } | undefined
  /** Only what the references say: no types, no descriptions. */
  readonly bare?: boolean | undefined
  /** Only what fits is given. */
  readonly pattern?: string | undefined
}

/** Where a walk begins. */
export interface WalkStart {
  readonly walk: number
  readonly start: BrowsedNode
}

export interface DescribeNodes extends OfDevice {
  readonly nodes: readonly NodeRef[]
  /** Where they are, too. */
  readonly paths?: boolean | undefined
  readonly members?: { readonly most: number } | undefined
}

export interface NextOfWalk extends OfDevice {
  readonly walk: number
  /** No more nodes in this part. */
  readonly most?: number | undefined
}

export interface WalkPart {
  readonly nodes: readonly BrowsedNode[]
  /** Looked at so far, those that do not fit a pattern too. */
  readonly looked: number
  /** There is nothing more to come. */
  readonly done: boolean
  /** `most` was reached before the end. */
  readonly cut: boolean
  /** What could not be looked at, a sentence each; of a walk as a whole a few. */
  readonly problems: readonly string[]
}

export interface NodeReference {
  /** By its browse name: `HasComponent`. */
  readonly type: string
  readonly forward: boolean
  readonly node: string
  readonly name: string
}

/** What there is of one node. */
export interface NodeDetails {
  readonly facts: BrowsedNode
  readonly attributes: Readonly<Record<string, string>>
  readonly references: readonly NodeReference[]
  /** There are more references than these. */
  readonly more: boolean
}

export interface OneNode extends OfDevice {
  readonly node: string
}
