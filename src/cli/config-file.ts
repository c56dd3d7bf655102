/** Loading the configuration for a command: which file, with which drivers and sinks. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config, ConfigSources } from '../config/config.ts'
import { readVariable } from '../config/environment.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { textOption, type Call } from './call.ts'
import type { ConfigSource } from './keep-up.ts'

/** The file that `-c`, an argument or BIFROST_CONFIG names, else bifrost.yaml here. */
export function configFile(call: Call): string {
  const named = textOption(call, 'config') ?? readVariable('BIFROST_CONFIG', call.env)
  if (named !== undefined && named !== '') return named
  if (existsSync('bifrost.yaml')) return 'bifrost.yaml'
  throw new GatewayError(
    'USAGE',
    'which configuration? Give -c FILE; there is no bifrost.yaml here, and `bifrost init` writes one',
  )
}

/** What a configuration is checked against: all drivers and sinks, and this environment. */
export async function configSources(env: NodeJS.ProcessEnv): Promise<ConfigSources> {
  const [{ drivers }, { sinks }] = await Promise.all([import('../drivers/index.ts'), import('../sinks/index.ts')])
  return { drivers, sinks, env }
}

/** The configuration in `file`, checked against the registries; `requireFiles`: the files that options name have to be there. */
export async function loadConfigFile(file: string, env: NodeJS.ProcessEnv, requireFiles = false): Promise<Config> {
  return loadConfig(file, { ...(await configSources(env)), requireFiles })
}

/** The same as a source that can be read again. Throws ConfigError. */
export async function openSource(file: string, env: NodeJS.ProcessEnv, log: Log): Promise<ConfigSource> {
  const [{ drivers }, { sinks }, { loaderOf }, { openAtStart }, { TagListCache }] = await Promise.all([
    import('../drivers/index.ts'),
    import('../sinks/index.ts'),
    import('../config/live/loaded.ts'),
    import('../config/live/opening.ts'),
    import('../config/tag-list-cache.ts'),
  ])
  const main = resolve(file)
  let files: readonly string[] = [main]
  const sources = { drivers, sinks, env, tagListCache: new TagListCache() }
  const load = loaderOf(file, sources, (read) => (files = [...read]))
  return { opened: await openAtStart(main, load, log), load, sources, files: () => files }
}

/** Says the warnings of a configuration. */
export function sayWarnings(config: Config, call: Call): void {
  for (const warning of config.warnings) call.terminal.say(`warning: ${formatProblem(warning)}`)
}
