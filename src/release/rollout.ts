/** Which boxes take a release first: a number from 0 up to 100 a box and version, that stays the same whenever it is asked. */
import { createHash } from 'node:crypto'

/** The version is a part of it, so that it is not the same boxes that go first each time. */
export function rolloutPlace(boxId: string, version: string): number {
  const digest = createHash('sha256').update(`${boxId} ${version}`).digest()
  return (digest.readUInt32BE(0) / 2 ** 32) * 100
}

/** True where this box is among the first `percent`: a larger share holds every box of a smaller one. */
export const isInRollout = (boxId: string, version: string, percent: number | undefined): boolean =>
  percent === undefined || rolloutPlace(boxId, version) < percent
