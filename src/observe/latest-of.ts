/** The latest value of a tag as people get to see it. */
import type { LatestValue } from '../core/sink.ts'
import type { TagInfo } from '../core/tags.ts'
import type { Gateway } from '../gateway.ts'

/** What is known of the tag now; where it comes from a gateway that is away, with the status that says so. */
export function latestOf({ store, receiver }: Gateway, { id, device }: TagInfo): LatestValue {
  const latest = store.latest.get(id)
  return receiver === undefined ? latest : receiver.devices.vouch(device, latest)
}
