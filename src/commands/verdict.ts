/** What became of a write, in one sentence: arrived, refused, not sent, or unknown. */
import { GatewayError, messageOf, type ErrorCode } from '../core/errors.ts'
import { isBad, isGood, Status, statusInfo, statusName, type StatusCode } from '../core/status.ts'
import type { TagInfo, TagSettings } from '../core/tags.ts'
import { toJsonValue } from '../core/value.ts'
import { isUnknown, type Performed } from './perform.ts'
import { isSameValue } from './raw-value.ts'

/** The device answered that this address cannot be read: a register that is only written. */
const NOT_READABLE: ReadonlySet<StatusCode> = new Set([
  Status.BadNotReadable,
  Status.BadNotSupported,
  Status.BadConfigurationError,
  Status.BadOutOfRange,
  Status.BadNodeIdUnknown,
])

/** True when the write was acknowledged and the device refuses to show the value. */
const isWriteOnly = ({ status, readBackStatus }: Performed): boolean =>
  isGood(status) && NOT_READABLE.has(readBackStatus)

/** Throws what forbade it when its turn came, WRITE_FAILED, WRITE_SUPERSEDED or WRITE_UNKNOWN unless the value arrived, as far as the device lets us see. */
export function judge({ device, settings }: Omit<TagInfo, 'id'>, result: Performed): void {
  const tag = settings.name
  if (result.refusal !== undefined) throw result.refusal
  const verdict = verdictOf(`${device}/${tag}`, settings, result)
  if (verdict === undefined) return
  const [code, message] = verdict
  const { status, readBack, readBackStatus } = result
  throw new GatewayError(code, remarked(message, result), {
    details: { device, tag, status, readBack, readBackStatus },
  })
}

function verdictOf(name: string, settings: TagSettings, result: Performed): [ErrorCode, string] | undefined {
  const { status, value, readBack, readBackStatus } = result
  const said = `${statusName(status)}. ${statusInfo(status).text}`
  if (isUnknown(result)) return ['WRITE_UNKNOWN', unknownSentence(name, settings, result)]
  if (status === Status.BadRequestCancelledByClient) {
    return ['WRITE_SUPERSEDED', `${name} was not sent: a newer value for it was already waiting.`]
  }
  if (!isGood(status)) return ['WRITE_FAILED', `${name} was not ${result.sent ? 'written' : 'sent'}: ${said}`]
  if (isWriteOnly(result)) return undefined
  if (isBad(readBackStatus)) {
    const why = `${statusName(readBackStatus)}. ${statusInfo(readBackStatus).text}`
    return ['WRITE_FAILED', `${name} was written, but could not be read back: ${why}`]
  }
  if (status === Status.GoodCompletesAsynchronously || isSameValue(value, readBack, settings)) return undefined
  return [
    'WRITE_FAILED',
    `${name} was written as ${String(toJsonValue(value))}, but reads back ${String(toJsonValue(readBack))}.`,
  ]
}

function unknownSentence(name: string, settings: TagSettings, result: Performed): string {
  const { status, value, readBack, readBackStatus } = result
  const sent = `${name} was sent and may have been carried out, but no valid answer came (${statusName(status)}).`
  if (!isGood(readBackStatus)) return sent
  const same = isSameValue(value, readBack, settings) ? 'which is what was written' : 'which is not what was written'
  return `${sent} It reads back ${String(toJsonValue(readBack))}, ${same}.`
}

const remarked = (message: string, { remark }: Performed): string =>
  remark === undefined ? message : `${message} ${remark}`

/** What the audit says of a write, beside the event itself. */
export interface AuditDetails {
  /** The name of the status, where the device gave one. */
  readonly status?: string
  readonly readBack?: unknown
  readonly readBackStatus?: string
  /** Whether a request went out, where that decides what to do next. */
  readonly sent?: boolean
  /** How it was done, in the driver's words. */
  readonly remark?: string
  readonly message?: string
  readonly [more: string]: unknown
}

/** What the audit says of a write that was not refused before it was sent. */
export function auditOf(result: Performed): AuditDetails {
  const { status, readBack, readBackStatus, sent, remark } = result
  return {
    status: statusName(status),
    readBack: toJsonValue(readBack),
    readBackStatus: statusName(readBackStatus),
    sent,
    ...(remark === undefined ? {} : { remark }),
    ...(isWriteOnly(result) ? { message: `written, not readable: ${statusName(readBackStatus)}` } : {}),
  }
}

/** The outcome of an attempt that threw, and its sentence. */
export function failureOf(error: unknown, result: Performed | undefined): [outcome: string, details: AuditDetails] {
  const outcome = error instanceof GatewayError ? error.code : 'INTERNAL'
  return [outcome, { ...(result === undefined ? {} : auditOf(result)), message: messageOf(error) }]
}
