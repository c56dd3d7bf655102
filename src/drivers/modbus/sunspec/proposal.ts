/** The points of a surveyed device as tags for a configuration: what it implements and what is a value, nothing else. */
import type { ProposedTag } from '../../../core/device-entry.ts'
import type { Survey, SurveyedPoint } from './survey.ts'

/** Of points that do not change: names, versions, ratings. */
const EVERY_STATIC_MS = 3_600_000

/** One tag a point that has a value; scale factors and the model's own id and length are not proposed. */
export function proposeTags({ models }: Survey): ProposedTag[] {
  return models.flatMap(({ points }) => points.filter(isValue).map(proposeTag))
}

function isValue({ address, value, status }: SurveyedPoint): boolean {
  const name = address.slice(address.indexOf('.') + 1)
  return status === 'Good' && value !== null && name !== 'ID' && name !== 'L' && !/(?:^|[._])SF$/.test(name)
}

function proposeTag(point: SurveyedPoint): ProposedTag {
  const { address, type, unit, label, static: isStatic } = point
  return {
    name: address.replace('sunspec:', '').replace('#', '-').replace(/^1\./, 'common.'),
    address,
    type,
    ...(unit === null ? {} : { unit }),
    ...(isStatic ? { everyMs: EVERY_STATIC_MS } : {}),
    ...(label === null ? {} : { description: label }),
  }
}
