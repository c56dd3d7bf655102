/** Which options of a device or sink came from the environment or from a file: what is in them is never shown. */
import type { Places } from './places.ts'

/** `{ outside: ['password', 'tls.ca'] }`; nothing where all of them stand in the configuration itself. */
export function outsideOptions(options: unknown, places: Places): { outside?: readonly string[] } {
  const outside: string[] = []
  visit(options, '', places, outside, new Map())
  return outside.length === 0 ? {} : { outside }
}

/**
 * True where something in there is from outside. `known`: what aliases make stand in several places is walked once, and then named as a whole,
 * so that a net of aliases costs no more than its text.
 */
function visit(value: unknown, at: string, places: Places, outside: string[], known: Map<object, boolean>): boolean {
  if (typeof value !== 'object' || value === null) return false
  const before = known.get(value)
  if (before === true) outside.push(at)
  if (before !== undefined) return before
  known.set(value, false)
  let has = false
  for (const [key, inner] of Object.entries(value)) {
    const path = at === '' ? key : `${at}.${key}`
    const isOutside = places.isSubstitutedWithin(value, [Array.isArray(value) ? Number(key) : key])
    if (isOutside) outside.push(path)
    else if (!visit(inner, path, places, outside, known)) continue
    has = true
  }
  known.set(value, has)
  return has
}
