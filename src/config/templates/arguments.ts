/** The parameters of one device: what was given for it, checked, and the template's defaults for the rest. */
import { formatPlace, type Place, type ProblemList } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { UNRESOLVED } from '../yaml-source.ts'
import { expectation, readParameter, type ParameterValue } from './parameter.ts'
import { viaInstance, viaTemplate, type Given, type Instance } from './instance.ts'
import type { Template } from './template.ts'

/** The value of one parameter for one device. */
export interface Argument {
  readonly value: ParameterValue
  /** What stands for it inside a longer text. */
  readonly text: string
  /** By the device, not by the template's default. */
  readonly given: boolean
  readonly substituted: boolean
  /** The reference to the environment that it came from. */
  readonly written: string | undefined
  /** Where it was given; the second place is where the template refers to it. */
  placeFor(what: string, reference: Place): Place
}

export type Arguments = ReadonlyMap<string, Argument>

/** The arguments of an instance; undefined when something is missing, unknown or of the wrong type, which is told then. */
export function readArguments(template: Template, instance: Instance, problems: ProblemList): Arguments | undefined {
  const before = problems.count
  const result = new Map<string, Argument>()
  for (const [name, given] of instance.parameters) {
    const parameter = template.parameters.get(name)
    if (parameter === undefined) {
      complainUnknown(name, given, template, problems)
      continue
    }
    if (given.value === UNRESOLVED) {
      problems.count++ // told already
      continue
    }
    const reading = readParameter(parameter, given)
    if ('value' in reading) {
      result.set(name, toArgument(reading.value, given, template))
      continue
    }
    const place = template.source.placeOf([...template.path, 'parameters', name], 'key')
    const via = viaTemplate(`parameter "${name}"`, template, place)
    const fault = given.substituted
      ? `expected ${expectation(parameter)}, got the value from the environment`
      : reading.fault
    problems.add({ ...given.place(), via }, given.path, fault, given.substituted ? undefined : reading.suggestion)
  }
  for (const parameter of template.parameters.values()) {
    const { name } = parameter
    if (instance.parameters.has(name)) continue
    const at = [...template.path, 'parameters', name]
    if (parameter.default !== undefined) {
      const place = () => ({ ...template.source.placeOf([...at, 'default']), via: viaInstance(instance) })
      const { default: value } = parameter
      result.set(name, {
        value,
        text: String(value),
        given: false,
        substituted: false,
        written: undefined,
        placeFor: place,
      })
    } else if (parameter.required) {
      const what = parameter.description === '' ? '' : ` (${parameter.description.replace(/\.$/, '')})`
      const via = viaTemplate(`parameter "${name}"`, template, template.source.placeOf(at, 'key'))
      const message = `the parameter "${name}" is missing: expected ${expectation(parameter)}${what}`
      problems.add({ ...instance.place(), via }, instance.pathText, message)
    }
  }
  return problems.count === before ? result : undefined
}

function toArgument(value: ParameterValue, given: Given, template: Template): Argument {
  const { substituted, written, place } = given
  const placeFor = (what: string, reference: Place) => ({ ...place(), via: viaTemplate(what, template, reference) })
  return { value, text: String(value), given: true, substituted, written, placeFor }
}

function complainUnknown(name: string, given: Given, template: Template, problems: ProblemList): void {
  const known = [...template.parameters.keys()]
  const nearest = closest(name, known)
  const list = known.length === 0 ? 'it has none' : `known are ${known.join(', ')}`
  const where = formatPlace(template.source.placeOf(template.path))
  problems.add(
    given.keyPlace(),
    given.path,
    `template "${template.name}", at ${where}, has no parameter "${name}"${nearest === undefined ? `; ${list}` : ''}`,
    nearest === undefined ? undefined : `"${nearest}"`,
  )
}
