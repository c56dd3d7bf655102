/** `bifrost backup create|list|verify|prune`: what concerns repositories. */
import { readFile, stat } from 'node:fs/promises'
import { createBackup, repositoriesOf, type Created } from '../backup/create.ts'
import { outcome, recordStatus } from '../backup/record.ts'
import type { Repository } from '../backup/restic.ts'
import { loadSettings, type BackupSettings } from '../backup/settings.ts'
import type { Told } from '../backup/snapshot/stage.ts'
import { readVariable } from '../config/environment.ts'
import { systemClock as clock } from '../core/clock.ts'
import { parseDuration } from '../core/duration.ts'
import { GatewayError, messageOf, NotConnectedError } from '../core/errors.ts'
import { send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { packageVersion } from '../core/package-files.ts'

const DEFAULT_SETTINGS = '/etc/bifrost/backup.yaml'

export async function settingsOf(call: Call): Promise<BackupSettings> {
  const file = textOption(call, 'config') ?? readVariable('BIFROST_BACKUP', call.env) ?? DEFAULT_SETTINGS
  const settings = await loadSettings(file)
  await assertOwner(settings)
  return settings
}

/**
 * Root would make files that the gateway cannot use, and follow what its user has laid out: links, and the mark of a restore. Throws
 * USAGE.
 */
async function assertOwner({ data }: BackupSettings): Promise<void> {
  const { uid } = await stat(data).catch(() => ({ uid: 0 }))
  if (process.getuid?.() === 0 && uid !== 0)
    throw new GatewayError('USAGE', `${data} belongs to user ${uid}: run this as that user, as in \`sudo -u '#${uid}' bifrost backup …\``) // prettier-ignore
}

export async function create(call: Call): Promise<number> {
  const settings = await settingsOf(call)
  const init = call.options.init === true
  const { redis } = settings
  const exportRedis = redis && (async () => (await import('../backup/redis.ts')).exportRedis(redis.urlFile))
  const made = await createBackup({ settings, init, clock, now: clock.now(), version: packageVersion(), ask: () => ask(settings), redis: exportRedis }) // prettier-ignore
  if (call.terminal.json) call.terminal.resultJson(made)
  else for (const line of wordsOf(made)) call.terminal.result(line)
  for (const { name, error } of made.repositories) if (error !== undefined) call.terminal.complain(`${name}: ${error}`)
  return made.repositories.some(({ error }) => error !== undefined) ? Exit.failure : Exit.ok
}

/** What the gateway says of its log; undefined where none answers. */
async function ask({ gateway: { url, tokenFile } }: BackupSettings): Promise<Told | undefined> {
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim()
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    const { logId, durableSeq } = await send<Told>(url.replace(/\/+$/, ''), 'log', { headers, timeoutMs: 10_000 })
    return { logId, durableSeq }
  } catch (error) {
    if (error instanceof NotConnectedError) return undefined
    throw error
  }
}

function* wordsOf({ manifest: { log, source }, files, bytes, stageSeconds, repositories }: Created): Generator<string> {
  const how = source === 'running' ? 'of the running gateway' : 'of the stopped gateway'
  yield `snapshot ${how}: ${files} files, ${sizeText(bytes)}, log ${log.logId} ${log.oldestSeq} to ${log.endSeq}, in ${stageSeconds.toFixed(1)} s`
  for (const { name, how: way, id, added, seconds, error } of repositories)
    if (error === undefined) yield `${name}: ${way}${id === undefined ? '' : ` ${id.slice(0, 8)}, ${sizeText(added)} new`}, in ${seconds.toFixed(1)} s` // prettier-ignore
}

export async function list(call: Call): Promise<number> {
  const settings = await settingsOf(call)
  const found = []
  for (const repository of chosen(call, settings, true)) found.push({ name: repository.name, kept: await repository.list() }) // prettier-ignore
  if (call.terminal.json) {
    call.terminal.resultJson({ repositories: found })
    return Exit.ok
  }
  for (const { name, kept } of found) {
    if (kept.length === 0) call.terminal.say(`${name}: no backup of ${settings.name}`)
    for (const { shortId, time, log } of kept)
      call.terminal.result(`${name}  ${shortId}  ${new Date(time).toISOString()}  log ${log?.id ?? '-'} up to ${log?.endSeq ?? '-'}`) // prettier-ignore
  }
  return Exit.ok
}

export async function verify(call: Call): Promise<number> {
  const settings = await settingsOf(call)
  const share = textOption(call, 'read') ?? '100%'
  if (!/^(\d+\/\d+|\d+(\.\d+)?%)$/.test(share)) throw new GatewayError('USAGE', `--read ${share}: 100%, 5% or 1/7`)
  const wait = waitOf(call)
  return forEach(call, settings, 'verify', async (repository) => {
    const damage = await repository.check(share, wait)
    if (damage === undefined) return `${repository.name}: whole (${share} of its data read)`
    throw new GatewayError('BACKUP_REFUSED', `${repository.name} is damaged: ${damage}`)
  })
}

export async function prune(call: Call): Promise<number> {
  const settings = await settingsOf(call)
  const wait = waitOf(call)
  return forEach(call, settings, 'prune', async (repository) => {
    const before = (await repository.list()).length
    await repository.prune(settings.keep, wait)
    return `${repository.name}: ${before} snapshots before, ${(await repository.list()).length} now`
  })
}

function waitOf(call: Call): number {
  const text = textOption(call, 'wait') ?? '5m'
  const ms = parseDuration(text)
  if (ms === undefined) throw new GatewayError('USAGE', `--wait ${text}: a time such as 5m`)
  return ms
}

/**
 * Each repository by itself; what became of it goes into the status, but for one that was in use when it
 * should have been checked: nothing was found out about it (an alert tells when that goes on for long). */
async function forEach(
  call: Call,
  settings: BackupSettings,
  what: 'verify' | 'prune',
  work: (repository: Repository) => Promise<string>,
): Promise<number> {
  let code: number = Exit.ok
  for (const repository of chosen(call, settings, true)) {
    const began = clock.now()
    let failure: unknown
    try {
      call.terminal.result(await work(repository))
    } catch (error) {
      failure = error
      call.terminal.complain(messageOf(error))
      const isDamage = error instanceof GatewayError && error.code === 'BACKUP_REFUSED'
      code = isDamage ? Exit.different : code === Exit.ok ? Exit.failure : code
    }
    if (what === 'verify' && failure instanceof GatewayError && failure.code === 'BUSY') continue
    await recordStatus(settings.data, (status) => {
      const next = outcome(status[what][repository.name], began, clock.now(), failure)
      return { ...status, [what]: { ...status[what], [repository.name]: next } }
    })
  }
  return code
}

/** The repository that is meant; `all`: every one where none is named. */
export function chosen(call: Call, settings: BackupSettings, all = false): readonly Repository[] {
  const repositories = repositoriesOf(settings)
  const name = textOption(call, 'repository')
  if (name === undefined) return all ? repositories : repositories.slice(0, 1)
  const found = repositories.filter((one) => one.name === name)
  if (found.length > 0) return found
  throw new GatewayError('USAGE', `there is no repository ${name}: ${repositories.map((one) => one.name).join(', ')}`)
}

export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`
}
