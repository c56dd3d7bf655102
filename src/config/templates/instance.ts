/**
 * One device that is to be made from a template: its name, and what was given for it, wherever that stands (the file's own
 * mapping, an entry of `instances`, a row of a CSV file).
 */
import { formatPlace, type Place, type Via } from '../problem.ts'
import type { Path } from '../places.ts'
import { INSTANCE_WORDS } from './grammar.ts'
import type { GivenValue } from './parameter.ts'

/** A value with where it stands. */
export interface Given extends GivenValue {
  readonly place: () => Place
  readonly keyPlace: () => Place
  /** In words of a problem: `devices[3].parameters.unit`, `row 4, unit`. */
  readonly path: string
  /** It came from the environment: never shown. `written` is then the reference as it stands in the file. */
  readonly substituted: boolean
  readonly written: string | undefined
}

export interface Instance {
  readonly name: string
  /** Of the entry in the configuration: `['devices', 3]`. */
  readonly path: Path
  /** In words of a problem: `devices[3]`, `row 4`. */
  readonly pathText: string
  /** Where its parameters stand: what is missing is missing there. */
  readonly place: () => Place
  /** Where the device itself stands. */
  readonly origin: () => Place
  readonly parameters: ReadonlyMap<string, Given>
  /** `every` and `enabled` of a row, before those of the entry. */
  readonly head: ReadonlyMap<string, Given>
}

/** An instance with where its name stands. */
export interface NamedInstance extends Instance {
  readonly namePlace: () => Place
}

/** What was given, sorted into parameters and words of every device; those shared by several instances come first. */
export function sortOut(given: readonly (readonly [string, Given])[], shared: ReadonlyMap<string, Given>) {
  const isHead = (key: string) => INSTANCE_WORDS.some((word) => word === key)
  return {
    parameters: new Map([...shared, ...given.filter(([key]) => !isHead(key))]),
    head: new Map(given.filter(([key]) => isHead(key) && key !== 'name')),
  }
}

/** The second place of a problem that stands in the template. */
export const viaInstance = (instance: Instance): Via => ({
  text: `for device "${instance.name}", at ${formatPlace(instance.origin())}`,
  common: true,
})

/** The second place of a problem that stands with the device. */
export const viaTemplate = (what: string, template: { readonly name: string }, place: Place): Via => ({
  text: `${what === '' ? '' : `${what} of `}template "${template.name}", at ${formatPlace(place)}`,
  common: false,
})
