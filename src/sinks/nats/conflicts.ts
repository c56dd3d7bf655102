/** Tags that could not be told apart on NATS: `check` names them. */
import type { TagInfo } from '../../core/tags.ts'
import type { NatsOptions } from './options.ts'
import { parseSubject, subjectOf, subjectRefusal } from './subject.ts'

/** Two tags with one subject, or a subject that cannot be. Unit and type are not known here and don't tell tags apart. */
export function conflicts(
  { subject, dots }: NatsOptions,
  tags: readonly { device: string; name: string }[],
): readonly string[] {
  const template = parseSubject(subject)
  const owner = new Map<string, string>()
  const sentences: string[] = []
  for (const { device, name } of tags) {
    const own = `"${device}/${name}"`
    const where = subjectOf(template, { device, settings: { name } } as TagInfo, 'log', dots)
    const refusal = subjectRefusal(where)
    if (refusal !== undefined) sentences.push(`${own}: ${refusal}`)
    const other = owner.get(where)
    if (other !== undefined) sentences.push(`${other} and ${own} would share the subject "${where}"`)
    else owner.set(where, own)
  }
  return sentences
}

/** How many subjects these tags go to. */
export function subjectCount(
  { subject, dots }: NatsOptions,
  tags: readonly { device: string; name: string }[],
): number {
  const template = parseSubject(subject)
  const subjects = tags.map(({ device, name }) =>
    subjectOf(template, { device, settings: { name } } as TagInfo, 'log', dots),
  )
  return new Set(subjects).size
}
