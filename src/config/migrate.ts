/**
 * Brings a configuration file to the newest version of the format. There is one, 1: the only thing that can be missing is the line that says
 * so. Steps from one version to the next will stand here, each an edit of the text, when there is a second one.
 */
import type { ConfigSources } from './config.ts'
import { EditedFiles, type FileChange } from './edit/edited-files.ts'

/** The version of the format that this package reads and writes. */
export const FORMAT_VERSION = 1

export interface Migration {
  /** What the file says; undefined: nothing. */
  readonly from: unknown
  readonly to: number
  /** What would change; none where it is the newest version already. */
  readonly changes: readonly FileChange[]
}

/** Throws ConfigError where the file is of a version that is not known, or is not valid after the migration. Nothing is written. */
export function migrateConfig(file: string, sources: ConfigSources): Migration {
  const files = new EditedFiles(file, sources)
  const [main] = files.parts
  const { version } = main.root
  if (version === undefined)
    files.editYaml(main.file, main.source.file, [
      { kind: 'set', path: ['version'], value: FORMAT_VERSION, after: null },
    ])
  files.load()
  return { from: version, to: FORMAT_VERSION, changes: files.changes }
}
