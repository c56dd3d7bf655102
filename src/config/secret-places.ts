/**
 * Where a `${secret:…}` may stand: in an option that is kept secret, or in a URL, whose password is hidden wherever it is shown. Elsewhere it
 * would be shown as the name of a host or a topic.
 */
import { z } from 'zod'
import { isSecret, layersOf, optionOf } from './option-marks.ts'
import type { Path, Places } from './places.ts'
import type { ProblemList } from './problem.ts'
import { formatPath } from './yaml-source.ts'

export const SECRET_ASTRAY =
  'a secret stands here, where it would be shown: ${secret:…} is for passwords, tokens, keys and the password of a URL'

/** What is walked: the values that were read, and where they stand. */
interface Walk {
  readonly root: unknown
  readonly source: Places
  readonly path: Path
  readonly problems: ProblemList
}

type Schema = z.core.$ZodType | undefined

/** Complains about secrets in options that are not kept secret. */
export function refuseStraySecrets(schema: z.core.$ZodType, walk: Walk): void {
  visit(schema, walk.root, [], walk, new Map())
}

/** `seen`: aliases make one mapping stand in many places. */
function visit(schema: Schema, value: unknown, at: Path, walk: Walk, seen: Map<object, Set<Schema>>): void {
  if (schema !== undefined && isSecret(schema)) return
  const inner = schema && layersOf(schema).at(-1)
  if (inner instanceof z.ZodUnknown) return // its own check comes later
  if (typeof value === 'object' && value !== null) {
    const before = seen.get(value) ?? new Set<Schema>()
    if (before.has(schema)) return
    seen.set(value, before.add(schema))
    for (const [key, one] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key
      if (typeof one === 'string' || typeof one === 'object')
        visit(schemaOf(inner, key), one, [...at, step], walk, seen)
    }
    return
  }
  if (typeof value !== 'string' || at.length === 0) return
  const { source, root, path, problems } = walk
  const written = source.isSubstitutedWithin(root, at) ? source.writtenWithin(root, at) : undefined
  if (written?.includes('${secret:') !== true || /^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(written)) return
  problems.add(source.within(root, at), formatPath([...path, ...at]), SECRET_ASTRAY)
}

function schemaOf(inner: Schema, key: string): Schema {
  if (inner instanceof z.ZodObject) return optionOf(inner.shape, key)
  if (inner instanceof z.ZodArray) return inner.element
  return inner instanceof z.ZodRecord ? inner.valueType : undefined
}
