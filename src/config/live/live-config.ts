/**
 * The configuration of a running gateway: read again, applied on trial, confirmed, taken back. A file that is not good never reaches
 * the gateway: what runs goes on, and says so. One thing after another; all of it on record.
 */
import { randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import { changeLines, isUnchanged, type ChangeReport } from '../../core/change-report.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { FileTexts } from '../file-reading.ts'
import { filesOnDisk, hashOfSet } from '../history/file-set.ts'
import type { Author, ConfigHistory } from '../history/history.ts'
import { planOf } from '../plan/plan.ts'
import { assertEditable, assertUntouched, shownPatch, tryEdits } from './editing.ts'
import type { EditPlan, EditRequest, FilesPlan, TriedEdits } from './editing.ts'
import type { Loaded } from './loaded.ts'
import { bannerOf, problemsOf, readOnlyOf } from './status.ts'
import type { Applied, ApplyRequest, ConfigStatus, LiveContext, ReloadAttempt, Running } from './status.ts'
import { ShownFiles } from './shown-files.ts'
import { TrialWatch, untouchedBy } from './trial.ts'
import { unseen } from './unseen.ts'
import { WrittenConfig } from './written.ts'
import { assertMatch, assertMayChange, assertRead, assertWritable, changesOf, filesNamed, loadedOnes, restore, unwritten, writeFiles } from './writing.ts' // prettier-ignore

type Trial = NonNullable<ConfigStatus['trial']>

const MOST_PROBLEMS = 50
/** Who acts when nobody asked. */
const GATEWAY: Author = { user: 'gateway', from: 'gateway' }

export class LiveConfig {
  readonly #context: LiveContext
  readonly history: ConfigHistory
  readonly #folder: string
  #running: Running
  #lastReload: ReloadAttempt
  #lastSuccessAt: number
  #needsRestart: readonly string[] = []
  #trial: Trial | undefined
  #watch: TrialWatch | undefined
  #differs = false
  /** The hash of what was on trial and went back. */
  #wentBackFrom: string | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #isClosed = false

  /** `running`: what the gateway was started with; `folder`: where the history is. */
  constructor(context: LiveContext, history: ConfigHistory, folder: string, running: Running, differs: boolean) {
    const at = context.clock.now()
    this.#context = context
    this.history = history
    this.#folder = folder
    this.#running = running
    this.#differs = differs
    this.#lastSuccessAt = at
    this.#lastReload = { ok: true, at, problems: [] }
  }

  get status(): ConfigStatus {
    const { version, appliedAt, files } = this.#running
    const status = {
      file: this.#main,
      hash: version.hash,
      version: version.number,
      appliedAt,
      lastReload: this.#lastReload,
      lastSuccessAt: this.#lastSuccessAt,
      trial: this.#trial ?? null,
      needsRestart: this.#needsRestart,
      differsFromFiles: this.#differs,
      ...readOnlyOf(files.keys()),
    }
    return { ...status, banner: bannerOf(status, this.#context.clock.now()) }
  }

  /** The hash of what runs. */
  get hash(): string {
    return this.#running.version.hash
  }

  /** Runs by what is in the files now. Throws ConfigError where they are not good: what runs goes on. */
  reload(author: Author): Promise<Applied> {
    return this.#inTurn(async () => this.#run(this.#load(new Map()), 'reload', author))
  }

  /** As `reload`, because a file may have changed: undefined where none has, or where what it holds has gone back already. */
  follow(author: Author): Promise<Applied | undefined> {
    return this.#inTurn(async () => {
      const next = this.#load(new Map())
      const hash = hashOfSet(next.files)
      const isKnown = hash === this.hash && next.secrets === this.#running.secrets && this.#lastReload.ok
      return isKnown || (this.#differs && hash === this.#wentBackFrom) ? undefined : this.#run(next, 'reload', author)
    })
  }

  /** As `reload`, with files that are written when they are good, and with a way back. */
  apply(request: ApplyRequest, author: Author): Promise<Applied> {
    return this.#inTurn(async () => {
      assertMatch(this.#running.version, request.ifMatch)
      const changed = this.#given(request)
      const gone = this.#goneWith(request)
      const next = this.#load(changed, gone)
      assertRead(changed, next.files, this.#running.files)
      const change = { ...loadedOnes(next.files, changed), remove: gone }
      return this.#applyFiles(
        next,
        change,
        request.isWhole === true ? 'restore' : 'apply',
        author,
        request.confirmWithinMs,
      )
    })
  }

  /**
   * As `apply`, by edits of the files as they are on the disk: each changes only the characters that it is about. Throws what `editConfig`
   * and `writeChanges` throw.
   */
  edit(request: EditRequest, author: Author): Promise<Applied> {
    return this.#inTurn(async () => {
      this.#assertNoTrial()
      const { changes, next } = await this.#tryEdits(request)
      assertEditable(changes, [this.#context.gateway.config, next.config], this.#context.sources)
      const write = new Map(changes.map(({ file, after }) => [file, next.files.get(file) ?? Buffer.from(after)]))
      return this.#applyFiles(next, { write, remove: [] }, 'edit', author, request.confirmWithinMs, () =>
        assertUntouched(changes),
      )
    })
  }

  /** What the edits would come to: what changes against what runs, the load, and the patch of the files. Nothing is written. */
  planEdits(request: EditRequest): Promise<EditPlan> {
    return this.#inTurn(async () => {
      const { changes, next } = await this.#tryEdits(request)
      const { config } = this.#context.gateway
      return { ...planOf(config, next.config), ...shownPatch(changes, [config, next.config], this.#context.sources) }
    })
  }

  /** The same of files as `apply` takes them; without any, of those on the disk. */
  planFiles(request: Pick<ApplyRequest, 'files' | 'isWhole' | 'secrets'>): Promise<FilesPlan> {
    return this.#inTurn(async () => {
      const { config } = this.#context.gateway
      const given = this.#given(request)
      return unseen(request.files ?? {}, config, () => {
        const { config: next } = this.#context.load(given, this.#goneWith(request))
        return { ...planOf(config, next), warnings: next.warnings }
      })
    })
  }

  /** What runs, as it is written in its files. */
  get written(): WrittenConfig {
    return new WrittenConfig(this.#main, this.#running.files, this.#context.sources)
  }

  /** The files of what runs, and of every version, as people may see them. */
  get shown(): ShownFiles {
    return new ShownFiles(this.#main, this.#running, this.history, this.#context)
  }

  /** What is on trial stays. Throws NOT_FOUND where nothing is. */
  confirm(author: Author): Promise<{ readonly version: number }> {
    return this.#inTurn(async () => {
      const trial = this.#trial
      if (trial === undefined)
        throw new GatewayError(
          'NOT_FOUND',
          'no configuration waits to be confirmed: it has gone back, or was confirmed',
        )
      await this.#record(randomUUID(), 'config.confirm', author, { after: trial.version, outcome: 'done' })
      await this.#endTrial()
      return { version: trial.version }
    })
  }

  /** Runs by version `number` again, and writes it into the files; what is on trial ends by that. Throws CONFIG_READ_ONLY where that cannot be. */
  rollback(number: number, request: Omit<ApplyRequest, 'files'>, author: Author): Promise<Applied> {
    return this.#inTurn(async () => {
      assertMatch(this.#running.version, request.ifMatch)
      const trial = this.#trial
      if (trial?.previous === number)
        return this.#goBack(trial, author.message ?? `${author.user} took it back`, author)
      const files = await this.history.filesOf(this.history.version(number))
      const change = changesOf(files, this.#running.files.keys())
      const next = this.#load(files, change.remove)
      return this.#applyFiles({ ...next, files }, change, 'rollback', author, request.confirmWithinMs)
    })
  }

  /** No watch goes on, and nothing begins any more. What is on trial goes back at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#watch?.stop()
    await this.#turn
  }

  get #main(): string {
    return this.#context.gateway.config.file
  }

  async #applyFiles(
    next: Loaded,
    change: ReturnType<typeof changesOf>,
    source: string,
    author: Author,
    confirmWithinMs: number | undefined,
    check: () => void = () => undefined,
  ): Promise<Applied> {
    const { clock, gateway } = this.#context
    this.#assertNoTrial()
    assertMayChange(author, gateway.config, next.config)
    if (confirmWithinMs !== undefined && next.config.data !== gateway.config.data)
      throw new GatewayError('INVALID_REQUEST', 'another data folder needs a restart: it cannot be tried')
    assertWritable([...change.write.keys(), ...change.remove])
    const previous = this.#running
    const onDisk = filesOnDisk(previous.files)
    // What somebody has edited and nobody has applied would be lost with the write.
    if (hashOfSet(onDisk) !== previous.version.hash && change.write.size > 0)
      await this.history.add(onDisk, 'found in the files', GATEWAY, clock.now())
    const back = previous.version
    const version = await this.history.add(next.files, source, author, clock.now())
    const until = confirmWithinMs === undefined ? null : clock.now() + confirmWithinMs
    const isNew = version.number !== back.number
    const before = gateway.vitals()
    let isWritten = false
    try {
      if (isNew) await this.history.beginTrial({ version: version.number, previous: back.number, until })
      check()
      isWritten = true
      await writeFiles(this.#main, this.#folder, change)
      // What a folder includes is known when the files that go are gone.
      const real = change.remove.length === 0 ? next : this.#load(new Map())
      const applied = await this.#run(real, source, author)
      if (until === null || !isNew) {
        await this.history.endTrial()
        return applied
      }
      this.#tryOut({ version: version.number, previous: back.number, until }, before, applied.report, confirmWithinMs!)
      return { ...applied, confirmUntil: until }
    } catch (error) {
      // What somebody else wrote meanwhile is theirs.
      if (isWritten) await writeFiles(this.#main, this.#folder, changesOf(onDisk, change.write.keys()))
      await this.history.endTrial()
      if (isNew) await this.history.drop(version)
      throw unwritten(error)
    }
  }

  /** Runs by what was loaded, on record before and after. */
  async #run(next: Loaded, source: string, author: Author): Promise<Applied> {
    const { gateway, clock, log } = this.#context
    const id = randomUUID()
    const [before, after] = [this.#running.version.hash, hashOfSet(next.files)]
    const record = this.#record(id, `config.${source}`, author, { before, after, outcome: 'requested' })
    // Nothing is done that is not on record; but nothing keeps it from going back by itself.
    await (author.user === GATEWAY.user ? this.#orTold(record) : record)
    let report: ChangeReport
    try {
      report = await gateway.change(next.config)
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'INTERNAL'
      const details = { message: messageOf(error) }
      this.#failed([messageOf(error)])
      await this.#orTold(this.#record(id, `config.${source}`, author, { before, after, outcome: code, details }))
      throw error
    }
    const version = await this.history.add(next.files, source, author, clock.now())
    const now = clock.now()
    this.#running = {
      files: next.files,
      secrets: next.secrets,
      version,
      appliedAt: isUnchanged(report) ? this.#running.appliedAt : now,
    }
    this.#differs = false
    this.#needsRestart = report.needsRestart
    this.#lastSuccessAt = now
    this.#lastReload = { ok: true, at: now, problems: [] }
    const lines = changeLines(report)
    const details = { changes: lines.slice(0, MOST_PROBLEMS) }
    await this.#orTold(this.#record(id, `config.${source}`, author, { before, after, outcome: 'done', details }))
    const what = lines.length === 0 ? 'nothing differs' : `${lines.length} changes in ${report.durationMs} ms`
    log.info({ version: version.number, user: author.user }, `The configuration was read again: ${what}.`)
    return { version: version.number, hash: version.hash, report }
  }

  #tryOut(
    trial: Trial,
    before: ReturnType<LiveContext['gateway']['vitals']>,
    report: ChangeReport,
    forMs: number,
  ): void {
    this.#trial = trial
    const { clock, gateway, log } = this.#context
    const onOver = (reason: string): void =>
      void this.#inTurn(async () => {
        if (this.#trial === trial) await this.#goBack(trial, reason).catch((error: unknown) => this.#remain(error))
      }).catch((error: unknown) => log.error({ err: error }, `The trial did not end: ${messageOf(error)}.`))
    const context = { clock, vitals: () => gateway.vitals(), onOver }
    this.#watch = new TrialWatch(context, before, untouchedBy(report, before), forMs)
  }

  async #goBack(trial: Trial, reason: string, author = GATEWAY): Promise<Applied> {
    const { log } = this.#context
    this.#wentBackFrom = this.history.version(trial.version).hash
    const { version, previous } = trial
    log.warn({ version, previous }, `Version ${version} of the configuration goes back to ${previous}: ${reason}.`)
    const files = await this.history.filesOf(this.history.version(trial.previous))
    const next = this.#load(files, changesOf(files, this.#running.files.keys()).remove)
    // What somebody has edited since is theirs.
    let why = 'they cannot be written, or somebody has edited them'
    const isWritten = await restore(this.#main, this.history, trial, this.#folder).catch((error: unknown) => {
      why = messageOf(error)
      return false
    })
    if (!isWritten) log.warn({ reason: why }, 'The version before runs again, but the files still say otherwise.')
    const real = isWritten ? this.#load(new Map()) : { ...next, files }
    const applied = await this.#run(real, 'rollback', { ...author, message: reason })
    this.#differs = !isWritten
    await this.#endTrial()
    return applied
  }

  /** It cannot go back: what was on trial runs on, says so, and stands in nobody's way. */
  async #remain(error: unknown): Promise<void> {
    const why = `The configuration could not go back: ${messageOf(error)}`
    this.#context.log.error({ err: error }, `${why}.`)
    this.#failed([why], { remains: true })
    this.#differs = hashOfSet(filesOnDisk(this.#running.files)) !== this.hash
    await this.#endTrial()
  }

  async #endTrial(): Promise<void> {
    this.#watch?.stop()
    this.#watch = undefined
    this.#trial = undefined
    await this.history.endTrial()
  }

  /** Checks what is in the files, or would be. A file that is not good is remembered, and what runs goes on. */
  #load(instead: FileTexts, gone: readonly string[] = []): Loaded {
    try {
      return this.#context.load(instead, gone)
    } catch (error) {
      if (instead.size === 0) this.#failed(problemsOf(error))
      throw error
    }
  }

  #failed(problems: readonly string[], more: Pick<ReloadAttempt, 'remains'> = {}): void {
    this.#lastReload = { ok: false, at: this.#context.clock.now(), problems: problems.slice(0, MOST_PROBLEMS), ...more }
  }

  /** Files as a request gives them, with the secrets that were masked when they were shown. */
  #given({ files = {}, secrets }: ApplyRequest): Map<string, Buffer> {
    return filesNamed(this.shown.restored(files, { given: secrets }), this.#main, this.#running.files)
  }

  #goneWith({ files = {}, isWhole = false }: ApplyRequest): string[] {
    return isWhole ? this.shown.goneWith(files) : []
  }

  #tryEdits(request: EditRequest): Promise<TriedEdits> {
    return tryEdits(request, { ...this.#context, ...this.#running, main: this.#main, history: this.history })
  }

  #assertNoTrial(): void {
    if (this.#trial === undefined) return
    throw new GatewayError(
      'BUSY',
      `version ${this.#trial.version} is on trial: confirm it, or let it go back, before another one is applied`,
    )
  }

  #record(
    id: string,
    action: string,
    { user, from, message, trace }: Author,
    event: { before?: unknown; after?: unknown; outcome: string; details?: Record<string, unknown> },
  ): Promise<void> {
    const object = `config ${basename(this.#main)}`
    return this.#context.audit.record({ id, action, user, from, object, reason: message ?? null, trace, ...event })
  }

  /** What is done is done: that its record cannot be written undoes nothing. */
  #orTold(record: Promise<void>): Promise<void> {
    return record.catch((error: unknown) =>
      this.#context.log.error({}, `A change of the configuration is not on record: ${messageOf(error)}.`),
    )
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => {
      if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: nothing was changed.')
      return work()
    })
    this.#turn = result.catch(() => undefined)
    return result
  }
}
