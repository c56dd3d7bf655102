/**
 * The streams of the log that go apart: requests of the API (`bifrost.access`) and a copy of the audit (`bifrost.audit`), each to the
 * place that the configuration names, as NDJSON. Off where it names none: then nothing is opened and nothing is made.
 */
import { resolve } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { LogFile } from './log-file.ts'
import { createLogger } from './log.ts'

/** `log`: among the lines of the log. */
type Target = 'off' | 'log' | 'stdout' | { readonly file: string }

export interface StreamSettings {
  readonly access?: { readonly requests: 'problems' | 'all'; readonly slowMs: number; readonly to: Target } | undefined
  readonly audit?: Target | undefined
  readonly files?: { readonly maxBytes: number; readonly keep: number } | undefined
}

export interface LogStreams {
  /** Those with a way out of their own. */
  readonly own: readonly Pick<Log, 'dropped'>[]
  /** Undefined: off. */
  readonly audit: Log | undefined
  readonly access: AccessLog | undefined
  hide(erase: (text: string) => string): void
  close(): Promise<void>
}

export interface AccessLog {
  readonly log: Log
  readonly requests: 'problems' | 'all'
  readonly slowMs: number
}

/** `log`: where the gateway's own lines go; `gateway`: whom it tells that a file takes nothing. */
export function openStreams(
  settings: StreamSettings,
  {
    log,
    gateway,
    version,
    clock,
  }: { readonly log: Log; readonly gateway: Log; readonly version: string; readonly clock: Clock },
): LogStreams {
  /** By path: two that put the same file aside would lose its lines. */
  const files = new Map<string, LogFile>()
  const own: Log[] = []
  function open(to: Target | undefined, name: string): Log | undefined {
    if (to === undefined || to === 'off') return undefined
    const dataset = `bifrost.${name}`
    if (to === 'log') return log.child({ component: name, dataset })
    const stream = to === 'stdout' ? process.stdout : fileOf(to.file, name)
    const made = createLogger({ level: 'info', format: 'json', version, dataset, destination: stream })
    own.push(made)
    return made.child({ component: name })
  }
  function fileOf(path: string, name: string): LogFile {
    const there = files.get(resolve(path))
    if (there !== undefined) return there
    const { maxBytes = 64 * 2 ** 20, keep = 5 } = settings.files ?? {}
    const onState = (problem: string | undefined): void => {
      if (problem === undefined)
        gateway.info({ component: 'log', path }, `The ${name} log is written to ${path} again.`)
      else
        gateway.error({ component: 'log', path, problem }, `The ${name} log cannot be written to ${path}: ${problem}.`)
    }
    const file = new LogFile({ path, maxBytes, keep, clock, onState })
    files.set(resolve(path), file)
    return file
  }

  const audit = open(settings.audit, 'audit')
  const access = open(settings.access?.to, 'access')
  return {
    own: [...own, ...files.values()],
    audit,
    access: access && { log: access, requests: settings.access!.requests, slowMs: settings.access!.slowMs },
    hide: (erase) => own.forEach((one) => one.hide?.(erase)),
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()))
    },
  }
}
