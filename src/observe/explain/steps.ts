/** What each step of the pipeline did with a sample, in a word and a sentence. Steps that the tag does not need say so. */
import { formatDuration } from '../../core/duration.ts'
import { Status, statusName } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import { toJsonValue, type Value } from '../../core/value.ts'
import type { SeenRow, SeenStep } from './probes.ts'

/** not-set: the tag does not need it; not-reached: an earlier step held the sample back. */
export const DECISIONS = ['not-set', 'passed', 'changed', 'held-back', 'not-reached'] as const
export type Decision = (typeof DECISIONS)[number]

export interface ExplainedStep {
  readonly name: string
  readonly decision: Decision
  readonly text: string
  readonly before: SeenRow | undefined
  readonly after: SeenRow | undefined
}

type Order = readonly { readonly name: string; readonly isNeeded: boolean }[]

/** One entry a step, in the order of the pipeline. */
export function explainSteps(order: Order, seen: readonly SeenStep[], settings: TagSettings): ExplainedStep[] {
  return order.map(({ name, isNeeded }) => {
    if (!isNeeded)
      return { name, decision: 'not-set', text: ABSENT[name] ?? 'Not set.', before: undefined, after: undefined }
    const step = seen.find((one) => one.name === name)
    if (step === undefined)
      return {
        name,
        decision: 'not-reached',
        text: 'An earlier step held it back.',
        before: undefined,
        after: undefined,
      }
    const { before, after } = step
    const decision = after === undefined ? 'held-back' : isSame(before, after) ? 'passed' : 'changed'
    return { name, decision, text: WORDS[name]?.(step, settings, decision) ?? '', before, after }
  })
}

const ABSENT: Readonly<Record<string, string>> = {
  scale: 'No scale or offset: the value is as the device has it.',
  range: 'No low or high: nothing is checked.',
  spike: 'No spike limit.',
  stale: 'No staleAfter: it does not become stale.',
  recent: 'Nothing to remember: no maxSilence.',
  deadband: 'No deadband: every value is passed on.',
  'swinging-door': 'No swinging door: every value is passed on.',
  'max-silence': 'No maxSilence: a held value is not sent again.',
}

type Words = (step: SeenStep, settings: TagSettings, decision: Decision) => string

const WORDS: Readonly<Record<string, Words>> = {
  'last-usable': ({ before, after }, _settings, decision) =>
    decision === 'changed'
      ? `The connection is lost and a value is known: the status becomes ${statusName(after!.status)}.`
      : before.status === Status.BadNoCommunication
        ? 'The connection is lost, and no value was read before.'
        : 'The connection is there: nothing to do.',
  scale: ({ before, after }, { scale = 1, offset = 0 }) =>
    before.value === undefined
      ? 'No value to scale.'
      : `${shown(before.value)} × ${scale} + ${offset} = ${after?.value === undefined ? 'no finite number' : shown(after.value)}.`,
  range: ({ before, after }, { low, high, clamp }, decision) => {
    const within = `${low ?? '−∞'} to ${high ?? '∞'}`
    if (before.value === undefined) return 'No value to check.'
    if (decision === 'passed') return `${shown(before.value)} is within ${within}, or is not judged.`
    return clamp
      ? `${shown(before.value)} is outside of ${within}: clamped to ${shown(after!.value)}.`
      : `${shown(before.value)} is outside of ${within}: kept, with the status ${statusName(after!.status)}.`
  },
  spike: ({ before, facts: { trusted, spike } }, _settings, decision) => {
    if (trusted === undefined) return 'No trusted value to compare with: taken as it is.'
    const jump = `from ${shown(trusted)} to ${shown(before.value)}`
    return decision === 'changed'
      ? `The jump ${jump} is larger than ${shown(spike)}: passed on as uncertain until the next one confirms it.`
      : `The step ${jump} is within ${shown(spike)}, or was confirmed.`
  },
  stale: (_step, { staleAfterMs = 0 }) => `Read just now; stale after ${formatDuration(staleAfterMs)} without a read.`,
  recent: () => 'Remembered, so that it can be sent again.',
  deadband: deadbandWords,
  'swinging-door': ({ before, facts: { last, deviation } }, _settings, decision) =>
    decision === 'held-back'
      ? `${shown(before.value)} lies within ${shown(deviation)} of a straight line from ${shown(last)}: held until the door closes.`
      : last === undefined
        ? 'The first value, from which a line can start: passed on.'
        : `The line from ${shown(last)} ends here, or the status changed: passed on.`,
  'max-silence': (_step, { maxSilenceMs = 0 }) =>
    `Passed on; sent again after ${formatDuration(maxSilenceMs)} without another.`,
}

function deadbandWords(
  { before, facts: { last, deadband } }: SeenStep,
  _settings: TagSettings,
  decision: Decision,
): string {
  const distance = distanceOf(before.value, last)
  const by = distance === undefined ? '' : `, ${distance} away from ${shown(last)}, which was passed on last`
  if (decision === 'held-back')
    return before.value === undefined
      ? 'The same status again and no value: held back.'
      : `${shown(before.value)}${by}: not more than the deadband of ${shown(deadband)}, held back.`
  if (last === undefined) return 'The first value: passed on.'
  return distance !== undefined && distance > Number(deadband)
    ? `${shown(before.value)}${by}: more than the deadband of ${shown(deadband)}, passed on.`
    : 'The status changed: passed on whatever the deadband says.'
}

/** Without the last digits that only floating point makes. */
function distanceOf(value: Value | undefined, last: Value | undefined): number | undefined {
  if (typeof value === 'bigint' && typeof last === 'bigint') return Number(value > last ? value - last : last - value)
  if (typeof value !== 'number' || typeof last !== 'number') return undefined
  return Number(Math.abs(value - last).toPrecision(12))
}

const shown = (value: Value | undefined): string => (value === undefined ? 'no value' : String(toJsonValue(value)))

const isSame = (before: SeenRow, after: SeenRow): boolean =>
  before.status === after.status && Object.is(toJsonValue(before.value), toJsonValue(after.value))
