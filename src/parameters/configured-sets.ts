/** The parameter sets as configured now, with the points by which their drivers know them, and whether they may be written. */
import { GatewayError } from '../core/errors.ts'
import type { DeviceParameters } from '../core/parameters.ts'
import type { Watched } from './drift.ts'
import { FIRST_PARAMETER_TAG, type PointedSet } from './reading.ts'

/** What is needed of a device of a configuration. */
export interface ConfiguredDevice {
  readonly name: string
  readonly parameters?: DeviceParameters | undefined
}

interface DeviceSets {
  readonly writes: boolean
  readonly sets: ReadonlyMap<string, PointedSet>
}

export class ConfiguredSets {
  readonly #devices = new Map<string, DeviceSets>()

  /** These from now on. */
  take(devices: readonly ConfiguredDevice[]): void {
    this.#devices.clear()
    for (const { name, parameters } of devices) {
      if (parameters === undefined) continue
      let tag = FIRST_PARAMETER_TAG
      const sets = parameters.sets.map((set): [string, PointedSet] => {
        const points = set.parameters.map(({ settings, address }) => ({ tag: tag++, address, settings }))
        return [set.name, { ...set, points }]
      })
      this.#devices.set(name, { writes: parameters.writes, sets: new Map(sets) })
    }
  }

  /** In the order of the configuration. */
  of(device: string): readonly PointedSet[] {
    return [...(this.#devices.get(device)?.sets.values() ?? [])]
  }

  has(device: string, name: string): boolean {
    return this.#devices.get(device)?.sets.has(name) === true
  }

  /** Throws NOT_FOUND. */
  get(device: string, name: string): PointedSet {
    const set = this.#devices.get(device)?.sets.get(name)
    if (set !== undefined) return set
    const names = this.of(device).map((one) => one.name)
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
    throw new GatewayError('NOT_FOUND', `${device} has no parameter set ${name}: ${known}`)
  }

  /** Why a set may not be written to its device, in a sentence; undefined: it may. Throws NOT_FOUND. */
  forbidden(device: string, name: string): string | undefined {
    if (!this.get(device, name).restore)
      return `the parameter set ${device}/${name} may not be restored: its configuration does not say restore: true`
    if (this.#devices.get(device)?.writes !== true)
      return `parameters may not be written to ${device}: its configuration does not say parameterWrites: true`
    return undefined
  }

  /** Those that are compared by themselves. */
  get watched(): Watched[] {
    return [...this.#devices].flatMap(([device, { sets }]) =>
      [...sets.values()].flatMap(({ name: set, compareEveryMs: everyMs }) =>
        everyMs === undefined ? [] : [{ device, set, everyMs }],
      ),
    )
  }
}
