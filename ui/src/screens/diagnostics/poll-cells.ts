/** The cells of the heat map: their colours and their words. */
import type { Operations } from '../../api/operations.ts'
import { formatCount } from '../../format.ts'
import { diagnosticStrings } from '../../strings/diagnostics.ts'

const strings = diagnosticStrings.polls

type Answer = Operations['GET /api/v1/diagnostics/polls']['answer']
export type PollDevice = Answer['devices'][number]
export type PollMinute = Answer['minutes'][number]

/** Cividis: even steps of lightness to every eye, colour-blind ones too. The last is for a poll that took its whole interval. */
export const RAMP = ['#00224e', '#123570', '#3b496c', '#575d6d', '#707173', '#8a8678', '#a59c74', '#c3b369', '#e1cc55', '#fee838'] as const // prettier-ignore

export const colourOf = (duty: number): string => RAMP[duty >= 1 ? 9 : Math.max(0, Math.min(8, Math.floor(duty * 9)))]!

export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : formatCount(Math.round(value))} ms`

/** A row as one background: a hard stop at each edge, and nothing where there was no poll, so that the hatching shows. */
export function rowBackground(duty: readonly (number | null)[]): string {
  const width = 100 / Math.max(1, duty.length)
  const stops = duty.map((share, at) => {
    const colour = share === null ? 'transparent' : colourOf(share)
    return `${colour} ${(at * width).toFixed(3)}% ${((at + 1) * width).toFixed(3)}%`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
}

/** What a cell says. */
export function cellText(device: PollDevice, at: number): string {
  const [longest, duty] = [device.maxMs[at] ?? null, device.duty[at] ?? null]
  if (longest === null) return strings.noPoll
  const skipped = device.overruns[at] ?? 0
  return [
    strings.took(ms(longest), duty === null ? diagnosticStrings.none : percent(duty), device.everyMs === null ? diagnosticStrings.none : ms(device.everyMs)), // prettier-ignore
    strings.counts(formatCount(device.polls[at] ?? 0)),
    ...(skipped > 0 ? [strings.skipped(formatCount(skipped))] : []),
  ].join('; ')
}

/** The greatest share of all minutes; null: there was no poll. */
export function worstOf({ duty }: PollDevice): number | null {
  let worst: number | null = null
  for (const share of duty) if (share !== null && share > (worst ?? -1)) worst = share
  return worst
}
