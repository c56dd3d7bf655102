/** What goes between the main thread and a worker (`worker-link.ts`, `worker-service.ts`), and errors in a form that can travel. */
import { BusyError, ERRORS, GatewayError, NotConnectedError, type ErrorCode } from '../core/errors.ts'

export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly operation: string; readonly args: unknown }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'ping' }

export type FromWorker =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown }
  | { readonly kind: 'pong' }

/** `code`: of the catalogue; INTERNAL for what is not from there. */
export interface SentError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Record<string, unknown>
}

export function sendableError(error: unknown): SentError {
  if (error instanceof BusyError)
    return { code: error.code, message: error.message, details: { ...error.details, retryAfterMs: error.retryAfterMs } }
  if (error instanceof GatewayError) return { code: error.code, message: error.message, details: error.details }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), details: {} }
}

export function reviveError({ code, message, details }: SentError): GatewayError {
  if (code === 'NOT_CONNECTED') return new NotConnectedError(message, { details })
  if (code === 'BUSY') return new BusyError(message, Number(details.retryAfterMs), { details })
  return new GatewayError(code in ERRORS ? code : 'INTERNAL', message, { details })
}
