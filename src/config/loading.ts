/** What the parts of the loader share while one configuration is read. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ConfigSources, DeviceConfig, TagConfig } from './config.ts'
import type { NamedFiles } from './named-files.ts'
import type { Path, Places } from './places.ts'
import type { ProblemList } from './problem.ts'
import type { SecretFiles } from './secret-files.ts'
import { closest } from './suggestion.ts'
import type { YamlSource } from './yaml-source.ts'

/** The registries, the parsed file, where problems go, and how files named in it are found. */
export interface Loading extends ConfigSources {
  /** The file that is read now: each of those that are included has its own. */
  readonly source: YamlSource
  readonly secrets: SecretFiles
  /** Told of each file that is read, absolute. */
  readonly onFile: (file: string) => void
  readonly problems: ProblemList
  /** Told of each device, with its settings as they are before the driver's defaults; for those who write them out. */
  readonly onDevice?: ((device: WrittenDevice) => void) | undefined
  /** Tag lists read from files so far, or why one cannot be read; `loadDevices` knows the key. */
  readonly tagLists: Map<string, TagConfig[] | string>
  /** Those that options name. */
  readonly files: NamedFiles
  /** The path by which a file named in the configuration is opened: relative ones stand beside the configuration. */
  openPath(file: string): string
  /** The same for messages: relative when the configuration's own path was given so. */
  showPath(file: string): string
}

/** A device with where it came from. */
export interface WrittenDevice {
  readonly config: DeviceConfig
  /** In words: `bifrost.yaml:12:5`, `meters.csv:4:1, template "x" (templates/x.yaml)`. */
  readonly origin: string
  /** Its `options`, and where each of them came from. */
  readonly options: unknown
  readonly places: Places
  readonly path: Path
  /** What was said beside the options (`every`, `area` …), within `places`. */
  readonly mapping: Readonly<Record<string, unknown>>
}

/** A file of the same folder with a similar name, in the way that `shown` names the file. */
export function closestFile(file: string, shown = file): string | undefined {
  try {
    const nearest = closest(file.split('/').at(-1)!, readdirSync(dirname(file)))
    return nearest === undefined ? undefined : join(dirname(shown), nearest)
  } catch {
    return undefined // the folder does not exist either: there is nothing to suggest
  }
}
