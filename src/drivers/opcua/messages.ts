/** What goes between the driver in the main thread and its worker: plain data only. */
import type { LivenessView } from '../../core/driver-views.ts'
import type { BatchParts } from '../../core/batch.ts'
import type { RefusedHistory } from '../../core/device-history.ts'
import type { DataType, TagId, Value } from '../../core/value.ts'
import type { MemberStep, NodeRef, OpcuaAddress } from './address.ts'
import type { OpcuaOptions } from './options.ts'

/** A device of the worker, by a number of the main thread's choosing. */
export interface OpenDevice {
  readonly device: number
  readonly name: string
  readonly options: OpcuaOptions
  /** The folder of the certificates; undefined: nothing is kept, a certificate is made for this run. */
  readonly certificates: string | undefined
}

export interface OfDevice {
  readonly device: number
}

/** One value of one node, as a tag wants it. */
export interface SentPoint {
  readonly tag: TagId
  readonly type: DataType
  readonly node: NodeRef
  readonly member: readonly MemberStep[]
  readonly everyMs: number
  /** In the device's own numbers: scaling is undone. */
  readonly deadband?: number | undefined
  /** How old its value may become: it has to be proved more often than that. */
  readonly staleAfterMs?: number | undefined
}

/** Events of one notifier, as a tag wants them. */
export interface SentEvents {
  readonly tag: TagId
  readonly address: OpcuaAddress & { readonly kind: 'events' }
  readonly everyMs: number
}

export interface ReadRequest extends OfDevice {
  readonly poll: number
  readonly step: number
  /** With the first request of a poll. */
  readonly points?: readonly SentPoint[] | undefined
  /** Somebody reads these once: nothing is registered for them. */
  readonly once?: boolean | undefined
}

export interface ReadAnswer {
  readonly batch: BatchParts
  /** There is more to read of this step. */
  readonly unfinished: boolean
}

/** How the values of this tag come. */
export interface SourceRequest extends OfDevice {
  readonly tag: TagId
}

export interface HistoryRequest extends OfDevice {
  /** A number of the main thread's choosing, the same for all requests of one reading. */
  readonly read: number
  /** With the first request. */
  readonly range?: { readonly points: readonly SentPoint[]; readonly from: number; readonly to: number } | undefined
}

export interface HistoryAnswer {
  readonly batch: BatchParts
  readonly unfinished: boolean
  readonly refused: readonly RefusedHistory[]
}

export interface SubscribeRequest extends OfDevice {
  readonly points: readonly SentPoint[]
  readonly events: readonly SentEvents[]
}

/** Asks what has to be known first: nothing is changed. A status of 0 says that the item can be sent. */
export interface PrepareWriteRequest extends OfDevice {
  /** By which the write is sent then. */
  readonly ticket: number
  readonly items: readonly SentWrite[]
}

/** Sends what was prepared. */
export interface WriteRequest extends OfDevice {
  readonly ticket: number
  /** Which of the items, by their place. */
  readonly items: readonly number[]
}

export interface SentWrite {
  readonly address: OpcuaAddress
  readonly type: DataType
  readonly value: Value
}

/** One a write, in order. */
export interface WriteAnswer {
  readonly statuses: readonly number[]
  /** What a method gave back, or how a write was done, as a sentence for the record. */
  readonly remarks: readonly (string | undefined)[]
}

/** How a device does, as the worker sees it. */
export interface DeviceView extends LivenessView {
  readonly trouble: string | undefined
}

export const EMPTY_VIEW: DeviceView = {
  staleSince: undefined,
  provenAt: 0,
  subscriptions: 0,
  monitoredItems: 0,
  rebuilds: { subscription: 0, session: 0, socket: 0 },
  missed: 0,
  republished: 0,
  overflows: 0,
  canaries: 0,
  skewMs: undefined,
  clockResets: 0,
  trouble: undefined,
}

/** Events of the worker. */
export type RowsEvent = OfDevice & { readonly batch: BatchParts }
export type ReasonsEvent = OfDevice & {
  readonly reasons: readonly (readonly [tag: TagId, reason: string | undefined])[]
}
export type ViewEvent = OfDevice & { readonly view: DeviceView }
export type LogEvent = {
  readonly device: number | undefined
  readonly level: 'debug' | 'info' | 'warn'
  readonly sentence: string
}
/** Something is to be put on record before it is done; answered by a call of `audited`. */
export type AuditEvent = OfDevice & { readonly id: number; readonly action: string; readonly what: string }
/** `failed`: why it could not be put on record. */
export interface AuditAnswer {
  readonly id: number
  readonly failed?: string | undefined
}
