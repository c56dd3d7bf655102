/** Two tags that would meet in one place at the far side, where nobody could tell whose a sample is. */
import type { TagInfo } from '../../core/tags.ts'
import type { DataType } from '../../core/value.ts'

/** Unit and type are not known when a configuration is checked, and tell no tags apart. */
const ANY_SETTINGS = { address: '', type: 'float64' as DataType, everyMs: 0, clamp: false, writable: false }

/** A sentence for each meeting; `placesOf` says where the samples of a tag go, `what` what such a place is. */
export function sharedPlaces(
  tags: readonly { device: string; name: string }[],
  placesOf: (info: TagInfo) => readonly string[],
  what: string,
): string[] {
  const owners = new Map<string, string>()
  const sentences: string[] = []
  for (const { device, name } of tags) {
    const own = `"${device}/${name}"`
    for (const place of placesOf({ id: 0, device, settings: { ...ANY_SETTINGS, name } })) {
      const owner = owners.get(place)
      if (owner === undefined) owners.set(place, own)
      else sentences.push(`${owner} and ${own} would share the ${what} ${place}`)
    }
  }
  return sentences
}
