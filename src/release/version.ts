/** Semantic versions (SemVer 2.0.0) as far as a release needs them: is it one, and which is newer (clause 11). */

const SEMVER =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

/** True for `1.2.3`, `1.2.3-rc.1` and `1.2.3+build`; such a text is also safe as the name of a folder. */
export const isVersion = (text: string): boolean => text.length <= 64 && SEMVER.test(text)

/** Negative where `a` is older than `b`, 0 where neither is, positive where it is newer. Build metadata does not count. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)]
  for (const at of [0, 1, 2]) {
    const difference = one.numbers[at]! - other.numbers[at]!
    if (difference !== 0) return difference
  }
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length
  for (let at = 0; at < Math.max(one.pre.length, other.pre.length); at++) {
    const difference = comparePart(one.pre[at], other.pre[at])
    if (difference !== 0) return difference
  }
  return 0
}

function partsOf(version: string): { numbers: readonly number[]; pre: readonly string[] } {
  const match = SEMVER.exec(version)
  if (match === null) throw new RangeError(`${JSON.stringify(version)} is not a version such as 1.2.3`)
  return { numbers: match.slice(1, 4).map(Number), pre: match[4]?.split('.') ?? [] }
}

/** Fewer parts are older; numbers are older than words, and are compared as numbers. */
function comparePart(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1
  const [isNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)]
  if (isNumber && otherIsNumber) return Number(one) - Number(other)
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1
  return one < other ? -1 : one > other ? 1 : 0
}
