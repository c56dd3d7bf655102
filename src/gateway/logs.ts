/**
 * What a gateway says, to whom, and what it must not say: its log with a memory, the streams that go apart, and the secrets of its
 * configuration, which are looked for by their text and not by a name.
 */
import type { WrittenLine } from '../audit/audit.ts'
import type { Config } from '../config/config.ts'
import { secretEraser } from '../config/running-secrets.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { openStreams, type AccessLog } from '../observe/log-streams.ts'
import { keepLog, type Logbook } from '../observe/logbook/logbook.ts'
import { sayAudit } from './audit-stream.ts'

export type { AccessLog } from '../observe/log-streams.ts'

export interface Logs extends Logbook {
  readonly access: AccessLog | undefined
  /** Takes each line of the audit; undefined where it has no stream. */
  readonly onAudit: ((line: WrittenLine) => void) | undefined
  /** Blanks the secrets of these: while a configuration takes the place of another, of both. */
  hideThoseOf(...configs: readonly Config[]): void
  /** Says what is owed. */
  end(): Promise<void>
}

export async function openLogs(
  config: Config,
  { log, version, clock }: { readonly log: Log; readonly version: string; readonly clock: Clock },
): Promise<Logs> {
  const logbook = keepLog(log, config.log.level, clock)
  const streams = openStreams(config.log, { log, gateway: logbook.log, version, clock })
  const { audit } = streams
  streams.own.forEach((stream) => logbook.attach(stream))
  const hideThoseOf = (...configs: readonly Config[]): void => {
    const erasers = configs.map(secretEraser)
    const erase = (text: string): string => erasers.reduce((rest, eraser) => eraser(rest), text)
    logbook.hide(erase)
    streams.hide(erase)
  }
  hideThoseOf(config)
  await logbook.configure(config.log)
  return {
    ...logbook,
    get dropped() {
      return logbook.dropped
    },
    access: streams.access,
    onAudit: audit && ((line) => sayAudit(audit, line)),
    hideThoseOf,
    async end() {
      logbook.close()
      await streams.close()
    },
  }
}
