/** From the library's DataValues to rows of a batch. A value that does not fit its tag is a bad row with the reason, never a guess. */
import type { DataValue } from 'node-opcua-client'
import { HAS_VALUE, IS_BOOLEAN, type SampleBatch } from '../../../core/batch.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { DataType, TagId } from '../../../core/value.ts'
import { memberOf, type Found } from '../../../protocols/opcua/member.ts'
import { isUndecoded, nestedOf, toValue } from '../../../protocols/opcua/value.ts'
import type { MemberStep } from '../address.ts'
import type { SourceTime } from './source-time.ts'

/** What a tag wants of its node. */
export interface Wanted {
  readonly tag: TagId
  readonly type: DataType
  readonly member: readonly MemberStep[]
}

/** Bits 31:30 (OPC 10000-4, 7.39): 2 and 3 are bad. */
export const isBadStatus = (status: StatusCode): boolean => status >= 0x8000_0000

/** The queue of the item overflowed before this value: changes were lost (bits 10 and 7 of the status). */
export const hasOverflow = (status: StatusCode): boolean => (status & 0x0480) === 0x0480

/** Why a value is no value of the tag; told once a tag. Undefined: what was told is over. */
export type Misfit = (tag: TagId, reason: string | undefined) => void

export function pushRow(
  batch: SampleBatch,
  wanted: Wanted,
  data: DataValue | undefined,
  times: SourceTime,
  historical: boolean,
  misfit: Misfit,
): void {
  if (data === undefined) return batch.push(wanted.tag, undefined, Status.BadUnknownResponse)
  const status = data.statusCode.value
  const time = historical ? recordedAt(data, batch.receivedAt) : times.of(data, batch.receivedAt)
  if (isBadStatus(status)) return batch.push(wanted.tag, undefined, status, time, historical)
  const raw = data.value?.value as unknown
  // Nearly all values are these: nothing is made for them.
  if (typeof raw === 'number' && wanted.member.length === 0 && !historical) {
    if (wanted.type === 'float64' && Number.isFinite(raw))
      return batch.pushNumber(wanted.tag, raw, status, time, HAS_VALUE)
    if (wanted.type === 'float32' && Number.isFinite(Math.fround(raw)))
      return batch.pushNumber(wanted.tag, Math.fround(raw), status, time, HAS_VALUE)
  } else if (typeof raw === 'boolean' && wanted.type === 'bool' && wanted.member.length === 0 && !historical) {
    return batch.pushNumber(wanted.tag, raw ? 1 : 0, status, time, HAS_VALUE | IS_BOOLEAN)
  }
  pushConverted(batch, wanted, data, { status, time, historical }, misfit)
}

/** What was recorded has the time of then, whatever the clock of the server is now. */
const recordedAt = ({ sourceTimestamp, serverTimestamp }: DataValue, arrived: number): number =>
  (sourceTimestamp ?? serverTimestamp)?.getTime() ?? arrived

function pushConverted(
  batch: SampleBatch,
  { tag, type, member }: Wanted,
  { value: variant }: DataValue,
  { status, time, historical }: { status: StatusCode; time: number; historical: boolean },
  misfit: Misfit,
): void {
  const push = (bad: StatusCode, reason: string) => {
    misfit(tag, reason)
    batch.push(tag, undefined, bad, time, historical)
  }
  if (variant?.value === null || variant?.value === undefined)
    return push(Status.BadNoData, 'The server gave a status, but no value.')
  const whole: Found = { raw: variant.value, builtIn: variant.dataType, dimensions: variant.dimensions ?? undefined }
  if (isUndecoded(whole.raw))
    return push(Status.BadDecodingError, 'The server does not describe the type of this structure.')
  const found = memberOf(whole, member)
  if (found === undefined) return push(Status.BadIndexRangeNoData, 'The value has no such member.')
  if (found.raw === null || found.raw === undefined) return push(Status.BadNoData, 'The member has no value.')
  const isText = type === 'string' && member.length === 0
  const raw: unknown = isText ? nestedOf(found.raw, whole.dimensions) : found.raw
  const value = toValue(raw, found.builtIn, type)
  if (value !== undefined) return batch.push(tag, value, status, time, historical)
  const isNumber = typeof found.raw === 'number' && !Number.isFinite(found.raw)
  if (isNumber) return push(Status.BadDecodingError, 'The server gave a number that is none (NaN or infinite).')
  if (type === 'string')
    return push(Status.BadOutOfRange, `The server gave ${describe(found)}, which is too long as a text. Take members of it, such as [0].`) // prettier-ignore
  push(
    Status.BadTypeMismatch,
    `The server gave ${describe(found)}, which is no ${type}. Give the tag the type of its node.`,
  )
}

const NAMES = [
  'nothing',
  'Boolean',
  'SByte',
  'Byte',
  'Int16',
  'UInt16',
  'Int32',
  'UInt32',
  'Int64',
  'UInt64',
  'Float',
  'Double',
  'String',
  'DateTime',
  'Guid',
  'ByteString',
  'XmlElement',
  'NodeId',
  'ExpandedNodeId',
  'StatusCode',
  'QualifiedName',
  'LocalizedText',
  'a structure',
  'DataValue',
  'Variant',
  'DiagnosticInfo',
] as const

/** `an array of 3 Double`, `the Int32 70000`. */
function describe({ raw, builtIn }: Found): string {
  const name = NAMES[builtIn ?? 0] ?? `type ${builtIn}`
  const isArray =
    (Array.isArray(raw) && !(builtIn === 8 || builtIn === 9)) || (ArrayBuffer.isView(raw) && !Buffer.isBuffer(raw))
  if (isArray) return `an array of ${(raw as ArrayLike<unknown>).length} ${name}`
  if (typeof raw === 'number' || typeof raw === 'boolean')
    return `${name === 'nothing' ? 'the value' : `the ${name}`} ${raw}`
  return name
}
