/** `bifrost config show`: every setting with its value and, with `--origin`, where it comes from. */
import { ownedObjects, type OwnedObject, type OwnedSetting } from '../config/owned-settings.ts'
import type { Call } from './call.ts'
import { configFile, configSources } from './config-file.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const withOrigin = call.options.origin === true
  const objects = ownedObjects(configFile(call), await configSources(call.env), call.args[0])
  if (call.terminal.json) {
    const shown = (settings: readonly OwnedSetting[]) =>
      withOrigin ? settings : settings.map(({ setting, value }) => ({ setting, value }))
    call.terminal.resultJson({ objects: objects.map((one) => ({ ...one, settings: shown(one.settings) })) })
    return Exit.ok
  }
  for (const object of objects) for (const line of linesOf(object, withOrigin)) call.terminal.result(line)
  return Exit.ok
}

function linesOf({ kind, name, owner, settings }: OwnedObject, withOrigin: boolean): string[] {
  const head = `${kind} ${name}${withOrigin && owner !== undefined ? `  (${owner})` : ''}`
  const texts = settings.map(({ setting, value }) => `  ${setting}: ${value === '' ? '""' : String(value)}`)
  if (!withOrigin) return [head, ...texts]
  const width = Math.min(60, Math.max(0, ...texts.map((text) => text.length)))
  return [head, ...texts.map((text, at) => `${text.padEnd(width)}  # ${settings[at]!.origin}`)]
}
