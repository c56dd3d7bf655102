/** Keeps a running gateway up with the files of its configuration: on SIGHUP, and when one of them changes. */
import type { ConfigSources } from '../config/config.ts'
import { openLiveConfig, type Opened } from '../config/live/opening.ts'
import type { LoadFiles } from '../config/live/loaded.ts'
import { FileWatch } from '../config/live/watch.ts'
import { ConfigError, formatProblem } from '../config/problem.ts'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Gateway } from '../gateway.ts'

/** Where a configuration comes from. */
export interface ConfigSource {
  readonly opened: Opened
  readonly load: LoadFiles
  /** What it is checked against. */
  readonly sources: ConfigSources
  /** Every file that was looked at last. */
  files(): Iterable<string>
}

/** Returns how to end it. `onAsked`: SIGHUP asks for a reload; what it returns hears of the end. */
export async function keepUp(
  gateway: Gateway,
  { opened, load, sources, files }: ConfigSource,
  onAsked?: () => { done(): void },
): Promise<() => void> {
  const { log, audit } = gateway
  let watch: FileWatch | undefined
  // What was read on command is not read again because of the watch.
  const loadSeen: LoadFiles = (instead, gone) => {
    const before = watch?.present
    try {
      return load(instead, gone)
    } finally {
      if (before !== undefined && (instead === undefined || instead.size === 0)) watch?.seen(before)
    }
  }
  const live = await openLiveConfig({ gateway, load: loadSeen, sources, clock: systemClock, log, audit }, opened)
  gateway.configuration = live
  const take = (taken: Promise<unknown>, from: string): void => {
    taken.catch((error: unknown) => {
      if (!(error instanceof ConfigError))
        return log.error({ from }, `The configuration stays as it was: ${messageOf(error)}`)
      log.error({ problems: error.problems.length }, 'The configuration is not valid; what ran before goes on.')
      for (const problem of error.problems.slice(0, 20)) log.error({}, formatProblem(problem))
    })
  }
  const onSignal = (): void => {
    const reload = onAsked?.()
    const taken = live.reload({ user: 'host', from: 'signal SIGHUP' })
    take(
      taken.finally(() => reload?.done()),
      'SIGHUP',
    )
  }
  process.on('SIGHUP', onSignal)
  const onChange = (): void => take(live.follow({ user: 'host', from: 'file' }), 'file')
  const onRenewed = (): void => gateway.restarts.count('config-watch', 'folder-lost')
  watch = new FileWatch({ clock: systemClock, files, onChange, onRenewed })
  return () => {
    process.off('SIGHUP', onSignal)
    watch?.close()
  }
}
