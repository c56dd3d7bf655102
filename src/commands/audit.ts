/**
 * The audit file: one JSON object a line, only ever appended (O_APPEND, mode 0600) and on disk before the call returns.
 * A write that reaches a device has two lines with the same `id`: "requested" before anything is sent, and its outcome after.
 * So a full disk refuses a write instead of leaving it unrecorded, and a crash in between leaves the request on record.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Clock } from '../core/clock.ts'
import type { Audit, AuditEvent } from '../core/audit.ts'
import type { AuditedAction } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'

export interface AuditLine {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly user: string
  readonly from: string
  readonly device: string
  readonly tag: string
  /** As JSON carries values; null: unknown. */
  readonly before: unknown
  readonly after: unknown
  readonly reason: string | null
  /** `requested`, `written`, or the code of the error that refused it. */
  readonly outcome: string
  /** The name of the status, where the device gave one. */
  readonly status?: string
  readonly readBack?: unknown
  readonly readBackStatus?: string
  /** Whether a request went out, where that decides what to do next. */
  readonly sent?: boolean
  /** How it was done, in the driver's words. */
  readonly remark?: string
  readonly message?: string
}

/** Something that was asked of a device past the commands, such as a write through a proxy. */
export interface ActionLine {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly from: string
  readonly device: string
  readonly action: string
  readonly what: string
  readonly outcome: string
}

/** Something that was done to a sink. */
export interface SinkLine {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly user: string
  readonly from: string
  readonly sink: string
  readonly action: string
  readonly what: string
  readonly outcome: string
}

/** Something that was done to a certificate. */
export interface CertificateLine {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly user: string
  readonly from: string
  /** Its thumbprint as it was given, `own`, or `a file`. */
  readonly certificate: string
  readonly action: string
  readonly what: string
  readonly outcome: string
}

export class AuditFile {
  readonly #path: string
  #file: Promise<FileHandle> | undefined
  /** The last line may be there in part: the next one starts on a line of its own. */
  #torn = false
  /** What is being written comes to its end before the next lines are. */
  #last: Promise<unknown> = Promise.resolve()
  /** Lines that wait for the disk: it takes them together, so that many writes at once do not queue for a sync each. */
  #batch: { readonly lines: string[]; readonly written: Promise<void> } | undefined

  /** Opened with the first line. */
  constructor(path: string) {
    this.#path = path
  }

  /** Resolves when the line is on disk; throws STORE_FAILED when it cannot be. */
  append(line: AuditLine | ActionLine | SinkLine | CertificateLine | (AuditEvent & { time: string })): Promise<void> {
    const batch = (this.#batch ??= this.#begin())
    batch.lines.push(`${JSON.stringify(line)}\n`)
    return batch.written
  }

  /** An action of this device's driver, as one line. As `append`. */
  record(
    device: string,
    { id = randomUUID(), action, from, what, outcome }: AuditedAction,
    clock: Clock,
  ): Promise<void> {
    return this.append({ id, time: new Date(clock.now()).toISOString(), from, device, action, what, outcome })
  }

  /** As `record`, for the session of a sink with its far side. */
  recordSink(
    sink: string,
    { id = randomUUID(), action, from, what, outcome }: AuditedAction,
    clock: Clock,
  ): Promise<void> {
    return this.append({ id, time: new Date(clock.now()).toISOString(), user: from, from, sink, action, what, outcome })
  }

  async close(): Promise<void> {
    await this.#last
    const file = await this.#file?.catch(() => undefined)
    this.#file = undefined
    await file?.close()
  }

  #begin() {
    const lines: string[] = []
    const written = this.#last.then(() => {
      this.#batch = undefined
      return this.#write(lines)
    })
    this.#last = written.catch(() => {})
    return { lines, written }
  }

  async #write(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${lines.join('')}`)
    try {
      this.#file ??= open(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
      const file = await this.#file
      const { bytesWritten } = await file.write(bytes)
      if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`)
      await file.sync()
      this.#torn = false
    } catch (cause) {
      this.#torn = true
      await this.#reopenLater()
      throw new GatewayError(
        'STORE_FAILED',
        `The audit file ${this.#path} cannot be written, so nothing may be written to devices.`,
        {
          cause,
        },
      )
    }
  }

  /** The next line tries afresh: the disk may have been freed, the file replaced. */
  async #reopenLater(): Promise<void> {
    const file = await this.#file?.catch(() => undefined)
    this.#file = undefined
    await file?.close().catch(() => {})
  }
}

/** The file as the seam that accounts record through; `audit/` takes its place. */
export const auditInto = (file: AuditFile, clock: Clock): Audit => ({
  record: ({ id = randomUUID(), ...event }) => file.append({ id, time: new Date(clock.now()).toISOString(), ...event }),
})
