/** Where the values of a configuration stand: of a YAML file, or of a device that a template was expanded for. */
import type { Place } from './problem.ts'

export type Path = readonly PropertyKey[]

/** What the check of a schema needs to know of the values that it checks. */
export interface Places {
  /** Where the value at `path` stands; where the path leads nowhere, the innermost container that exists. */
  placeOf(path: Path, of?: 'key' | 'value'): Place
  /** True for a mapping or list that has places here. */
  knows(container: unknown): boolean
  /** The place of a path relative to a mapping or list that has places here. */
  within(container: unknown, path: Path, of?: 'key' | 'value'): Place
  /** True when the value came from the environment or a file, so that it must not be shown. */
  isSubstitutedWithin(container: unknown, path: Path): boolean
  /** The scalar as a person wrote it, with its references to the environment. */
  writtenWithin(container: unknown, path: Path): string | undefined
  /** A copy of the mapping with entries replaced: each new key takes over the place of an old one. */
  derive(
    mapping: Record<string, unknown>,
    moves: ReadonlyMap<string, { from: string; value: unknown }>,
  ): Record<string, unknown>
}
