/** What goes between the main thread and the worker that serves (`wire/worker-link.ts`): calls one way, events the other. */
import type { LogFields } from '../../core/log-fields.ts'
import type { BatchParts } from '../../core/batch.ts'
import type { HistoryRange } from '../../core/sink.ts'
import type { StatusCode } from '../../core/status.ts'
import type { DataType, TagId, Value } from '../../core/value.ts'
import type { OpcuaServerOptions } from './options.ts'

/** A tag as the address space shows it. */
export interface TagNode {
  readonly tag: TagId
  readonly device: string
  readonly name: string
  /** That of the tag, and float64 where its values are scaled. */
  readonly type: DataType
  readonly unit?: string | undefined
  readonly low?: number | undefined
  readonly high?: number | undefined
  readonly symbols?: string | undefined
  readonly description?: string | undefined
  /** The tag may be written, as far as the gateway is concerned. */
  readonly writable: boolean
}

export interface ServerSetup {
  readonly options: OpcuaServerOptions
  /** The sink's name. */
  readonly name: string
  /** The folder of the certificates; undefined: nothing is kept. */
  readonly certificates: string | undefined
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

/** What the worker asks the main thread for (event `ask`); answered by the call `answer` with the same number. */
export type Ask = { readonly id: number } & (
  { readonly what: 'write'; readonly args: AskedWrite } | { readonly what: 'history'; readonly args: HistoryRange }
)

export interface Answer {
  readonly id: number
  /** Of a write. */
  readonly status: StatusCode
  /** Of a history read. */
  readonly parts?: BatchParts | undefined
}

/** A client asks for a write. */
export interface AskedWrite {
  readonly device: string
  readonly tag: string
  readonly value: Value
  readonly user: string
  /** Address and port of the client. */
  readonly from: string
}

/** A line for the log of the sink (event `log`). */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: LogFields
  readonly sentence: string
}
