/**
 * The lock of all writes: whatever road they come by, nothing is written to a device while it is there. It outlives restarts in `DATA/writes.lock`;
 * where that file cannot be read, writes are locked: nobody knows that they may go on.
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Asker } from './sink-commands.ts'

export interface LockState {
  readonly by: string
  /** ISO 8601, UTC. */
  readonly since: string
  readonly reason: string
}

export interface WritesLock {
  /** Undefined: writes may go on. */
  readonly state: LockState | undefined
  /** Throws WRITE_LOCKED. */
  assertOpen(): void
  /** Takes effect at once, and is on disk when it resolves. Of one that is there already the reason changes. */
  lock(asker: Asker & { readonly reason: string }): Promise<LockState>
  unlock(asker: Asker): Promise<void>
}

export interface WritesLockContext {
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
}

const FILE = 'writes.lock'

export async function openWritesLock({ data, clock, log, audit }: WritesLockContext): Promise<WritesLock> {
  const path = join(data, FILE)
  let state = await readState(path)
  if (state !== undefined) log.warn({ ...state }, `All writes are locked: ${wordsOf(state)}.`)
  /** One after the other: two at once would leave the file of the one and the state of the other. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }
  const eventOf = (action: string, { user, from, reason, trace }: Asker) => ({ id: randomUUID(), action, user, from, trace, object: 'writes', reason, before: state ?? null }) // prettier-ignore

  return {
    get state() {
      return state
    },
    assertOpen() {
      if (state !== undefined) throw new GatewayError('WRITE_LOCKED', `All writes are locked: ${wordsOf(state)}.`, { details: { lock: state } }) // prettier-ignore
    },
    lock(asker) {
      const event = eventOf('writes.lock', asker)
      const next = { by: asker.user, since: new Date(clock.now()).toISOString(), reason: asker.reason }
      // A lock is for safety: a disk that is full does not keep it off, and the caller hears of the disk.
      state = next
      return inTurn(async () => {
        await putFile(path, JSON.stringify(next))
        await audit.record({ ...event, after: next, outcome: 'done' })
        log.warn({ ...next }, `All writes are locked: ${wordsOf(next)}.`)
        return next
      })
    },
    unlock: (asker) =>
      inTurn(async () => {
        const event = eventOf('writes.unlock', asker)
        const before = state
        if (before === undefined) return
        await audit.record({ ...event, after: null, outcome: 'requested' })
        // Somebody who locked meanwhile has another state: that lock stays.
        if (state !== before) throw new GatewayError('CHANGED_MEANWHILE', 'Somebody locked the writes anew meanwhile.')
        await removeFile(path)
        if (state === before) state = undefined
        await audit.record({ ...event, after: null, outcome: 'done' })
        log.info({ user: asker.user }, `${asker.user} unlocked the writes.`)
      }),
  }
}

/** For who writes without a gateway. Throws WRITE_LOCKED. */
export async function assertWritesOpen(data: string): Promise<void> {
  const lock = await readState(join(data, FILE))
  if (lock !== undefined) throw new GatewayError('WRITE_LOCKED', `All writes are locked: ${wordsOf(lock)}.`, { details: { lock } }) // prettier-ignore
}

const wordsOf = ({ by, since, reason }: LockState): string => `by ${by}, since ${since}: ${reason}`

async function readState(path: string): Promise<LockState | undefined> {
  try {
    const { by, since, reason } = JSON.parse(await readFile(path, 'utf8')) as LockState
    if ([by, since, reason].some((word) => typeof word !== 'string')) throw new Error('it is no lock')
    return { by, since, reason }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const reason = `${path} cannot be read (${messageOf(error)}); look at it, then unlock`
    return { by: 'gateway', since: 'the start', reason }
  }
}

async function putFile(path: string, text: string): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncFolder(dirname(path))
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncFolder(dirname(path))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
