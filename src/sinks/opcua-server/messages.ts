/** What goes between the main thread and the worker that serves (`wire/worker-link.ts`): calls one way, events the other. */
import type { BatchParts } from '../../core/batch.ts'
import type { StatusCode } from '../../core/status.ts'
import type { DataType, TagId, Value } from '../../core/value.ts'
import type { OpcuaServerOptions } from './options.ts'

/** The type of a variable: that of the tag, and float64 where its values are scaled. */
export type NodeType = DataType

/** A tag as the address space shows it. */
export interface TagNode {
  readonly tag: TagId
  readonly device: string
  readonly name: string
  readonly type: NodeType
  readonly unit?: string | undefined
  readonly low?: number | undefined
  readonly high?: number | undefined
  readonly symbols?: string | undefined
  readonly description?: string | undefined
  /** The tag may be written, as far as the gateway is concerned. */
  readonly writable: boolean
}

/** Opens the server. */
export interface ServerSetup {
  readonly options: OpcuaServerOptions
  /** The sink's name. */
  readonly name: string
  readonly version: string
}

/** Values for the address space. */
export interface ValueSet {
  readonly parts: BatchParts
  /** When the gateway stored each row, where that is not the same for all; ms since 1970. */
  readonly storedAt?: Float64Array | undefined
}

/** Rows that cannot be shown, each with the reason. */
export type Refused = readonly (readonly [row: number, reason: string])[]

/** What the server says of itself. */
export interface ServerFacts {
  readonly sessions: number
  readonly subscriptions: number
  readonly monitoredItems: number
}

/** A client asks for a write; answered by the call `written`. */
export interface AskedWrite {
  readonly id: number
  readonly device: string
  readonly tag: string
  readonly value: Value
  readonly user: string
  /** Address and port of the client. */
  readonly from: string
}

export interface WriteAnswer {
  readonly id: number
  readonly status: StatusCode
}

/** A line for the log of the sink. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly sentence: string
}
