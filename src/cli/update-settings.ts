/** `/etc/bifrost/update.yaml`: from where, when and how carefully a box takes new versions. Options, defaults and checks stand here. */
import { existsSync, readFileSync, statSync } from 'node:fs'
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
  if (!existsSync(file)) return updateSchema.parse({ version: 1 })
  refuseForeign(file)
  const problems = new ProblemList()
  const source = new YamlSource(file, readFileSync(file, 'utf8'), {}, problems)
  const value = source.root ?? {}
  const settings = problems.count === 0 ? checkSchema(updateSchema, { source, path: [], value }, problems) : undefined
  if (settings?.enabled === true && settings.source === undefined)
    problems.add(source.placeOf(['enabled']), 'enabled', 'there is no `source` to take updates from')
  if (settings === undefined || problems.problems.length > 0) throw new ConfigError(file, problems.problems)
  return settings
}

/** Whoever writes the settings says what root installs: the gateway, which may write beside them, must not be able to. */
export function refuseForeign(file: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, mode } = statSync(file)
  if (uid !== 0 || (mode & 0o022) !== 0)
    throw new GatewayError(
      'CONFIG_INVALID',
      `${file}: it must belong to root, and nobody else may write it (chown root:root ${file}; chmod 644 ${file})`,
    )
}

/** The name of this box for staged releases. */
export function boxId(settings: UpdateSettings, machineIdFile = '/etc/machine-id'): string {
  if (settings.box !== undefined) return settings.box
  const id = existsSync(machineIdFile) ? readFileSync(machineIdFile, 'utf8').trim() : ''
  return id === '' ? hostname() : id
}
