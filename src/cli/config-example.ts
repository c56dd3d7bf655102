/** `bifrost config example`: a device or sink with all its options, as it would stand in a file. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exampleOfDriver, exampleOfSink } from '../config/example.ts'
import { closest } from '../config/suggestion.ts'
import { GatewayError } from '../core/errors.ts'
import type { Call } from './call.ts'
import { configSources } from './config-file.ts'
import { Exit } from './exit-code.ts'
import { examplesFolder } from '../core/package-files.ts'

export async function run({ args, env, terminal }: Call): Promise<number> {
  const { drivers, sinks } = await configSources(env)
  const [name] = args
  if (name === undefined) {
    const list = (types: readonly { name: string; summary: string }[]) =>
      types.map(({ name: one, summary }) => ({ name: one, summary }))
    if (terminal.json) terminal.resultJson({ drivers: list(drivers), sinks: list(sinks) })
    else
      for (const [kind, types] of [
        ['driver', drivers],
        ['sink', sinks],
      ] as const)
        for (const one of types) terminal.result(`${kind.padEnd(6)}  ${one.name.padEnd(14)}  ${one.summary}`)
    return Exit.ok
  }
  const examples = globSync('*/*.yaml', { cwd: examplesFolder }).map((file) =>
    readFileSync(join(examplesFolder, file), 'utf8'),
  )
  const driver = drivers.find((one) => one.name === name)
  const sink = sinks.find((one) => one.name === name)
  if (driver === undefined && sink === undefined)
    throw unknown(
      name,
      [...drivers, ...sinks].map((one) => one.name),
    )
  const text = driver === undefined ? exampleOfSink(sink!, examples) : exampleOfDriver(driver, examples)
  if (terminal.json) terminal.resultJson({ name, text })
  else terminal.result(text.trimEnd())
  return Exit.ok
}

function unknown(name: string, names: readonly string[]): GatewayError {
  const nearest = closest(name, names)
  const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`
  return new GatewayError('NOT_FOUND', `there is no driver or sink "${name}"${hint}; there are ${names.join(', ')}`)
}
