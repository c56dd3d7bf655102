/**
 * `bifrost check`: is this configuration right? Offline; every problem at once on stdout; exit 78 when there are any.
 * A certificate that is missing is one too, though `run` starts without it: it may be mounted later there.
 */
import { ConfigError, formatProblem } from '../config/problem.ts'
import type { Config } from '../config/config.ts'
import type { Call } from './call.ts'
import { configFile, loadConfigFile, sayWarnings } from './config-file.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const file = call.args[0] ?? configFile(call)
  try {
    const config = await loadConfigFile(file, call.env, true)
    sayValid(file, config, call)
    return Exit.ok
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    sayProblems(file, error, call)
    return Exit.config
  }
}

function sayValid(file: string, config: Config, call: Call): void {
  const tags = config.devices.reduce((sum, device) => sum + device.tags.length, 0)
  const counts = { devices: config.devices.length, tags, sinks: config.sinks.length }
  if (call.terminal.json)
    return call.terminal.resultJson({ valid: true, file, ...counts, problems: [], warnings: config.warnings })
  sayWarnings(config, call)
  call.terminal.result(
    `${file} is valid: ${plural(counts.devices, 'device')}, ${plural(tags, 'tag')}, ${plural(counts.sinks, 'sink')}`,
  )
}

function sayProblems(file: string, { problems, warnings }: ConfigError, { terminal }: Call): void {
  if (terminal.json) return terminal.resultJson({ valid: false, file, problems, warnings })
  for (const warning of warnings) terminal.say(`warning: ${formatProblem(warning)}`)
  for (const problem of problems) terminal.result(formatProblem(problem))
  terminal.say(`${file} is not valid: ${plural(problems.length, 'problem')}`)
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
