/**
 * `log` of the configuration: how much is said and in which form, error patterns that are counted, and the streams that go apart: requests
 * of the API, and the audit.
 */
import { createRequire } from 'node:module'
import { z } from 'zod'
import { duration, size } from '../core/duration.ts'
import { LOG_FORMATS, LOG_LEVELS, type LogConfig, type LogTarget } from './config.ts'

const level = z.enum(LOG_LEVELS)
const COMPONENT = /^[a-z][a-z0-9-]{0,63}$/
const MOST_COMPONENTS = 50
const MOST_PATTERNS = 50

const target = (words: string) =>
  z
    .string()
    .min(1)
    .default('off')
    .describe(
      `Where ${words} go: off; log, among the lines of the log; stdout; or a file, relative to this one, where old files make room by \`files\`.`,
    )
    .meta({ examples: ['off', 'log', 'stdout', './logs/stream.ndjson'] })

const pattern = z.strictObject({
  name: z
    .string()
    .regex(COMPONENT, 'expected lower-case letters, digits and dashes')
    .describe('Its name in the metric; that of one that is always there takes its place.'),
  match: z
    .string()
    .min(1)
    .max(500)
    .superRefine((text, context) => {
      const problem = problemOf(text)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
    })
    .describe(
      'What a line has in it: a regular expression of RE2 (no look-around, no back references), whatever the case.',
    )
    .meta({ examples: ['drive (fault|alarm) [0-9]+'] }),
  level: level.default('warn').describe('The least level of the lines that are looked at.'),
})

export const logSchema = z.object({
  level: level.default('info').describe('The least level that is written.'),
  format: z.enum(LOG_FORMATS).default('auto').describe('auto is human on a terminal and JSON otherwise.'),
  levels: z
    .record(
      z.string().regex(COMPONENT, 'expected the name of a component, such as polling, sink, http or modbus'),
      level,
    )
    .refine((levels) => Object.keys(levels).length <= MOST_COMPONENTS, `expected ${MOST_COMPONENTS} components at most`)
    .default({})
    .describe(
      'Other levels for parts of the gateway: polling, sink, store, commands, http …, or the name of a driver or kind of sink.',
    )
    .meta({ examples: [{ modbus: 'debug' }] }),
  patterns: z
    .array(pattern)
    .max(MOST_PATTERNS)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'expected each name once')
    .default([])
    .describe(
      'Error patterns: lines that match are counted in `bifrost_message_patterns_total`, beside those that are always counted.',
    ),
  access: z
    .object({
      requests: z
        .enum(['problems', 'all'])
        .default('problems')
        .describe('problems: requests that failed in the gateway (5xx) or were slow; all: each request.'),
      slow: duration({ minMs: 1, maxMs: 3_600_000 }).prefault('1s').describe('What takes longer is slow.'),
      to: target('requests of the API'),
    })
    .prefault({})
    .describe('The access log.'),
  audit: z
    .object({ to: target('events of the audit') })
    .prefault({})
    .describe('A copy of the audit, for systems that watch logs.'),
  files: z
    .object({
      maxSize: size({ minBytes: 64 * 2 ** 10 })
        .prefault('64MiB')
        .describe('A file that is larger is put aside.'),
      keep: z.number().int().min(0).max(100).default(5).describe('How many that were put aside are kept.'),
    })
    .prefault({})
    .describe('Bounds of streams that go to files.'),
})

/** Why the engine does not take it; loaded only where there is a pattern. */
function problemOf(text: string): string | undefined {
  const { RE2JS: engine } = createRequire(import.meta.url)('re2js') as typeof import('re2js')
  try {
    engine.compile(text, engine.CASE_INSENSITIVE)
    return undefined
  } catch (error) {
    return `no regular expression of RE2: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** As the gateway takes it. */
export function logOf(
  head: z.output<typeof logSchema>,
  overrides: Partial<Pick<LogConfig, 'level' | 'format'>>,
  openPath: (named: string) => string,
): LogConfig {
  const targetOf = (to: string): LogTarget =>
    to === 'off' || to === 'log' || to === 'stdout' ? to : { file: openPath(to) }
  const { level: least, format, levels, patterns, access, audit, files } = head
  return {
    level: overrides.level ?? least,
    format: overrides.format ?? format,
    levels,
    patterns,
    access: { requests: access.requests, slowMs: access.slow, to: targetOf(access.to) },
    audit: targetOf(audit.to),
    files: { maxBytes: files.maxSize, keep: files.keep },
  }
}
