/** Finds the member of an array or structure that a tag stands for: `[3]`, `speed`, `axes[2].position`. */
import { fieldTypeOf, isLongValue } from './value.ts'

/** A value on the way to its member. `builtIn`: its type where it is known; `dimensions`: of a matrix, row by row. */
export interface Found {
  readonly raw: unknown
  readonly builtIn: number | undefined
  readonly dimensions?: readonly number[] | undefined
}

/** The member; undefined where there is none: an index beyond the end, a field of another name. */
export function memberOf(value: Found, path: readonly (readonly number[] | string)[]): Found | undefined {
  let found: Found | undefined = value
  for (const step of path) {
    if (found === undefined || found.raw === null || found.raw === undefined) return undefined
    found = typeof step === 'string' ? fieldOf(found.raw, step) : elementOf(found, step)
  }
  return found
}

function elementOf({ raw, builtIn, dimensions }: Found, index: readonly number[]): Found | undefined {
  if ((!Array.isArray(raw) && !ArrayBuffer.isView(raw)) || isLongValue(raw, builtIn)) return undefined
  const items = raw as ArrayLike<unknown>
  const at = flatIndex(index, dimensions)
  return at === undefined || at >= items.length ? undefined : { raw: items[at], builtIn }
}

/** The place in a matrix that lies row by row (OPC 10000-6, 5.2.2.16); undefined: outside, or another number of dimensions. */
function flatIndex(index: readonly number[], dimensions: readonly number[] | undefined): number | undefined {
  if (index.length === 1) return index[0]
  if (dimensions?.length !== index.length) return undefined
  let at = 0
  for (const [level, size] of dimensions.entries()) {
    if (index[level]! >= size) return undefined
    at = at * size + index[level]!
  }
  return at
}

/** The library writes the first letter of a field small; people write it as the server shows it. */
function fieldOf(raw: unknown, name: string): Found | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined
  const record = raw as Record<string, unknown>
  const small = name.charAt(0).toLowerCase() + name.slice(1)
  const key = Object.hasOwn(record, name) ? name : small
  if (!Object.hasOwn(record, key)) return undefined
  return { raw: record[key], builtIn: fieldTypeOf(raw, key) ?? fieldTypeOf(raw, name) }
}
