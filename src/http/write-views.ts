/** What became of a write, as JSON shows it. */
import type { WriteResult } from '../commands/perform.ts'
import { GatewayError, type ErrorCode } from '../core/errors.ts'
import type { Principal } from '../core/permissions.ts'
import { toJsonValue } from '../core/value.ts'
import { statusView } from './views.ts'

export const writeResultView = ({ device, tag }: { device: string; tag: string }, result: WriteResult) => ({
  device,
  tag,
  value: toJsonValue(result.value),
  status: statusView(result.status),
  readBack: toJsonValue(result.readBack),
  readBackStatus: statusView(result.readBackStatus),
  durationMs: result.durationMs,
  remark: result.remark ?? null,
})

const TOLD_BY_DEVICE: readonly ErrorCode[] = ['WRITE_FAILED', 'WRITE_UNKNOWN', 'WRITE_SUPERSEDED']

/** What the device said goes to the caller in the API's own words; values of devices that they may not see do not. */
export function explainFailure(error: unknown, principal: Principal): never {
  if (error instanceof GatewayError && error.code === 'WRITE_INTERLOCKED') throw interlockFor(principal, error)
  if (!(error instanceof GatewayError) || !TOLD_BY_DEVICE.includes(error.code)) throw error
  const { status, readBack, readBackStatus } = error.details
  const result = {
    ...(typeof status === 'number' ? { status: statusView(status) } : {}),
    readBack: toJsonValue(readBack as never),
    ...(typeof readBackStatus === 'number' ? { readBackStatus: statusView(readBackStatus) } : {}),
  }
  throw new GatewayError(error.code, error.message, { cause: error, details: { result } })
}

function interlockFor(principal: Principal, error: GatewayError): GatewayError {
  const { device, tag, devices } = error.details
  if ((devices as readonly string[]).every((name) => principal.mayFor('view', name))) return error
  const sentence = `${String(device)}/${String(tag)} may not be written now: its interlock does not hold, and looks at devices that you may not see.`
  return new GatewayError('WRITE_INTERLOCKED', sentence, { cause: error })
}
