/**
 * What every part may say to the log: a sentence and fields of the table in `log-fields.ts`. `observe/log.ts` makes real ones; tests use
 * `silentLog`.
 */
import type { LogFields } from './log-fields.ts'

/** Also what is spread into a literal must be of the table. */
type Known<F> = F & { readonly [K in Exclude<keyof F, keyof LogFields>]: never }

export interface Log {
  debug<F extends LogFields>(fields: Known<F>, sentence: string): void
  info<F extends LogFields>(fields: Known<F>, sentence: string): void
  warn<F extends LogFields>(fields: Known<F>, sentence: string): void
  error<F extends LogFields>(fields: Known<F>, sentence: string): void
  child<F extends LogFields>(fields: Known<F>): Log
  /** Says this much from now on, children included; absent where that cannot be changed. */
  setLevel?(level: 'debug' | 'info' | 'warn' | 'error'): void
  /** Blanks what of a text is secret, whatever else is blanked; it takes the place of the one before. Absent where nothing is written. */
  hide?(erase: (text: string) => string): void
  /** Lines that did not leave, by reason; absent where every line does. */
  readonly dropped?: Readonly<Record<DropReason, number>>
}

/** `blocked`: whoever reads them stands still. `closed`: there is nobody any more. `failed`: the file takes nothing. */
export const DROP_REASONS = ['blocked', 'closed', 'failed'] as const
export type DropReason = (typeof DROP_REASONS)[number]

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}
