/**
 * Makes a snapshot of a data folder and its configuration as a folder (FORMAT.md), beside the gateway and without stopping it. Costs links for
 * what never changes, and a copy of the segment that is being written. Whoever is killed meanwhile leaves a folder that the next one removes.
 */
import { chmod, lstat, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock as clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import { makeFolders } from '../../core/folder.ts'
import { readIfThere } from '../../core/read-if-there.ts'
import { copyLog, linkOrCopy } from '../../store/copy/copy-log.ts'
import { lastRows, reachOf, surveyCursors, surveyLog } from '../../store/copy/survey.ts'
import { nodeFiles } from '../../store/files.ts'
import { lockFolder } from '../../store/lock.ts'
import { readRecipients } from '../seal.ts'
import type { BackupSettings } from '../settings.ts'
import { HashCache } from './hash-cache.ts'
import { filesIn, newManifest, type SnapshotManifest } from './manifest.ts'
import { looksPrivate, SNAPSHOT, wayOf } from './parts.ts'
import { sealPrivate } from './private-files.ts'

/** What a running gateway says of its log. */
export interface Told {
  readonly logId: string
  readonly durableSeq: number
}

export interface StageContext {
  readonly settings: BackupSettings
  /** Asks the gateway; undefined: none answers. */
  readonly ask: () => Promise<Told | undefined>
  /** ms since 1970. */
  readonly now: number
  readonly version: string
  readonly redis?: (() => Promise<Buffer>) | undefined
  readonly patience?: Patience
}

/** With a gateway that does not answer, ms. */
export interface Patience {
  /** So long it may be between its end and its start. */
  readonly quietMs: number
  /** So long one that holds the data folder may be starting. */
  readonly startingMs: number
  /** Between two questions. */
  readonly pauseMs: number
}

const PATIENCE: Patience = { quietMs: 5000, startingMs: 30_000, pauseMs: 500 }

export interface Staged {
  readonly folder: string
  readonly manifest: SnapshotManifest
  /** Of all files. */
  readonly bytes: number
}

const WITNESSES = 32

/** Runs `use` with a snapshot, which is gone afterwards. One at a time: throws STORE_LOCKED while another is under way. */
export async function withSnapshot<T>(context: StageContext, use: (staged: Staged) => Promise<T>): Promise<T> {
  const { data } = context.settings
  await stat(data).catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', `data: there is no folder ${data}`, { cause })
  })
  const work = join(data, 'backup')
  await makeFolders(work)
  await chmod(work, 0o700)
  const unlock = await lockFolder(nodeFiles, work).catch((cause: unknown) => {
    throw new GatewayError('STORE_LOCKED', `another backup of ${data} is under way`, { cause })
  })
  const folder = join(work, 'stage')
  try {
    await rm(folder, { recursive: true, force: true })
    return await use(await stage(context, folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
    await unlock()
  }
}

async function stage(context: StageContext, folder: string): Promise<Staged> {
  const { settings, now, version } = context
  const { data, config, name } = settings
  await readRecipients(settings.recipients)
  const into = join(folder, SNAPSHOT.data)
  for (const one of [into, join(folder, SNAPSHOT.private)]) await mkdir(one, { recursive: true, mode: 0o700 })
  const { told, durable, secret } = await copyData(context, into)
  const work = join(data, 'backup')
  const more = context.redis === undefined ? undefined : new Map([['redis.ndjson', await context.redis()]])
  await sealPrivate(join(folder, SNAPSHOT.private), { settings, work, secret, more })
  const log = await judged(into, told?.logId, durable)
  const hashes = await HashCache.open(join(work, 'hashes.json'))
  const files = []
  for (const path of await filesIn(folder)) files.push(await hashes.describe(folder, path))
  await hashes.save()
  const manifest = newManifest({
    createdAt: new Date(now).toISOString(),
    name,
    gateway: { version },
    source: told === undefined ? 'stopped' : 'running',
    config: { folder: dirname(config), main: basename(config) },
    data,
    ...log,
    files,
  })
  await writeFile(join(folder, SNAPSHOT.manifest), `${JSON.stringify(manifest)}\n`, { mode: 0o600 })
  return { folder, manifest, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** Nobody may begin to write in the middle of it; no longer than it takes to copy is a gateway kept from its start. */
async function copyData(context: StageContext, into: string) {
  const { settings, ask } = context
  const { data } = settings
  const { told, letGo } = await meet(context)
  try {
    const { durable } = await copyLog(data, into, async () =>
      told === undefined ? undefined : (await ask())?.durableSeq,
    )
    if (told !== undefined && durable === undefined)
      throw new GatewayError(
        'NOT_CONNECTED',
        'the gateway stopped while it was backed up; the next backup finds it stopped',
      )
    await copyAudit(join(data, 'audit'), join(into, 'audit'))
    return { told, durable, secret: await copyPlain(data, into) }
  } finally {
    await letGo?.()
  }
}

interface Met {
  /** By a gateway that runs. */
  readonly told?: Told
  /** None runs: the data folder is taken. */
  readonly letGo?: () => Promise<void>
}

/** A gateway that is started again is waited for: a backup that took its data folder meanwhile would keep it from its start. */
async function meet({ settings: { data, gateway }, ask, patience = PATIENCE }: StageContext): Promise<Met> {
  const began = clock.monotonic()
  for (;;) {
    const told = await ask()
    if (told !== undefined) return { told }
    const waited = clock.monotonic() - began
    if (waited >= patience.quietMs)
      try {
        return { letGo: await lockFolder(nodeFiles, data) }
      } catch (cause) {
        if (waited >= patience.startingMs)
          throw new GatewayError('NOT_CONNECTED', `a gateway uses ${data}, but none answers at ${gateway.url}: correct gateway.url`, { cause }) // prettier-ignore
      }
    await pause(patience.pauseMs)
  }
}

/** The copy is what it should be, or it is none: throws BACKUP_FAILED. */
export async function judged(into: string, logId: string | undefined, durable: number | undefined) {
  const survey = await surveyLog(into)
  const { end } = survey
  const failed = (why: string): GatewayError =>
    new GatewayError('BACKUP_FAILED', `the copy of the log is not good: ${why}`)
  if (logId !== undefined && survey.logId !== logId)
    throw failed(`it is the log ${survey.logId ?? '-'}, and the gateway that answers writes ${logId}: \`data\` and \`gateway.url\` are of two gateways`) // prettier-ignore
  if (durable !== undefined && end.seq < durable)
    throw failed(`it ends at ${end.seq}, and the gateway said that ${durable} is durable`)
  for (const [file, cursor] of await surveyCursors(into))
    if (reachOf(cursor) > end.seq) throw failed(`${file} is at ${reachOf(cursor)}, beyond its end ${end.seq}`)
  return {
    log: {
      logId: survey.logId ?? '',
      oldestSeq: survey.oldestSeq,
      endSeq: end.seq,
      endOrdinal: end.ordinal,
      firstReceived: survey.firstReceived,
      lastReceived: survey.lastReceived,
      toldDurable: durable ?? null,
    },
    witnesses: await lastRows(survey, WITNESSES),
  }
}

/** The anchor first: it never runs ahead of the lines. What is behind the last line feed is half a line. */
async function copyAudit(from: string, to: string): Promise<void> {
  const paths = await filesIn(from)
  const newest = paths.findLast((path) => /^\d+\.ndjson$/.test(path))
  const inOrder = paths.toSorted((a, b) => Number(b === 'head') - Number(a === 'head'))
  for (const path of inOrder) {
    await makeFolders(dirname(join(to, path)))
    if (/^\d+\.ndjson$/.test(path) && path !== newest) {
      await linkOrCopy(join(from, path), join(to, path))
      continue
    }
    const bytes = await readIfThere(join(from, path))
    if (bytes === undefined) continue
    const end = path === newest ? bytes.lastIndexOf(0x0a) + 1 : bytes.length
    await writeFile(join(to, path), bytes.subarray(0, end), { mode: 0o600 })
  }
}

/** The other files that go as they are; the paths of those that must not. */
async function copyPlain(data: string, into: string): Promise<string[]> {
  const secret: string[] = []
  for (const path of await filesOutside(data)) {
    const way = wayOf(path)
    if (way === 'private') secret.push(path)
    if (way !== 'plain' || path.startsWith('audit/')) continue
    const bytes = await readIfThere(join(data, path))
    if (bytes === undefined) continue
    if (looksPrivate(bytes)) {
      secret.push(path)
      continue
    }
    await makeFolders(dirname(join(into, path)))
    const mode = await lstat(join(data, path)).then((one) => one.mode & 0o777, () => 0o600) // prettier-ignore
    await writeFile(join(into, path), bytes, { mode })
  }
  return secret
}

/** All files but those of the log and of backups, of which there are many. */
async function filesOutside(data: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(data, { withFileTypes: true })) {
    if (entry.isFile()) found.push(entry.name)
    if (!entry.isDirectory() || ['log', 'trends', 'backup', 'restore', 'run', 'lost+found'].includes(entry.name))
      continue
    for (const path of await filesIn(join(data, entry.name))) found.push(`${entry.name}/${path}`)
  }
  return found
}
