/** What an option's schema says beside its type: marked `secret`, `file` or `folder`; and how the schema of an option is found. */
import { z } from 'zod'
import type { Path } from './places.ts'

/** The schema itself and what its wrappers (optional, default, prefault, nullable, pipe …) hold, outermost first. */
export function layersOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const layers: z.core.$ZodType[] = []
  let current: z.core.$ZodType | undefined = schema
  while (current !== undefined) {
    layers.push(current)
    const definition = current._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType }
    current = definition.innerType ?? definition.in
  }
  return layers
}

/** The object schema inside optional, default and the like; undefined when there is none. */
export function objectIn(schema: z.core.$ZodType): z.ZodObject | undefined {
  const unwrapped = layersOf(schema).at(-1)
  return unwrapped instanceof z.ZodObject ? unwrapped : undefined
}

/** The schema of an option. What every object inherits, such as `constructor`, is none. */
export const optionOf = (shape: z.ZodObject['shape'], key: string): z.core.$ZodType | undefined =>
  Object.hasOwn(shape, key) ? shape[key] : undefined

/** True when the option is marked `.meta({ secret: true })`. */
export const isSecret = (schema: z.core.$ZodType): boolean => isMarked(schema, 'secret')

/** True when the option is marked `.meta({ file: true })`: the path of a file that is read when it is needed. */
export const isFile = (schema: z.core.$ZodType): boolean => isMarked(schema, 'file')

/** True when the option is marked `.meta({ folder: true })`: the path of a folder that is used when it is needed. */
export const isFolder = (schema: z.core.$ZodType): boolean => isMarked(schema, 'folder')

/** True when the path leads to an option that is marked secret. */
export function isSecretAt(schema: z.core.$ZodType, path: Path): boolean {
  let current: z.core.$ZodType | undefined = schema
  for (const step of path) {
    const shape: z.ZodObject['shape'] | undefined = current && objectIn(current)?.shape
    current = shape && optionOf(shape, String(step))
    if (current !== undefined && isSecret(current)) return true
  }
  return false
}

const isMarked = (schema: z.core.$ZodType, mark: 'secret' | 'file' | 'folder'): boolean =>
  layersOf(schema).some((layer) => z.globalRegistry.get(layer)?.[mark] === true)
