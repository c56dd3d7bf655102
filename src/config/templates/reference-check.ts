/** References to parameters that stand where there is no such parameter: in a template, and outside of all templates. */
import type { Path } from '../places.ts'
import type { ProblemList } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { formatPath, UNRESOLVED, type YamlMapping, type YamlSource } from '../yaml-source.ts'
import type { Parameter } from './parameter.ts'
import { parametersIn } from './reference.ts'
import type { TemplatePlace } from './template.ts'

/** Complains about references to parameters that do not exist; returns those that are used. */
export function checkReferences(
  mapping: YamlMapping,
  known: ReadonlyMap<string, Parameter>,
  { source, path: top, loading }: TemplatePlace,
): Set<string> {
  const used = new Set<string>()
  for (const key of ['name', 'summary', 'source', 'parameters', 'driver'])
    refuseReferences(mapping[key], [...top, key], source, loading.problems, 'has no parameters')
  const seen = new Set<object>() // aliases make one mapping stand in many places
  const walk = (value: unknown, path: Path): void => {
    if (typeof value === 'object' && value !== null) {
      if (seen.has(value)) return
      seen.add(value)
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, Array.isArray(value) ? Number(key) : key])
      return
    }
    for (const name of typeof value === 'string' ? parametersIn(value) : []) {
      used.add(name)
      if (known.has(name)) continue
      const nearest = closest(name, known.keys())
      const list = known.size === 0 ? 'it has none' : `known are ${[...known.keys()].join(', ')}`
      loading.problems.add(
        source.placeOf(path),
        formatPath(path),
        `this template has no parameter "${name}"${nearest === undefined ? `; ${list}` : ''}`,
        nearest === undefined ? undefined : `"${nearest}"`,
      )
    }
  }
  for (const key of ['options', 'every', 'tags']) walk(mapping[key], [...top, key])
  return used
}

/** Complains about references where there are no parameters, and takes them out so that nobody else does. */
export function refuseReferences(
  value: unknown,
  path: Path,
  source: YamlSource,
  problems: ProblemList,
  why = 'stands in no template: `${param:…}` has a value only there',
  seen = new Set<object>(), // aliases make one mapping stand in many places
): void {
  if (typeof value === 'string' && parametersIn(value).length > 0)
    problems.add(source.placeOf(path), formatPath(path), `this ${why}`)
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  for (const [key, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key
    refuseReferences(inner, [...path, step], source, problems, why, seen)
    if (typeof inner === 'string' && parametersIn(inner).length > 0) (value as YamlMapping)[key] = UNRESOLVED
  }
}
