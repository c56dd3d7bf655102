/**
 * The seam between whatever somebody does to the gateway and the audit log (`audit/`). An event that must not happen unrecorded
 * is recorded as `requested` before it is done, and with what came of it after, both with the same `id`.
 */

/** One thing that somebody did, or tried to do. Nothing secret belongs into it: no password, token, key or code. */
export interface AuditEvent {
  /** The same for all records of one action; one is made where there is none. */
  readonly id?: string | undefined
  /** What was done, in lower case: `write`, `sign-in`, `config.apply`, `token.create`. */
  readonly action: string
  /** `Principal.name`; for a program without one, its address. */
  readonly user: string
  /** From where: `http 10.0.0.7`, `host`, `sink plant`. */
  readonly from: string
  /** What it was done to, its kind first: `tag press-1/level`, `user anna`, `sink plant`, `config bifrost.yaml`, `writes`. */
  readonly object: string
  /** As JSON carries it; null or absent: unknown, or it does not apply. */
  readonly before?: unknown
  readonly after?: unknown
  /** Why, in the person's words. */
  readonly reason?: string | null | undefined
  /** `requested`, `done`, `written`, or the code of the error that refused it. */
  readonly outcome: string
  /** The trace id of the request that asked for it (`core/correlation.ts`). */
  readonly trace?: string | undefined
  /** What more is known, as JSON carries it: the status of a device, a sentence (`message`). */
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Where events go. */
export interface Audit {
  /** Resolves when the event is on disk; throws STORE_FAILED when it cannot be: then what needed the record must not be done. */
  record(event: AuditEvent): Promise<void>
}
