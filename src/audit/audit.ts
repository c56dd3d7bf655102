/**
 * The audit log of a gateway: what was done, by whom, from where and why, in a chain that shows every change to it (FORMAT.md). An event is
 * on the disk when `record` resolves. A disk that takes nothing refuses what needs a record and says so in health, metrics, log and reserve.
 */
import { randomUUID } from 'node:crypto'
import type { Audit, AuditEvent } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { privateFiles, type FileSystem } from '../store/files.ts'
import { Announcer } from './announcer.ts'
import { Chain, ownLine, type NewLine, type WrittenLine } from './chain.ts'
import { auditFolder, forget, readInbox } from './inbox.ts'
import { BEGIN, type Place } from './line.ts'
import { AUDIT_PURPOSE, openFiles, type Opening } from './opening.ts'
import { queryAudit, readAll, type AuditPage, type AuditQuery } from './query.ts'
import { Reserve, type Refusals } from './reserve.ts'
import { Retention, type RetentionLimits } from './retention.ts'
import { verifyAudit, type Verdict } from './verify.ts'

export type { WrittenLine } from './chain.ts'

export interface AuditLimits extends RetentionLimits {
  readonly maxFileBytes: number
  readonly maxFileAgeMs: number
}

export const AUDIT_LIMITS: AuditLimits = {
  maxFileBytes: 8 * 2 ** 20,
  maxFileAgeMs: 30 * 86_400_000,
  maxBytes: 2 ** 30,
  maxAgeMs: 730 * 86_400_000,
}

export interface AuditOptions {
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  readonly secrets: Secrets
  readonly limits?: AuditLimits | undefined
  /** Hears of each line when it is on the disk. */
  readonly onWritten?: ((line: WrittenLine) => void) | undefined
  /** Tests replace it. */
  readonly files?: FileSystem | undefined
}

export interface AuditStatus {
  /** False: the last write failed. Nothing that needs a record is done. */
  readonly writable: boolean
  /** Why not, and since when. */
  readonly problem: string | null
  /** What does not fit in the log, as far as was looked; null: nothing was found. */
  readonly finding: string | null
  readonly last: number
  readonly recorded: number
  readonly refused: number
  readonly files: number
  readonly bytes: number
}

export interface AuditLog extends Audit {
  status(): AuditStatus
  /** Newest first. */
  query(query: AuditQuery): Promise<AuditPage>
  /** Every line from `from` up to `to`, not included, oldest first, as it lies on the disk. */
  readAll(range: Pick<AuditQuery, 'from' | 'to'>, signal: AbortSignal): AsyncGenerator<Buffer>
  /** Of all that was recorded until now. */
  verify(anchors?: readonly Place[]): Promise<Verdict>
  close(): Promise<void>
}

/** Events that may wait for the disk; more are refused. */
const MOST_PENDING = 10_000
const INBOX_EVERY_MS = 2000
const INBOX_MOST = 200
/** A disk that is full is not asked again and again to keep the account of its refusals. */
const NOTE_EVERY_MS = 1000

/** Opens the log; rejects only where the folder cannot even be read: whatever else is wrong is in `status`. */
export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const audit = new AuditFiles(options)
  await audit.open()
  return audit
}

class AuditFiles implements AuditLog {
  readonly #options: AuditOptions
  readonly #files: FileSystem
  readonly #folder: string
  readonly #limits: AuditLimits
  readonly #reserve: Reserve
  readonly #retention: Retention
  readonly #announcer: Announcer
  #chain: Chain | undefined
  /** What a crash, somebody or a full disk left behind, until it is in the chain. */
  #owed: NewLine[] = []
  #batch: { readonly lines: NewLine[]; readonly written: Promise<void> } | undefined
  #last: Promise<unknown> = Promise.resolve()
  #failing: { readonly since: string; readonly why: string; refused: number; notedAt: number } | undefined
  #finding: string | null = null
  #recorded = 0
  #refused = 0
  #isClosed = false
  #timer: { cancel(): void } | undefined
  #taking: Promise<void> | undefined

  constructor(options: AuditOptions) {
    const { data, clock, log, secrets, limits = AUDIT_LIMITS, files = privateFiles } = options
    this.#options = options
    this.#files = files
    this.#folder = auditFolder(data)
    this.#limits = limits
    const signer = secrets.signer(AUDIT_PURPOSE)!
    this.#reserve = new Reserve(files, this.#folder, signer)
    this.#retention = new Retention(files, this.#folder, limits, clock)
    this.#announcer = new Announcer(clock, log)
  }

  /** A disk that takes nothing now is asked again with each event. */
  async open(): Promise<void> {
    await this.#write([]).catch(() => undefined)
    this.#timer = this.#options.clock.every(INBOX_EVERY_MS, () => this.#tick())
    this.#tick()
    await this.#taking
  }

  async record(event: AuditEvent): Promise<void> {
    await this.#add(lineOf(event, this.#options.clock))
  }

  #add(line: NewLine): Promise<void> {
    if (this.#isClosed) return Promise.reject(new GatewayError('SHUTTING_DOWN', 'The audit log is closed.'))
    const batch = (this.#batch ??= this.#begin())
    if (batch.lines.length >= MOST_PENDING) {
      this.#refused++
      return Promise.reject(
        new GatewayError('STORE_FAILED', `More than ${MOST_PENDING} events wait for the audit log.`),
      )
    }
    batch.lines.push(line)
    return batch.written
  }

  #begin() {
    const lines: NewLine[] = []
    const written = this.#last.then(() => {
      this.#batch = undefined
      return this.#write(lines)
    })
    this.#last = written.catch(() => {})
    return { lines, written }
  }

  async #write(lines: readonly NewLine[]): Promise<void> {
    try {
      const chain = (this.#chain ??= await this.#openChain())
      const owed = [...this.#owed, ...this.#resumed()]
      const removal = await this.#retention.due(chain.file?.name)
      if (removal !== undefined) owed.push(removal.line)
      if (owed.length + lines.length === 0) return
      await chain.append([...owed, ...lines])
      this.#owed = []
      this.#recorded += owed.length + lines.length
      if (removal !== undefined) await this.#retention.remove(removal)
      await this.#recovered()
      this.#announcer.wrote(chain.last, owed.length + lines.length)
    } catch (cause) {
      await this.#failed(lines, cause)
      const detail = `The audit log in ${this.#folder} cannot be written (${messageOf(cause)}), so nothing is done that needs a record.`
      throw new GatewayError('STORE_FAILED', detail, { cause })
    }
  }

  async #openChain(): Promise<Chain> {
    const { clock, secrets, onWritten } = this.#options
    const opening = await openFiles(this.#files, this.#folder, secrets)
    const refusals = await this.#reserve.open().catch(() => undefined)
    const { maxFileBytes, maxFileAgeMs } = this.#limits
    const signer = secrets.signer(AUDIT_PURPOSE)!
    const chain = new Chain({ files: this.#files, folder: this.#folder, clock, signer, maxFileBytes, maxFileAgeMs, onWritten }, opening) // prettier-ignore
    await this.#retention.open()
    this.#owed = [openedLine(clock, opening, refusals)]
    this.#note(opening)
    return chain
  }

  #note({ findings, torn }: Opening): void {
    const [first] = findings
    if (torn !== undefined)
      this.#options.log.warn(
        { bytes: torn.bytes, details: torn },
        'The end of the audit log was a line in part, as a crash leaves it; it was cut off.',
      )
    if (first === undefined) return
    this.#finding = `${first.file}${first.line === null ? '' : `, line ${first.line}`}: ${first.problem}`
    this.#options.log.error(
      { details: { findings } },
      `The audit log was changed: ${this.#finding}. \`bifrost audit verify\` shows all.`,
    )
  }

  /** The account of what a full disk refused, as the first line after it. */
  #resumed(): NewLine[] {
    if (this.#failing === undefined) return []
    const { since, why, refused } = this.#failing
    return [ownLine(this.#options.clock, 'audit.resume', 'done', { since, why, refused })]
  }

  async #recovered(): Promise<void> {
    if (this.#failing === undefined) return
    this.#options.log.info({ refused: this.#failing.refused }, 'The audit log can be written again.')
    this.#failing = undefined
    await this.#reserve.clear().catch(() => undefined)
  }

  async #failed(lines: readonly NewLine[], cause: unknown): Promise<void> {
    const { clock, log } = this.#options
    const why = messageOf(cause)
    this.#refused += lines.length
    if (this.#failing === undefined) {
      log.error({ error: why }, 'The audit log cannot be written: what needs a record is refused until it can.')
      this.#failing = { since: new Date(clock.now()).toISOString(), why, refused: 0, notedAt: -Infinity }
    }
    const failing = this.#failing
    failing.refused += lines.length
    if (clock.monotonic() - failing.notedAt < NOTE_EVERY_MS) return
    failing.notedAt = clock.monotonic()
    const last = lines.at(-1)
    const words = last === undefined ? '' : `${last.action} ${last.object} by ${last.user}`.slice(0, 300)
    const refusals = { since: failing.since, why: why.slice(0, 300), refused: failing.refused, last: words }
    await this.#reserve.note(refusals).catch(() => undefined)
  }

  /** Takes in what the command line left; asks a disk that refused whether it takes something again. */
  #tick(): void {
    this.#taking ??= this.#take()
      .catch((error: unknown) =>
        this.#options.log.warn({ error: messageOf(error) }, 'The inbox of the audit log cannot be read.'),
      ) // prettier-ignore
      .finally(() => (this.#taking = undefined))
  }

  async #take(): Promise<void> {
    if (this.#failing !== undefined) await this.#flush().catch(() => undefined)
    this.#announcer.tick(this.#chain?.last)
    for (const waiting of await readInbox(this.#folder, INBOX_MOST)) {
      const { details = {}, ...event } = waiting.event
      const line = lineOf({ ...event, details: { ...details, handedIn: waiting.time } }, this.#options.clock)
      // Refused by the disk, it waits for the next look.
      if (
        await this.#add(line).then(
          () => true,
          () => false,
        )
      )
        await forget(waiting) // prettier-ignore
      else return
    }
  }

  #flush(): Promise<void> {
    return this.#isClosed ? Promise.resolve() : (this.#batch ??= this.#begin()).written
  }

  status(): AuditStatus {
    const { files, bytes } = this.#retention.held
    const failing = this.#failing
    return {
      writable: failing === undefined,
      problem: failing === undefined ? null : `since ${failing.since}: ${failing.why}; ${failing.refused} refused`,
      finding: this.#finding ?? anchorFinding(this.#chain),
      last: this.#chain?.last.n ?? 0,
      recorded: this.#recorded,
      refused: this.#refused,
      files: files + (this.#chain?.file === undefined ? 0 : 1),
      bytes: bytes + (this.#chain?.file?.bytes ?? 0),
    }
  }

  query(query: AuditQuery): Promise<AuditPage> {
    return queryAudit(this.#files, this.#folder, query)
  }

  async *readAll(range: Pick<AuditQuery, 'from' | 'to'>, signal: AbortSignal): AsyncGenerator<Buffer> {
    using _held = this.#retention.pause()
    yield* readAll(this.#files, this.#folder, range, signal)
  }

  async verify(anchors: readonly Place[] = []): Promise<Verdict> {
    using _held = this.#retention.pause()
    const { secrets } = this.#options
    const signerOf = (id: string) => secrets.signer(AUDIT_PURPOSE, id)
    const upTo = this.#chain?.last
    const verdict = await verifyAudit(this.#files, this.#folder, { signerOf, keyIds: secrets.keyIds, anchors, upTo })
    const [first] = verdict.findings
    this.#finding = first === undefined ? null : `${first.file}, line ${first.line ?? '?'}: ${first.problem}`
    return verdict
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    await this.#taking
    this.#isClosed = true
    await this.#last
    await this.#chain?.close()
    if (this.#chain !== undefined) this.#announcer.say(this.#chain.last)
  }
}

const anchorFinding = (chain: Chain | undefined): string | null =>
  chain?.anchorProblem === undefined ? null : `the anchor cannot be written: ${chain.anchorProblem}`

function openedLine(clock: Clock, { last, torn, findings }: Opening, refusals: Refusals | undefined): NewLine {
  const details = {
    after: last.n,
    ...(torn === undefined ? {} : { torn }),
    ...(findings.length === 0 ? {} : { findings: findings.slice(0, 20) }),
    ...(refusals === undefined ? {} : { refusals }),
  }
  return ownLine(clock, 'audit.open', findings.length === 0 ? 'done' : 'the log was changed', details)
}

function lineOf(event: AuditEvent, clock: Clock): NewLine {
  const { id = randomUUID(), action, user, from, object, before, after, reason, outcome, trace, details } = event
  if (action === BEGIN) throw new GatewayError('INTERNAL', `${action} is no event of the gateway`)
  const time = new Date(clock.now()).toISOString()
  const line = { time, id, action, user, from, object, before: before ?? null, after: after ?? null } // prettier-ignore
  return {
    ...line,
    reason: reason ?? null,
    outcome,
    ...(trace === undefined ? {} : { trace }),
    ...(details === undefined ? {} : { details }),
  }
}
