/**
 * Where a tag stands in the address space, and by which node id. The id is device and tag as everywhere in the gateway
 * (`s=press-1/level`), whatever the folders are; so it stays when a tag gets neighbours or the gateway restarts (OPC 10000-3, 8.2).
 */

/** The folders below that of the device, and the browse name of the variable. */
export interface Place {
  readonly folders: readonly string[]
  readonly leaf: string
}

/** A slash parts; a dot too, but for the decimal one: `T1.5` is one name. */
const SEPARATOR = /\/|(?<!\d)\.|\.(?!\d)/

/** Of a name with empty parts nothing is a folder. */
export function placeOf(tag: string): Place {
  const parts = tag.split(SEPARATOR)
  if (parts.some((part) => part.trim() === '')) return { folders: [], leaf: tag }
  return { folders: parts.slice(0, -1), leaf: parts.at(-1)! }
}

/** A device's name has no slash, so that two tags never share one. */
export const variableId = (device: string, tag: string): string => `${device}/${tag}`

/** The folder of a device is named like it; one below it has a sign in front that makes it no tag of any device. */
export const folderId = (device: string, folders: readonly string[]): string =>
  folders.length === 0 ? device : `/${device}/${folders.join('/')}`

/** A property of the variable with this id; two signs, so that it is no folder either. */
export const propertyId = (variable: string, name: string): string => `//${variable}/${name}`
