/** `/etc/bifrost/update.yaml`: from where, when and how carefully a box takes new versions. Options, defaults and checks stand here. */
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'
import { ConfigError, ProblemList } from '../config/problem.ts'
import { checkSchema } from '../config/schema-check.ts'
import { YamlSource } from '../config/yaml-source.ts'
import { duration } from '../core/duration.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { parseWindows } from '../release/window.ts'

const windows = z
  .string()
  .transform((text, context) => {
    try {
      return parseWindows(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  })
  .meta({ examples: ['Sun 02:00-04:00'] })

const updateSchema = z.object({
  version: z.literal(1).describe('Version of this file.'),
  enabled: z
    .boolean()
    .default(false)
    .describe('true: the timer takes new versions by itself. `bifrost update apply` works either way.'),
  source: z
    .string()
    .min(1)
    .optional()
    .describe('Folder or https:// address with `manifest.json`; `{channel}` stands for the channel.'),
  channel: z.string().default('stable').describe('Releases of other channels are refused.'),
  window: windows
    .optional()
    .describe('When, in local time: `Sun 02:00-04:00`, `Mon-Fri 12:00-12:30`, several with commas; default: always.'),
  healthyWithin: duration({ minMs: 8000, maxMs: 600_000 })
    .prefault('20s')
    .describe('A new version that is not healthy by then, and for five seconds without a break, is left again.'),
  health: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where to ask for health; default: where the gateway says that it listens, when that is http://.'),
  keep: z.int().min(2).max(20).default(3).describe('Versions that stay on the box.'),
  box: z.string().min(1).optional().describe('Name by which staged releases count this box; default: /etc/machine-id.'),
  trust: z
    .string()
    .optional()
    .describe('File with public keys (PEM) in the place of the pinned ones, for builds of your own.'),
})

export type UpdateSettings = z.output<typeof updateSchema>

/** What the file says, or the defaults where it is not there; throws CONFIG_INVALID with file, line and column of each problem. */
export function loadUpdateSettings(file: string): UpdateSettings {
  const text = textOf(file)
  if (text === undefined) return updateSchema.parse({ version: 1 })
  const problems = new ProblemList()
  const source = new YamlSource(file, text, {}, problems)
  const value = source.root ?? {}
  const settings = problems.count === 0 ? checkSchema(updateSchema, { source, path: [], value }, problems) : undefined
  if (settings?.enabled === true && settings.source === undefined)
    problems.add(source.placeOf(['enabled']), 'enabled', 'there is no `source` to take updates from')
  if (settings === undefined || problems.problems.length > 0) throw new ConfigError(file, problems.problems)
  return settings
}

function textOf(file: string): string | undefined {
  try {
    return readOwn(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (codeOf(error) === 'EACCES')
      throw new GatewayError('FORBIDDEN', `${file} cannot be read: run it as root (sudo)`, { cause: error })
    throw error
  }
}

/**
 * Whoever writes the settings and keys says what root installs: the gateway, which may write beside them, must not be able to. The file is
 * opened once, without following a link, and what is read is what was looked at.
 */
export function readOwn(file: string): string {
  const handle = openOwn(file)
  try {
    const about = fstatSync(handle)
    if (!about.isFile()) throw new GatewayError('CONFIG_INVALID', `${file}: it must be a file`)
    if (process.getuid?.() === 0 && (about.uid !== 0 || (about.mode & 0o022) !== 0))
      throw new GatewayError(
        'CONFIG_INVALID',
        `${file}: it must belong to root, and nobody else may write it (chown root:root ${file}; chmod 644 ${file})`,
      )
    return readFileSync(handle, 'utf8')
  } finally {
    closeSync(handle)
  }
}

function openOwn(file: string): number {
  try {
    // Without O_NONBLOCK a pipe in its place would hold this up for ever.
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) !== 'ELOOP') throw error
    throw new GatewayError('CONFIG_INVALID', `${file}: it must be a file, and it is a link`, { cause: error })
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** The name of this box for staged releases. */
export function boxId(settings: UpdateSettings, machineIdFile = '/etc/machine-id'): string {
  if (settings.box !== undefined) return settings.box
  const id = existsSync(machineIdFile) ? readFileSync(machineIdFile, 'utf8').trim() : ''
  return id === '' ? hostname() : id
}
