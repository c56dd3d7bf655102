/** Whether the tags that interlocks name exist, and fit what they are compared with: known when all devices are read. */
import { isFault, parseInterlock } from '../core/interlock.ts'
import { nameOf, typeFaults } from '../core/interlock-types.ts'
import type { DataType } from '../core/value.ts'
import type { DeviceConfig } from './config.ts'
import type { ProblemList } from './problem.ts'
import { closest } from './suggestion.ts'

/** `isOpen`: tags may come from other gateways, so that a device that is not here may be one of theirs. */
export function checkInterlocks(devices: readonly DeviceConfig[], isOpen: boolean, problems: ProblemList): void {
  if (problems.interlocks.size === 0) return
  const told = new Set<string>()
  const types = new Map<DeviceConfig, Map<string, DataType>>()
  const typesOf = (device: DeviceConfig): Map<string, DataType> => {
    const known = types.get(device)
    if (known !== undefined) return known
    const made = new Map(device.tags.map(({ settings }) => [settings.name, settings.type]))
    types.set(device, made)
    return made
  }
  const byName = new Map(devices.map((device) => [device.name, device]))
  for (const device of devices) {
    for (const { settings } of device.tags) {
      const { interlock } = settings
      const written = interlock === undefined ? undefined : problems.interlocks.get(interlock)
      if (interlock === undefined || written === undefined) continue
      const parsed = parseInterlock(interlock)
      if (isFault(parsed)) continue
      const faults = typeFaults(parsed, (tag) => {
        const owner = tag.device === '.' ? device : byName.get(tag.device)
        if (owner === undefined && isOpen) return undefined
        if (owner === undefined) return { problem: unknown(`device ${tag.device}`, tag.device, [...byName.keys()]) }
        const names = typesOf(owner)
        return names.get(tag.name) ?? { problem: unknown(`tag ${nameOf({ ...tag, device: owner.name })}`, tag.name, [...names.keys()]) } // prettier-ignore
      })
      for (const { column, message } of faults) {
        const key = `${interlock}\n${column}\n${message}`
        if (told.has(key)) continue
        told.add(key)
        problems.add(written.placeOf(column), written.path, `interlock, column ${column}: ${message}`)
      }
    }
  }
}

function unknown(what: string, given: string, known: readonly string[]): string {
  const nearest = closest(given, known)
  return `there is no ${what}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}
