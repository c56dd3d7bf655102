/**
 * The log. On a terminal one line for people; otherwise JSON with the field names of the Elastic Common Schema, own fields
 * under `bifrost.` (field guide §7). Secrets are blanked in both. Log or throw, never both.
 */
import { hostname } from 'node:os'
import { pino } from 'pino'
import type { LogFields } from '../core/log-fields.ts'
import type { Log } from '../core/log.ts'
import { ecsFields } from './ecs-fields.ts'
import { humanLine } from './human-log.ts'
import { createDrain, type LogDrain, type LogStream } from './log-drain.ts'
import { redactText } from './redact.ts'

/** The version of the Elastic Common Schema whose names the JSON lines use. */
const ECS_VERSION = '9.4.0'

/** Levels, from most to least. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerOptions {
  readonly level: LogLevel
  /** `human` is for a terminal, `json` for everything else; `logFormat` decides where nobody has. */
  readonly format: 'json' | 'human'
  /** The gateway's version, for `service.version`. */
  readonly version?: string
  /** The stream, for `event.dataset`; bifrost.log where absent. */
  readonly dataset?: string
  /** Where lines go: stderr where absent. Results of commands go to stdout, so the log does not. */
  readonly destination?: LogStream
  /** Colours on the human format. */
  readonly colour?: boolean
}

/** Human on a terminal, JSON otherwise. */
export const logFormat = (stream: { isTTY?: boolean }): 'json' | 'human' => (stream.isTTY === true ? 'human' : 'json')

/** Colours unless NO_COLOR is set and not empty or the terminal is dumb; FORCE_COLOR wins where nothing forbids it. */
export function wantsColour(env: NodeJS.ProcessEnv, stream: { isTTY?: boolean }): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** What a log and its children share. */
interface Shared {
  rank: number
  erase: (text: string) => string
  readonly drain: LogDrain
}

/** A log that writes to `destination`. */
export function createLogger(options: LoggerOptions): Log {
  const { level, dataset = 'bifrost.log', version, destination = process.stderr } = options
  const drain = createDrain(destination, (lines, since) =>
    log.warn({ component: 'log', dropped: lines, since }, flowing(lines, since)),
  )
  const shared: Shared = { rank: LOG_LEVELS.indexOf(level), erase: (text) => text, drain }
  const log = createLog(
    shared,
    options.format === 'human' ? toHuman(options, shared) : toJson(dataset, version, shared),
    {},
  )
  return log
}

const flowing = (lines: number, since: number): string =>
  `Whoever reads this log stood still: ${lines} lines since ${new Date(since).toISOString()} were dropped here.`

type Write = (level: SpokenLevel, fields: LogFields, sentence: string) => void
type SpokenLevel = Exclude<LogLevel, 'silent'>

/** Fields of parents are merged here: pino would write a name twice, which no reader of JSON takes. */
function createLog(shared: Shared, write: Write, bound: LogFields): Log {
  // Streams that go apart (audit, access) are wanted whatever the log's own level is.
  const isStream = bound.dataset !== undefined
  const say = (level: SpokenLevel) => {
    const rank = LOG_LEVELS.indexOf(level)
    return (fields: LogFields, sentence: string): void => {
      if (isStream || rank >= shared.rank) write(level, { ...bound, ...fields }, sentence)
    }
  }
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (fields) => createLog(shared, write, { ...bound, ...fields }),
    setLevel: (level) => void (shared.rank = LOG_LEVELS.indexOf(level)),
    hide: (erase) => void (shared.erase = erase),
    dropped: shared.drain.dropped,
  }
}

function toHuman(options: LoggerOptions, shared: Shared): Write {
  const colour = options.colour ?? wantsColour(process.env, process.stderr)
  return (level, fields, sentence) => shared.drain.write(shared.erase(humanLine(level, fields, sentence, colour)))
}

function toJson(dataset: string, version: string | undefined, shared: Shared): Write {
  const name = hostname()
  const logger = pino(
    {
      level: 'debug',
      messageKey: 'message',
      base: {
        'ecs.version': ECS_VERSION,
        'service.name': 'bifrost',
        'service.type': 'bifrost',
        ...(version === undefined ? {} : { 'service.version': version }),
        'service.node.name': name,
        'host.hostname': name,
        'process.pid': process.pid,
      },
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ 'log.level': label }) },
    },
    shared.drain,
  )
  return (level, fields, sentence) =>
    logger[level](
      { 'event.dataset': dataset, 'log.logger': 'gateway', ...ecsFields(fields, shared.erase) },
      shared.erase(redactText(sentence)),
    )
}
