/** What can be edited in a configuration, by the names that people know; and what can be done with it. */
import type { Choice, Plain } from './yaml-edit.ts'

/** A device, a sink, a tag of a device, or a section such as `store`. */
export type ObjectName =
  | { readonly kind: 'device' | 'sink' | 'section'; readonly name: string }
  | { readonly kind: 'tag'; readonly device: string; readonly name: string }

/** Which setting of an object: `['options', 'timeout']`, `['every']`; of a tag the name of a column. */
export type Setting = readonly (string | number)[]

/**
 * `shared`: a tag list that several devices name is changed for all of them. Further ones are those of `YamlEdit`: `override`, `detach`.
 */
export type EditChoice = Choice | 'shared'

/**
 * One change. Values are written as they would stand in the file: in YAML `${NAME}` is a reference and `$$` a dollar sign.
 * `set`: a setting gets this value, whether or not it was there. `unset`: it goes, so that the default holds.
 * `add`: a further object; without `into` a device or sink goes to `conf.d/ui.yaml`, and a tag to the list of its device.
 * `remove`: the object goes; a tag list in a file of its own stays.
 */
export type ConfigEdit =
  | {
      readonly do: 'set'
      readonly object: ObjectName
      readonly setting: Setting
      readonly value: Plain
      readonly choice?: EditChoice | undefined
    }
  | {
      readonly do: 'unset'
      readonly object: ObjectName
      readonly setting: Setting
      readonly choice?: EditChoice | undefined
    }
  | {
      readonly do: 'add'
      readonly kind: 'device' | 'sink'
      /** As it would stand in the file, `name` included. */
      readonly entry: { readonly [key: string]: Plain }
      /** A file of the configuration, relative to the folder of its first one. */
      readonly into?: string | undefined
    }
  | {
      readonly do: 'add'
      readonly kind: 'tag'
      readonly device: string
      readonly entry: { readonly [key: string]: Plain }
      readonly choice?: EditChoice | undefined
    }
  | { readonly do: 'remove'; readonly object: ObjectName; readonly choice?: EditChoice | undefined }

/** `device press-1`, `tag press-1/level`, `section store`. */
export const formatObject = (object: ObjectName): string =>
  object.kind === 'tag' ? `tag ${object.device}/${object.name}` : `${object.kind} ${object.name}`
