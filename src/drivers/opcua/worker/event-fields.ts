/**
 * What is asked of an event (OPC 10000-5, 6.4.2; OPC 10000-9 for conditions) and how its fields become JSON. The form is documented
 * in docs/guide/opcua-events.md: names stay, fields are only added.
 */
import type { NodeId, SimpleAttributeOperandOptions, Variant } from 'node-opcua-client'
import { statusName } from '../../../core/status.ts'
import { BuiltIn, longOf, toText } from '../../../protocols/opcua/value.ts'
import type { EventField } from '../event-filter.ts'
import type { Connection } from './connection.ts'
import { indexOf } from './nodes.ts'
import { nodeTextOf } from './node-text.ts'
import { Attribute } from './reading.ts'

/** Texts of an event are cut there. */
const MOST_CHARACTERS = 4096

const BASE_EVENT = 2041
const CONDITION = 2782
const ACKNOWLEDGEABLE = 2881
const ALARM = 2915
const EXCLUSIVE_LIMIT_ALARM = 9341

/** A field of the standard: the type that has it, and its path; an empty path is the condition's own node id. */
const STANDARD = {
  id: [BASE_EVENT, 'EventId'],
  type: [BASE_EVENT, 'EventType'],
  source: [BASE_EVENT, 'SourceNode'],
  sourceName: [BASE_EVENT, 'SourceName'],
  time: [BASE_EVENT, 'Time'],
  receiveTime: [BASE_EVENT, 'ReceiveTime'],
  message: [BASE_EVENT, 'Message'],
  severity: [BASE_EVENT, 'Severity'],
  condition: [CONDITION, ''],
  name: [CONDITION, 'ConditionName'],
  branch: [CONDITION, 'BranchId'],
  retain: [CONDITION, 'Retain'],
  enabled: [CONDITION, 'EnabledState/Id'],
  quality: [CONDITION, 'Quality'],
  comment: [CONDITION, 'Comment'],
  user: [CONDITION, 'ClientUserId'],
  acked: [ACKNOWLEDGEABLE, 'AckedState/Id'],
  confirmed: [ACKNOWLEDGEABLE, 'ConfirmedState/Id'],
  active: [ALARM, 'ActiveState/Id'],
  suppressed: [ALARM, 'SuppressedState/Id'],
  outOfService: [ALARM, 'OutOfServiceState/Id'],
  shelved: [ALARM, 'ShelvingState/CurrentState/Id'],
  shelvedText: [ALARM, 'ShelvingState/CurrentState'],
  limit: [EXCLUSIVE_LIMIT_ALARM, 'LimitState/CurrentState'],
} as const

export type StandardField = keyof typeof STANDARD

export const STANDARD_FIELDS = Object.keys(STANDARD) as readonly StandardField[]
/** Those that every server has: asked for when it refuses the others. */
export const LEAST_FIELDS: readonly StandardField[] = STANDARD_FIELDS.filter((name) => STANDARD[name][0] === BASE_EVENT)

/** One thing that is asked for. */
export type Selected =
  | { readonly name: StandardField; readonly extra?: undefined }
  | { readonly extra: EventField; readonly name?: undefined }

/** The select clause of it; undefined where the server has no such namespace. */
export function operandOf(
  connection: Connection,
  { name, extra }: Selected,
): SimpleAttributeOperandOptions | undefined {
  const { NodeId } = connection.library
  if (name !== undefined) {
    const [type, path] = STANDARD[name]
    return {
      typeDefinitionId: new NodeId(1, type, 0),
      browsePath: path === '' ? [] : path.split('/').map((one) => ({ namespaceIndex: 0, name: one })),
      attributeId: path === '' ? Attribute.NodeId : Attribute.Value,
    }
  }
  const browsePath = extra.path.map(({ namespace, name: text }) => ({
    namespaceIndex: indexOf(connection, namespace),
    name: text,
  }))
  if (browsePath.some(({ namespaceIndex }) => namespaceIndex === undefined)) return undefined
  // BaseEventType stands for every type: the path alone counts (OPC 10000-4, 7.7.4.5).
  return {
    typeDefinitionId: new NodeId(1, BASE_EVENT, 0),
    browsePath: browsePath as { namespaceIndex: number; name: string }[],
    attributeId: Attribute.Value,
  }
}

/** An event as its tag has it, in this order of names; what the server did not give is absent. */
export interface EventRecord {
  /** EventId, base64. */
  readonly id: string | undefined
  readonly type: string | undefined
  readonly typeName?: string | undefined
  /** Of the event, by the server's clock. */
  readonly time: string | undefined
  readonly severity: number | undefined
  readonly source: string | undefined
  readonly sourceName: string | undefined
  readonly message: string | undefined
  readonly condition?: ConditionRecord | undefined
  /** Told again because we asked for it (ConditionRefresh): nothing has happened now. */
  readonly refresh?: true | undefined
  readonly fields?: Readonly<Record<string, unknown>> | undefined
}

export interface ConditionRecord {
  readonly id: string
  readonly name: string | undefined
  readonly branch: string | undefined
  readonly retain: boolean | undefined
  readonly enabled: boolean | undefined
  readonly active: boolean | undefined
  readonly acked: boolean | undefined
  readonly confirmed: boolean | undefined
  readonly suppressed: boolean | undefined
  readonly outOfService: boolean | undefined
  readonly shelved: string | undefined
  readonly limit: string | undefined
  readonly quality: string | undefined
  readonly comment: string | undefined
  readonly user: string | undefined
}

/** States of the shelving by their node ids (OPC 10000-9, 5.8.17). */
const SHELVING: Readonly<Record<string, string>> = { 'i=2930': 'unshelved', 'i=2932': 'timed', 'i=2933': 'oneShot' }

/** An event as it came: its fields in the order in which they were asked for. */
export class RawEvent {
  readonly #namespaces: readonly string[]
  readonly #values = new Map<StandardField, unknown>()
  readonly #extras: readonly (readonly [name: string, value: unknown])[]

  constructor(namespaces: readonly string[], selected: readonly Selected[], fields: readonly (Variant | null)[]) {
    this.#namespaces = namespaces
    const extras: [string, unknown][] = []
    for (const [at, { name, extra }] of selected.entries()) {
      const field = fields[at]
      if (name !== undefined) this.#values.set(name, field?.value as unknown)
      else extras.push([extra.text, fieldValue(namespaces, field)])
    }
    this.#extras = extras
  }

  get type(): NodeId | undefined {
    return this.#values.get('type') as NodeId | undefined
  }

  get time(): Date | undefined {
    return dateOf(this.#values.get('time'))
  }

  get receiveTime(): Date | undefined {
    return dateOf(this.#values.get('receiveTime'))
  }

  record(typeName: string | undefined, isRefresh: boolean): EventRecord {
    const severity = this.#values.get('severity')
    return {
      id: this.#bytes('id'),
      type: nodeTextOf(this.#namespaces, this.type),
      typeName,
      time: this.time?.toISOString(),
      severity: typeof severity === 'number' ? severity : undefined,
      source: this.#node('source'),
      sourceName: this.#text('sourceName'),
      message: this.#text('message'),
      condition: this.#condition(),
      refresh: isRefresh ? true : undefined,
      fields: this.#extras.length === 0 ? undefined : Object.fromEntries(this.#extras),
    }
  }

  #condition(): ConditionRecord | undefined {
    const id = this.#node('condition')
    if (id === undefined) return undefined
    return {
      id,
      name: this.#text('name'),
      branch: this.#node('branch'),
      retain: this.#flag('retain'),
      enabled: this.#flag('enabled'),
      active: this.#flag('active'),
      acked: this.#flag('acked'),
      confirmed: this.#flag('confirmed'),
      suppressed: this.#flag('suppressed'),
      outOfService: this.#flag('outOfService'),
      shelved: SHELVING[this.#node('shelved') ?? ''] ?? (this.#text('shelvedText') || undefined),
      limit: this.#text('limit') || undefined,
      quality: this.#status('quality'),
      comment: this.#text('comment') || undefined,
      user: this.#text('user') || undefined,
    }
  }

  /** A disabled condition has a status in the place of its texts (OPC 10000-9, 5.5.2). */
  #text(name: StandardField): string | undefined {
    const value = this.#values.get(name)
    const text = typeof value === 'object' && value !== null && 'text' in value ? (value.text ?? '') : value
    return typeof text === 'string' ? cut(text) : undefined
  }

  #node(name: StandardField): string | undefined {
    const value = this.#values.get(name)
    return isNodeId(value) ? nodeTextOf(this.#namespaces, value) : undefined
  }

  #bytes(name: StandardField): string | undefined {
    const value = this.#values.get(name)
    return value instanceof Uint8Array ? cut(Buffer.from(value).toString('base64')) : undefined
  }

  #flag(name: StandardField): boolean | undefined {
    const value = this.#values.get(name)
    return typeof value === 'boolean' ? value : undefined
  }

  #status(name: StandardField): string | undefined {
    const value = this.#values.get(name) as { value?: unknown } | null | undefined
    return typeof value?.value === 'number' ? statusName(value.value) : undefined
  }
}

const isNodeId = (value: unknown): value is NodeId =>
  typeof value === 'object' && value !== null && 'identifierType' in value

/** 1601-01-01 is the standard's "no time". */
const dateOf = (value: unknown): Date | undefined => (value instanceof Date && value.getTime() > 1 ? value : undefined)

const cut = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text)

/** A field of a type that we do not know: numbers, truth values and lists of them as they are, everything else as text. */
function fieldValue(namespaces: readonly string[], field: Variant | null | undefined): unknown {
  const raw = field?.value as unknown
  if (raw === null || raw === undefined) return null
  if (typeof raw === 'boolean' || (typeof raw === 'number' && Number.isFinite(raw))) return raw
  if (typeof raw === 'number') return null
  const type = field!.dataType as number
  const isLong = type === BuiltIn.Int64 || type === BuiltIn.UInt64
  if (isLong && Array.isArray(raw) && raw.length === 2 && typeof raw[0] === 'number')
    return longOf(raw as [number, number], type === BuiltIn.Int64).toString()
  if (isNodeId(raw)) return nodeTextOf(namespaces, raw) ?? null
  if (raw instanceof Date) return raw.toISOString()
  if (type === BuiltIn.StatusCode) return statusName((raw as { value: number }).value)
  if (Array.isArray(raw) || ArrayBuffer.isView(raw)) return listOf(raw)
  return cut(toText(raw) ?? '')
}

/** A list as JSON where it is not too long, else its beginning as text. */
function listOf(raw: object): unknown {
  const text = toText(raw) ?? ''
  if (Buffer.isBuffer(raw) || text.length > MOST_CHARACTERS) return cut(text)
  return JSON.parse(text) as unknown
}
