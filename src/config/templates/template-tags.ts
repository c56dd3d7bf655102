/**
 * The tags of a device made from a template: the template's rows with the parameters filled in, then the changes that the
 * device wants. Devices for which nothing in the tags differs share one list, the very objects.
 */
import type { TagConfig } from '../config.ts'
import type { Place, ProblemList } from '../problem.ts'
import { SECRET_ASTRAY } from '../secret-places.ts'
import type { TagColumn } from '../tag-columns.ts'
import { readTagList, type TagRow } from '../tag-list.ts'
import type { Arguments } from './arguments.ts'
import { viaInstance, viaTemplate, type Instance } from './instance.ts'
import { fillIn, parametersIn } from './reference.ts'
import { mergeChanges, type TagChange } from './tag-change.ts'
import type { Template } from './template.ts'

/** One device, as far as its tags are concerned. */
export interface TagExpansion {
  readonly template: Template
  readonly given: Arguments
  readonly instance: Instance
  readonly everyMs: number
  readonly changes: readonly TagChange[]
  /** The lists made so far for these very changes. */
  readonly lists: Map<string, TagConfig[]>
}

/** The tags; those with problems are left out, and the problems are in the list. */
export function expandTags(expansion: TagExpansion, problems: ProblemList): TagConfig[] {
  const { template, given, everyMs, changes, lists } = expansion
  const differing = [...template.rowParameters.values()].flat().map((name) => given.get(name)?.text ?? null)
  const key = JSON.stringify([everyMs, ...differing])
  const known = lists.get(key)
  if (known !== undefined) return known
  refuseSecrets(expansion, problems)
  const bound = template.rows.map((row) => new BoundRow(row, expansion))
  const rows = changes.length === 0 ? bound : mergeChanges(bound, changes, template, problems)
  const { count } = problems
  const tags = readTagList(rows, {
    type: template.type,
    everyMs,
    problems,
    made: template.cache.tagsFor(everyMs),
  })
  if (problems.count === count) lists.set(key, tags) // else the next device is told, too
  return tags
}

/** What is kept secret does not become the text of a tag. */
function refuseSecrets({ template, given }: TagExpansion, problems: ProblemList): void {
  for (const name of new Set([...template.rowParameters.values()].flat())) {
    const argument = given.get(name)
    if (argument?.written?.includes('${secret:') !== true) continue
    const place = template.source.placeOf([...template.path, 'tags'])
    problems.add(argument.placeFor('tags', place), `parameters.${name}`, SECRET_ASTRAY)
  }
}

/** A row of the template, for one device. */
class BoundRow implements TagRow {
  readonly #row: TagRow
  readonly #for: TagExpansion
  /** A row without parameters is the same for all devices, so that they share its tags. */
  readonly shared: TagRow | undefined

  constructor(row: TagRow, expansion: TagExpansion) {
    this.#row = row
    this.shared = expansion.template.rowParameters.get(row)?.length === 0 ? row : undefined
    this.#for = expansion
  }

  each(visit: (column: TagColumn, text: string) => void): void {
    this.#row.each((column, text) => {
      if (!text.includes('\0')) return visit(column, text)
      const { given } = this.#for
      // What refers to a parameter that was not given is left out.
      if (parametersIn(text).some((name) => !given.has(name))) return
      const filled = fillIn(text, (name) => given.get(name)!.text).trim()
      if (filled !== '') visit(column, filled)
    })
  }

  /** Where the parameter was given; else where the template says it, at the very character. */
  placeOf(column: string, character = 1): Place {
    const { given, instance, template } = this.#for
    let text = ''
    this.#row.each((one, said) => void (one.name === column && (text = said)))
    const [name] = parametersIn(text)
    const place = this.#row.placeOf(column, name === undefined ? character : 1)
    if (name === undefined) return { ...place, via: viaInstance(instance) }
    const argument = given.get(name)
    if (argument !== undefined) return argument.placeFor(column, place)
    return { ...instance.place(), via: viaTemplate(column, template, place) }
  }

  pathOf(column: string): string {
    return this.#row.pathOf(column)
  }
}

/** A tag as its template says it, references to parameters included; by the names of the columns. */
export type TemplateTag = Readonly<Record<string, string | undefined>>

/** The tags of a template, for people who look for one. */
export function templateTags({ rows }: Template): TemplateTag[] {
  return rows.map((row) => {
    const tag: Record<string, string> = {}
    row.each((column, text) => void (tag[column.name] = fillIn(text, (name) => `\${param:${name}}`)))
    return tag
  })
}
