/** What the process says by its exit code: the same numbers for every command, for scripts to act on. */
import { GatewayError, type ErrorCode } from '../core/errors.ts'

export const Exit = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  forbidden: 4,
  /** A command that compares found differences; an import left something out. */
  different: 5,
  /** EX_CONFIG of sysexits.h. */
  config: 78,
  interrupted: 130,
} as const

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: Exit.config,
  USAGE: Exit.usage,
  INVALID_REQUEST: Exit.usage,
  NOT_CONNECTED: Exit.unreachable,
  TIMEOUT: Exit.unreachable,
  WRITE_FORBIDDEN: Exit.forbidden,
  WRITE_LOCKED: Exit.forbidden,
  WRITE_INTERLOCKED: Exit.forbidden,
  SIGN_IN_REQUIRED: Exit.forbidden,
  SIGN_IN_FAILED: Exit.forbidden,
  SETUP_REQUIRED: Exit.forbidden,
  FORBIDDEN: Exit.forbidden,
  SCAN_FORBIDDEN: Exit.forbidden,
  ORIGIN_FORBIDDEN: Exit.forbidden,
  SINK_REFUSED: Exit.forbidden,
  ACCESS_REFUSED: Exit.forbidden,
}

/** The exit code for a thrown error. */
export const exitCodeOf = (error: unknown): number =>
  error instanceof GatewayError ? (BY_ERROR[error.code] ?? Exit.failure) : Exit.failure
