/** The library of known devices: one file a device in `templates/` of this package, read when something refers to it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { templatesFolder } from '../../core/package-files.ts'

/** The folder of the library that comes with the gateway. */
export const LIBRARY = templatesFolder

/** The names of all templates of a library, in order. */
export function libraryNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => file.slice(0, -'.yaml'.length))
      .sort()
  } catch {
    return [] // a gateway without its library: names are unknown then, which is said where one is used
  }
}

/** The file of a template of the library. */
export const libraryFile = (folder: string, name: string): string => join(folder, `${name}.yaml`)
