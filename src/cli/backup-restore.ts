/** `bifrost backup restore`: what would come of it, and doing it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  finish,
  previewRestore,
  restoreInPlace,
  restoreInto,
  type Preview,
  type RestoreContext,
} from '../backup/restore/restore.ts'
import type { Wanted } from '../backup/restore/choose.ts'
import type { Prepared } from '../backup/restore/prepare.ts'
import type { Swapped } from '../backup/restore/swap.ts'
import type { BackupSettings } from '../backup/settings.ts'
import { systemClock as clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { handInAudit } from '../gateway.ts'
import { chosen, settingsOf, sizeText } from './backup.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

export async function restore(call: Call): Promise<number> {
  const settings = await settingsOf(call)
  const { terminal, options } = call
  if (options.finish === true) {
    const finished = await finish(settings)
    if (finished === undefined) terminal.result('there is no restore to finish')
    else tellFinished(call, finished)
    return Exit.ok
  }
  if (options.redis === true) return putIntoRedis(call, settings)
  const context = { ...contextOf(call), settings, repository: chosen(call, settings)[0]!, withConfig: options.keepConfig !== true && options.secrets !== false } // prettier-ignore
  if (options.preview === true) return preview(call, context)
  if (context.identity === undefined && options.secrets !== false)
    throw new GatewayError('USAGE', 'what is secret is encrypted: give the private key out of the safe, --identity key.txt, or --no-secrets') // prettier-ignore
  const into = textOption(call, 'into')
  if (into !== undefined) {
    const folder = resolve(into)
    if ((await readdir(folder).catch(() => [])).length > 0) throw new GatewayError('USAGE', `--into ${into}: this folder is not empty`) // prettier-ignore
    const prepared = await restoreInto(folder, context)
    tell(call, prepared, { folder })
    return Exit.ok
  }
  // A restore that was decided and cut off is what was wanted: whoever starts it once more, as Kubernetes does, gets that one and not two.
  const finished = await finish(settings)
  if (finished !== undefined) {
    tellFinished(call, finished)
    return Exit.ok
  }
  const done = await restoreInPlace(context)
  const { manifest, endSeq, renewed } = done
  const details = { what: `backup of ${manifest.createdAt}, up to number ${endSeq} of ${renewed.before ?? '-'}`, log: renewed.logId } // prettier-ignore
  await handInAudit(settings.data, clock).record({ action: 'backup.restore', user: 'host', from: 'command line', object: 'gateway', outcome: 'done', details }) // prettier-ignore
  tell(call, done, { before: done.before, written: done.written, left: done.left, ...refusedOf(done) })
  return Exit.ok
}

function tellFinished({ terminal }: Call, { before, refused }: Swapped): void {
  terminal.result(`the restore that was cut off is in place; what was there before lies in ${before}`)
  for (const file of refused) terminal.complain(`${file} was not written: it belongs to somebody else, or \`include\` does not name it; see DATA/restore/refused`) // prettier-ignore
}

/** Told only where there are some. */
const refusedOf = ({ refused }: { readonly refused: readonly string[] }) =>
  refused.length === 0
    ? {}
    : {
        'not written, as they belong to somebody else or `include` does not name them (see DATA/restore/refused)':
          refused,
      }

/** What both a restore and a drill are told. */
export function contextOf(call: Call): Pick<RestoreContext, 'wanted' | 'identity' | 'skipPending' | 'now' | 'say'> {
  const [id] = call.args
  const identity = textOption(call, 'identity')
  const wanted = { id, ...pointOf(call) }
  if (Object.values(wanted).filter((one) => one !== undefined).length > 1)
    throw new GatewayError('USAGE', 'one of a snapshot, --to or --to-seq')
  return {
    wanted,
    identity: identity === undefined ? undefined : resolve(identity),
    skipPending: call.options.skipPending === true,
    now: clock.now(),
    say: (line) => call.terminal.say(`${line} …`),
  }
}

function pointOf(call: Call): Wanted {
  const [to, toSeq] = [textOption(call, 'to'), textOption(call, 'toSeq')]
  const time = to === undefined ? undefined : /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(to) ? Date.parse(to) : NaN
  if (Number.isNaN(time)) throw new GatewayError('USAGE', `--to ${to}: a time with its zone, such as 2026-11-29T10:00:00Z`) // prettier-ignore
  if (toSeq !== undefined && !/^[1-9]\d{0,15}$/.test(toSeq)) throw new GatewayError('USAGE', `--to-seq ${toSeq}: a number of the log, from 1`) // prettier-ignore
  return { to: time, toSeq: toSeq === undefined ? undefined : Number(toSeq) }
}

/** What the last restore brought of Redis, and nobody has put back yet. */
async function putIntoRedis(call: Call, { data, redis }: BackupSettings): Promise<number> {
  if (redis === undefined) throw new GatewayError('USAGE', 'backup.yaml names no redis')
  const file = join(data, 'restore', 'redis.ndjson')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('NOT_FOUND', `there is no ${file}: no restore has brought one`, { cause })
  })
  const { importRedis } = await import('../backup/redis.ts')
  call.terminal.result(`${await importRedis(redis.urlFile, text)} keys are back in Redis; ${file} can be removed`)
  return Exit.ok
}

async function preview(call: Call, context: RestoreContext): Promise<number> {
  const into = await mkdtemp(join(tmpdir(), 'bifrost-preview-'))
  try {
    const found = await previewRestore({ ...context, into })
    if (call.terminal.json) call.terminal.resultJson(found)
    else for (const line of previewWords(found)) call.terminal.result(line)
    return Exit.ok
  } finally {
    await rm(into, { recursive: true, force: true })
  }
}

function* previewWords(found: Preview): Generator<string> {
  yield `from ${found.repository}, snapshot ${found.log} of ${found.createdAt}, made by ${found.gatewayVersion}: ${found.files} files, ${sizeText(found.bytes)}` // prettier-ignore
  if (found.state !== found.log) yield `configuration and accounts from the snapshot before that time, ${found.state}`
  yield `log ${found.logId}: numbers ${found.oldestSeq} to ${found.endSeq}, restored up to ${found.cutAt ?? 'the last that had come by then'}; it gets a new id` // prettier-ignore
  if (found.now === null) yield 'nothing is in the data folder now'
  else if (found.lost !== null) yield `${found.lost} samples of the log that is here now would go (kept in restore/before-…)`
  else yield `the log that is here now (${found.now.logId ?? '-'}, up to ${found.now.endSeq}) would go (kept in restore/before-…)` // prettier-ignore
  yield 'nothing was changed'
}

function tell(call: Call, prepared: Prepared, more: Readonly<Record<string, unknown>>): void {
  const { endSeq, lastReceived, renewed, bytes, files, opened, manifest } = prepared
  const at = lastReceived === null ? '-' : new Date(lastReceived).toISOString()
  if (call.terminal.json)
    return call.terminal.resultJson({ ...more, createdAt: manifest.createdAt, endSeq, lastReceived: at, ...renewed, bytes, files, opened }) // prettier-ignore
  const { terminal } = call
  terminal.result(`restored ${files} files, ${sizeText(bytes)}: the log ends at number ${endSeq}, which came at ${at}`)
  terminal.result(`its id was ${renewed.before ?? '-'} and is ${renewed.logId}: up to ${endSeq} the same number is the same sample in both`) // prettier-ignore
  for (const { sink, pending, beyond } of renewed.cursors)
    terminal.result(`${sink}: ${pending} samples will be delivered (some of them perhaps again), ${beyond} that it has are not in the log any more`) // prettier-ignore
  for (const [what, value] of Object.entries(more))
    terminal.result(
      `${what}: ${Array.isArray(value) ? (value.length === 0 ? 'none' : value.join(', ')) : String(value)}`,
    )
}
