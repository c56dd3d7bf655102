/**
 * What is done to a data folder beside the gateway, or without one, by the command line: each event is a file in `audit/inbox`, on disk
 * before the thing is done, and the gateway takes it into the chain: one that runs within seconds, otherwise the next one that starts.
 */
import { randomUUID } from 'node:crypto'
import { chown, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makePrivateFolder } from './private-folder.ts'
import type { Audit, AuditEvent } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { syncFolder } from '../core/durable-file.ts'
import { GatewayError, messageOf } from '../core/errors.ts'

/** More than this wait only where no gateway ever runs. */
const MOST_WAITING = 10_000
const MOST_BYTES = 64 * 1024
const NAME = /^\d{15}-[0-9a-f-]{36}\.json$/

export const auditFolder = (data: string): string => join(data, 'audit')
const inboxOf = (folder: string): string => join(folder, 'inbox')

/** An event that waits, and when it was. */
export interface WaitingEvent {
  readonly file: string
  readonly time: string
  readonly event: AuditEvent
}

/** For who works on a data folder without being its gateway. */
export function handInAudit(data: string, clock: Clock): Audit {
  return {
    async record(event) {
      try {
        await handIn(data, event, clock)
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause
        const detail = `The audit log in ${auditFolder(data)} cannot be written: ${messageOf(cause)}`
        throw new GatewayError('STORE_FAILED', detail, { cause })
      }
    },
  }
}

async function handIn(data: string, event: AuditEvent, clock: Clock): Promise<void> {
  const folder = inboxOf(auditFolder(data))
  await makePrivateFolder(folder)
  if ((await names(folder)).length >= MOST_WAITING)
    throw new GatewayError('STORE_FAILED', `More than ${MOST_WAITING} events wait in ${folder} for a gateway to take them.`) // prettier-ignore
  const text = JSON.stringify({ time: new Date(clock.now()).toISOString(), event })
  // The gateway would pass it over: then it is on no record, whatever the caller was told.
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new GatewayError(
      'STORE_FAILED',
      `The event ${event.action} is longer than ${MOST_BYTES} bytes: say less of why.`,
    )
  const path = join(folder, `${String(clock.now()).padStart(15, '0')}-${randomUUID()}.json`)
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await giveToOwner(data, [auditFolder(data), folder, path])
  await syncFolder(folder)
}

/** Made by root it would keep the gateway from its own files. */
async function giveToOwner(data: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(data)
  for (const path of paths) await chown(path, uid, gid)
}

/** Oldest first, at most so many. A file that is still being written, or is none of ours, is passed over. */
export async function readInbox(folder: string, most: number): Promise<WaitingEvent[]> {
  const waiting: WaitingEvent[] = []
  for (const name of (await names(inboxOf(folder))).sort()) {
    if (waiting.length === most) break
    const file = join(inboxOf(folder), name)
    const { time, event } = parse(await readFile(file).catch(() => Buffer.alloc(0)))
    if (event !== undefined) waiting.push({ file, time, event })
  }
  return waiting
}

export const forget = ({ file }: WaitingEvent): Promise<void> => rm(file, { force: true })

export const countWaiting = async (folder: string): Promise<number> => (await names(inboxOf(folder))).length

function parse(bytes: Buffer): { time: string; event: AuditEvent | undefined } {
  try {
    const { time, event } = JSON.parse(bytes.toString('utf8')) as { time: string; event: AuditEvent }
    const words = [time, event.action, event.user, event.from, event.object, event.outcome]
    const isEvent = bytes.length <= MOST_BYTES && words.every((word) => typeof word === 'string')
    return { time, event: isEvent ? event : undefined }
  } catch {
    return { time: '', event: undefined }
  }
}

const names = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => NAME.test(name))
