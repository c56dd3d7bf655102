/**
 * What is written to an events tag to do something about a condition (OPC 10000-9, 5.5 to 5.8), as JSON:
 *
 *     {"acknowledge": WHICH, "comment": "seen"}     also confirm, comment (addComment), enable, disable, unshelve
 *     {"shelve": WHICH, "for": "10m"}                without `for`: until the alarm has ended once (one shot)
 *
 * WHICH: the EventId of an event (base64, its `id`), the id of a condition, its name, or its source and name, `Tank 1/Level high`.
 * `condition` names the condition of an EventId that the gateway has not heard itself.
 */
import { formatDuration, parseDuration } from '../../core/duration.ts'

const ACTIONS = ['acknowledge', 'confirm', 'addComment', 'enable', 'disable', 'shelve', 'unshelve'] as const

export type ConditionAction = (typeof ACTIONS)[number]

export interface ConditionCommand {
  readonly action: ConditionAction
  readonly which: string
  readonly comment: string
  /** ConditionId, as nodes are written. */
  readonly condition: string | undefined
  readonly forMs: number | undefined
}

const EXPECTED = 'Expected JSON such as {"acknowledge": "Level high", "comment": "seen"}'
const MOST_CHARACTERS = 4096

/** The command, or a sentence that says what is wrong with it. */
export function parseConditionCommand(text: string): ConditionCommand | string {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return `${EXPECTED}; this is no JSON.`
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return `${EXPECTED}.`
  const { comment = '', condition, for: duration, ...rest } = given as Record<string, unknown>
  const [[action, which] = ['', undefined], ...more] = Object.entries(rest)
  if (!isAction(action) || more.length > 0) return `${EXPECTED}: one of ${ACTIONS.join(', ')}.`
  if (typeof which !== 'string' || which === '')
    return `"${action}" takes the EventId of an event or the name or id of a condition, as text.`
  if (typeof comment !== 'string' || comment.length > MOST_CHARACTERS)
    return `"comment" takes text of at most ${MOST_CHARACTERS} characters.`
  if (condition !== undefined && typeof condition !== 'string')
    return '"condition" takes the id of a condition, as text.'
  if (action === 'addComment' && comment === '') return '"addComment" needs a "comment".'
  if (duration !== undefined && action !== 'shelve') return '"for" goes with "shelve".'
  const forMs = duration === undefined ? undefined : durationOf(duration)
  if (duration !== undefined && !(forMs !== undefined && forMs > 0))
    return '"for" takes a duration such as "10m" or "2h".'
  return { action, which, comment, condition, forMs }
}

const isAction = (text: string): text is ConditionAction => (ACTIONS as readonly string[]).includes(text)

const durationOf = (given: unknown): number | undefined =>
  typeof given === 'number' ? given : typeof given === 'string' ? parseDuration(given) : undefined

const DONE: Readonly<Record<ConditionAction, string>> = {
  acknowledge: 'Acknowledged',
  confirm: 'Confirmed',
  addComment: 'Commented on',
  enable: 'Enabled',
  disable: 'Disabled',
  shelve: 'Shelved',
  unshelve: 'Unshelved',
}

/** `Acknowledged Level high of Tank 1.`, for the record. */
export function describeDone({ action, forMs, comment }: ConditionCommand, condition: string): string {
  const time =
    action !== 'shelve' ? '' : forMs === undefined ? ' until it has ended once' : ` for ${formatDuration(forMs)}`
  return `${DONE[action]} ${condition}${time}${comment === '' ? '' : ` with the comment "${comment}"`}.`
}
