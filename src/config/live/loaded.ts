/** A configuration with the very bytes that it was read from. */
import type { Config, ConfigSources } from '../config.ts'
import { withFiles, type FileTexts } from '../file-reading.ts'
import { openConfig } from '../load.ts'
import { TagListCache } from '../tag-list-cache.ts'
import { LIBRARY } from '../templates/library.ts'

export interface Loaded {
  readonly config: Config
  /** By absolute path; without the templates that come with this package. */
  readonly files: FileTexts
  /** Of what the files of its secrets held: another text where one of them is another. */
  readonly secrets: string
}

/** Reads and checks it; `instead`: what these files would hold; `gone`: those that would not be there. Throws ConfigError. */
export type LoadFiles = (instead?: FileTexts, gone?: readonly string[]) => Loaded

/**
 * How the configuration in `file` is read. `onRead`: every file that was looked at, also where one is not good; `FOLDER/*` for a folder in
 * which files were looked for.
 */
export function loaderOf(file: string, sources: ConfigSources, onRead: (paths: Iterable<string>) => void): LoadFiles {
  const tagListCache = sources.tagListCache ?? new TagListCache()
  const library = sources.library ?? LIBRARY
  return (instead = new Map(), gone = []) => {
    const read = new Map<string, Buffer>()
    const more = { gone: new Set(gone), folders: new Set<string>(), secrets: new Map<string, string>() }
    try {
      const { config } = withFiles(instead, read, () => openConfig(file, { ...sources, tagListCache }), more)
      tagListCache.settle()
      const files = new Map([...read].filter(([path]) => !path.startsWith(`${library}/`)))
      return { config, files, secrets: JSON.stringify([...more.secrets].sort()) }
    } finally {
      onRead([...read.keys(), ...more.secrets.keys(), ...[...more.folders].map((folder) => `${folder}/*`)])
    }
  }
}
