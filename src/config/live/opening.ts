/**
 * The configuration with which a gateway starts. One that ended in the middle of a change, or while a version was on trial, goes back
 * to the version before: in the files where they can be written, else in what it runs by.
 */
import { basename, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { FileTexts } from '../file-reading.ts'
import { ConfigHistory, type Author } from '../history/history.ts'
import { LiveConfig } from './live-config.ts'
import type { Loaded, LoadFiles } from './loaded.ts'
import type { LiveContext } from './status.ts'
import { finishWriting, restore } from './writing.ts'

export interface Opened extends Loaded {
  /** Who made it so; undefined: it is what the files say. */
  readonly wentBack: { readonly from: number; readonly to: number; readonly isWritten: boolean } | undefined
}

const historyFolder = (data: string): string => join(data, 'config-history')

/** Reads the configuration in `main`. Throws ConfigError. */
export async function openAtStart(main: string, load: LoadFiles, log: Log): Promise<Opened> {
  await finishWriting(main, log).catch((error: unknown) =>
    log.warn({ file: main }, `What an earlier change left behind cannot be undone: ${messageOf(error)}.`),
  )
  const loaded = load()
  const folder = historyFolder(loaded.config.data)
  const history = await ConfigHistory.open(folder, log)
  const trial = await history.trial()
  if (trial === undefined) return { ...loaded, wentBack: undefined }
  const { version: from, previous: to } = trial
  try {
    const isWritten = await restore(main, history, trial, folder)
    const files: FileTexts = isWritten ? new Map() : await history.filesOf(history.version(to))
    const gone = isWritten ? [] : Object.keys(history.version(from).files).filter((file) => !files.has(file))
    const back = load(files, gone)
    await history.endTrial()
    const how = isWritten ? '' : '; the files could not be written, and still say otherwise'
    log.warn(
      { from, to },
      `Version ${from} of the configuration was not confirmed before the gateway ended: ${to} runs again${how}.`,
    )
    return { ...back, wentBack: { from, to, isWritten } }
  } catch (error) {
    log.error(
      { from, to },
      `Version ${from} of the configuration was not confirmed, and cannot go back: ${messageOf(error)}.`,
    )
    return { ...loaded, wentBack: undefined }
  }
}

/** The configuration of a gateway that runs by `opened`. */
export async function openLiveConfig(context: LiveContext, opened: Opened): Promise<LiveConfig> {
  const { clock, log, gateway, audit } = context
  const folder = historyFolder(gateway.config.data)
  const history = await ConfigHistory.open(folder, log)
  const before = history.newest?.hash
  const back = opened.wentBack
  const message = back === undefined ? undefined : `version ${back.from} was not confirmed before the gateway ended`
  const author: Author = { user: 'gateway', from: 'start', message }
  const version = await history.add(opened.files, back === undefined ? 'start' : 'rollback', author, clock.now())
  // What somebody wrote while no gateway ran is a change like any other; that it runs by now is not to be helped.
  if (before !== undefined && before !== version.hash) {
    const event = {
      action: back === undefined ? 'config.start' : 'config.rollback',
      user: author.user,
      from: author.from,
    }
    const object = `config ${basename(gateway.config.file)}`
    await audit
      .record({ ...event, object, before, after: version.hash, reason: message ?? null, outcome: 'done' })
      .catch((error: unknown) =>
        log.error({ err: error }, 'That the configuration is another one than at the end is not on record.'),
      )
  }
  const running = { files: opened.files, secrets: opened.secrets, version, appliedAt: clock.now() }
  return new LiveConfig(context, history, folder, running, back?.isWritten === false)
}
