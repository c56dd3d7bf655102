/** The sentences that say what is wrong with a device: what happened, the likely cause, what happens next. */
import { formatDuration } from '../core/duration.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { statusHex, statusInfo, type StatusCode } from '../core/status.ts'
import { GATEWAY } from './line-use.ts'
import type { Line } from './line.ts'
import type { PollGroup } from './poll-group.ts'
import type { SubscribedPoints } from './subscribed.ts'

/** The connection could not be made. */
export function reasonOfRefusal(device: string, error: unknown, pauseMs: number): string {
  return `${device} cannot be reached. ${sentence(messageOf(error))} ${help(error)} Next attempt in ${formatDuration(pauseMs)}.`
}

/** The connection was lost. */
export function reasonOfLoss(device: string, error: unknown, pauseMs: number): string {
  return `${device} lost its connection. ${sentence(messageOf(error))} ${help(error)} Next attempt in ${formatDuration(pauseMs)}.`
}

/** Connected, but nothing is answered. */
export function reasonOfSilence(device: string, endpoint: string, polls: number, pauseMs: number): string {
  const asked = polls === 1 ? 'the last poll' : `the last ${polls} polls`
  return (
    `${device} did not answer. ${endpoint} accepts the connection, but no request of ${asked} got an answer from the device ` +
    `in time. Check the unit id and the device behind it. Next attempt in ${formatDuration(pauseMs)}.`
  )
}

/** Connected and answering, but not everything is as it should be; undefined when it is. */
export function reasonOfDegradation(
  device: string,
  groups: readonly PollGroup[],
  line: Line,
  nameOf: (tag: number) => string,
  detailOf: (tag: number) => string | undefined,
): string | undefined {
  const bad = groups.find((group) => group.badPolls >= TROUBLED_POLLS && group.firstBad !== undefined)
  if (bad !== undefined) {
    const { tag, status } = bad.firstBad!
    return reasonOfBadPoints(device, bad, nameOf(tag), status, detailOf(tag))
  }
  const slow = groups.find((group) => group.slowPolls >= SLOW_POLLS)
  if (slow === undefined) return undefined
  return reasonOfSlowness(device, slow, line)
}

/** Polls in a row with bad points after which a device is Degraded: one lost packet is no news. */
const TROUBLED_POLLS = 2
const SLOW_POLLS = 3

function reasonOfSlowness(device: string, group: PollGroup, line: Line): string {
  const waited = group.waitedMs >= 1 ? ` and waited ${formatDuration(group.waitedMs)} for its line` : ''
  const others = waited === '' ? '' : reasonOfEater(device, line)
  return (
    `${device} is slower than its interval. The last poll took ${formatDuration(group.durationMs)}${waited}, and one is due ` +
    `every ${formatDuration(group.everyMs)}: polls are left out.${others} Raise \`every\`, or read fewer tags at this interval.`
  )
}

/** Who takes the line's time, when it is somebody else. */
function reasonOfEater(device: string, line: Line): string {
  const eater = line.eater()
  if (eater === undefined || (eater.device === device && eater.by === GATEWAY)) return ''
  const unit = eater.unit === null ? eater.device : `unit ${eater.unit} of ${eater.device}`
  const who = eater.by === GATEWAY ? unit : `The ${eater.by} to ${unit}`
  return ` ${who} uses ${Math.round(eater.share * 100)} % of the line ${line.key}.`
}

/** Points that come by themselves and are bad; undefined when none is. */
export function reasonOfSubscribed(
  device: string,
  { points, bad }: Pick<SubscribedPoints, 'points' | 'bad'>,
  nameOf: (tag: number) => string,
  detailOf: (tag: number) => string | undefined,
): string | undefined {
  const [first] = bad
  if (first === undefined) return undefined
  const [tag, status] = first
  const of = `out of ${points.length} that it reports`
  return badPoints(device, { bad: bad.size, of, first: nameOf(tag), status, detail: detailOf(tag) })
}

function reasonOfBadPoints(
  device: string,
  group: PollGroup,
  first: string,
  status: StatusCode,
  detail: string | undefined,
): string {
  const of = `out of ${group.points.length} read every ${formatDuration(group.everyMs)}`
  return badPoints(device, { bad: group.badRows, of, first, status, detail })
}

interface BadPoints {
  readonly bad: number
  /** Out of which. */
  readonly of: string
  readonly first: string
  readonly status: StatusCode
  readonly detail: string | undefined
}

function badPoints(device: string, { bad, of, first, status, detail }: BadPoints): string {
  const info = statusInfo(status)
  const points = bad === 1 ? 'One point' : `${bad} points`
  const verb = bad === 1 ? 'is' : 'are'
  return (
    `${points} of ${device} ${verb} bad, ${of}. ` +
    `The first is ${first}: ${info.name} (${statusHex(status)}). ${detail ?? info.text}`
  )
}

/** The next step for the innermost cause that the catalogue knows. */
function help(error: unknown): string {
  let found = ''
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof GatewayError) found = cause.info.help
  }
  return found
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
