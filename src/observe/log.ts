/**
 * The log. On a terminal one line for people; otherwise JSON with the field names of the Elastic Common Schema, own fields
 * under `bifrost.` (field guide §7). Secrets are blanked in both. Log or throw, never both.
 */
import { pino, type Logger } from 'pino'
import type { Log } from '../core/log.ts'
import { createHumanLog } from './human-log.ts'
import { redactText, redactValue } from './redact.ts'

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
  /** Where lines go: stderr where absent. Results of commands go to stdout, so the log does not. */
  readonly destination?: { write(line: string): unknown }
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

/** A log that writes to `destination`. */
export function createLogger(options: LoggerOptions): Log {
  const destination = options.destination ?? process.stderr
  if (options.format === 'human') {
    const colour = options.colour ?? wantsColour(process.env, process.stderr)
    return createHumanLog({ level: options.level, destination, colour })
  }
  const logger = pino(
    {
      level: options.level,
      messageKey: 'message',
      base: {
        'ecs.version': ECS_VERSION,
        'service.name': 'bifrost',
        ...(options.version === undefined ? {} : { 'service.version': options.version }),
      },
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ 'log.level': label }) },
    },
    destination,
  )
  return overPino(logger)
}

function overPino(logger: Logger): Log {
  return {
    debug: (fields, sentence) =>
      logger.isLevelEnabled('debug') && logger.debug(ecsFields(fields), redactText(sentence)),
    info: (fields, sentence) => logger.isLevelEnabled('info') && logger.info(ecsFields(fields), redactText(sentence)),
    warn: (fields, sentence) => logger.isLevelEnabled('warn') && logger.warn(ecsFields(fields), redactText(sentence)),
    error: (fields, sentence) =>
      logger.isLevelEnabled('error') && logger.error(ecsFields(fields), redactText(sentence)),
    child: (fields) => overPino(logger.child(ecsFields(fields))),
  }
}

/** Names that are ECS's own and stay at the top; everything else goes under `bifrost.`. */
const ECS_NAME = /^(event|user|source|error|trace|url|http|process|log)\.[a-z_.]+$/

/** Fields with the names of ECS: `logger` becomes log.logger, an Error error.*, the rest bifrost.*. */
export function ecsFields(fields: object): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (name === 'logger') out['log.logger'] = value
    else if (value instanceof Error) addError(out, value)
    else out[ECS_NAME.test(name) ? name : `bifrost.${name}`] = redactValue(name, value)
  }
  return out
}

function addError(out: Record<string, unknown>, error: Error): void {
  out['error.type'] = error.name
  out['error.message'] = redactText(error.message)
  if ('code' in error) out['error.code'] = String(error.code)
  if (error.stack !== undefined) out['error.stack_trace'] = redactText(error.stack)
}
