/** Loading the configuration for a command: which file, with which drivers and sinks. */
import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { readVariable } from '../config/environment.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { GatewayError } from '../core/errors.ts'
import { textOption, type Call } from './call.ts'

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

/** The configuration in `file`, checked against the registries; `requireFiles`: the files that options name have to be there. */
export async function loadConfigFile(file: string, env: NodeJS.ProcessEnv, requireFiles = false): Promise<Config> {
  const [{ drivers }, { sinks }] = await Promise.all([import('../drivers/index.ts'), import('../sinks/index.ts')])
  return loadConfig(file, { drivers, sinks, env, requireFiles })
}

/** Says the warnings of a configuration. */
export function sayWarnings(config: Config, call: Call): void {
  for (const warning of config.warnings) call.terminal.say(`warning: ${formatProblem(warning)}`)
}
