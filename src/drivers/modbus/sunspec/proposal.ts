/** The points of a surveyed device as tags for a configuration: what it implements and what is a value, nothing else. */
import type { ProposedTag } from '../../../core/device-entry.ts'
import type { Survey, SurveyedPoint } from './survey.ts'

/** Of points that do not change: names, versions, ratings. */
const EVERY_STATIC_MS = 3_600_000
/** Longer lists don't fit into a description. */
const MOST_CHOICES = 16

/** One tag a point that has a value; scale factors and the model's own id and length are not proposed. */
export function proposeTags({ models }: Survey): ProposedTag[] {
  return models.flatMap(({ points }) => points.filter(isValue).map(proposeTag))
}

function isValue({ address, value, status }: SurveyedPoint): boolean {
  const name = address.slice(address.indexOf('.') + 1)
  return status === 'Good' && value !== null && name !== 'ID' && name !== 'L' && !/(?:^|[._])SF$/.test(name)
}

function proposeTag(point: SurveyedPoint): ProposedTag {
  const { address, type, unit, static: isStatic } = point
  const description = describe(point)
  return {
    name: address.replace('sunspec:', '').replace('#', '-').replace(/^1\./, 'common.'),
    address,
    type,
    ...(unit === null ? {} : { unit }),
    ...(isStatic ? { everyMs: EVERY_STATIC_MS } : {}),
    ...(description === '' ? {} : { description }),
  }
}

/** The label, and what the numbers of an enumeration mean: `Operating State: 1 OFF, 2 SLEEPING, 4 MPPT`. */
function describe({ label, choices }: SurveyedPoint): string {
  const names = Object.entries(choices ?? {}).filter(([name]) => !/^RESERVED/i.test(name))
  if (names.length === 0 || names.length > MOST_CHOICES) return label ?? ''
  return `${label === null ? '' : `${label}: `}${names.map(([name, value]) => `${value} ${name}`).join(', ')}`
}
