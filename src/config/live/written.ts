/** The configuration that runs as it is written: the very files that it was read from, whatever is on the disk by now. */
import { dirname } from 'node:path'
import type { Config, ConfigSources } from '../config.ts'
import { EditedFiles } from '../edit/edited-files.ts'
import { placesOfTags } from '../edit/owner.ts'
import { withFiles, type FileTexts } from '../file-reading.ts'
import { ownedObjects, type OwnedObject } from '../owned-settings.ts'
import { renderBeside } from './rendered.ts'
import { writtenList, type WrittenList } from '../tag-exchange/written-list.ts'

export class WrittenConfig {
  readonly #main: string
  readonly #files: FileTexts
  readonly #sources: ConfigSources

  constructor(main: string, files: FileTexts, sources: ConfigSources) {
    this.#main = main
    this.#files = files
    this.#sources = sources
  }

  /** One object (`press-1`, `press-1/level`, `store`) with the place of each of its settings. Throws NOT_FOUND. */
  object(name: string): OwnedObject {
    const [object] = this.#read(() => ownedObjects(this.#main, this.#sources, name)) as [OwnedObject]
    const settings = object.settings.map((one) => ({ ...one, origin: this.#near(one.origin) }))
    return { ...object, owner: object.owner && this.#near(object.owner), settings }
  }

  /** Where each tag of a device is written, by its name: `press-1.csv:7`. */
  tagPlaces(device: string): ReadonlyMap<string, string> {
    const places = this.#read(() => placesOfTags(device, new EditedFiles(this.#main, this.#sources)))
    return new Map([...places].map(([name, place]) => [name, this.#near(place)]))
  }

  /** The tag list of a device as it is written. Throws NOT_FOUND. */
  tagList(device: string, running: Config): WrittenList {
    return this.#read(() => writtenList(device, new EditedFiles(this.#main, this.#sources), running))
  }

  /** All of it with its templates expanded and its secrets blanked, as YAML. */
  rendered(signal: AbortSignal): Promise<string> {
    return renderBeside(this.#main, this.#files, this.#sources, signal)
  }

  /** Files are shown relative to the configuration. */
  #near(place: string): string {
    return place.replaceAll(`${dirname(this.#main)}/`, '')
  }

  #read<T>(read: () => T): T {
    return withFiles(this.#files, new Map(), read)
  }
}
