/** The series of the gateway's own log. */
import { DROP_REASONS } from '../core/log.ts'
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

type Book = Gateway['logbook']

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export function messages(out: Exposition, { counts }: Book): void {
  for (const [component, all] of counts.all) for (const level of LEVELS) out.sample({ level, component }, all[level])
}

export function messagesDropped(out: Exposition, { dropped }: Book): void {
  for (const reason of DROP_REASONS) out.sample({ reason }, dropped[reason])
}

export function messagePatterns(out: Exposition, { patterns }: Book): void {
  for (const [pattern, count] of patterns.counts) out.sample({ pattern }, count)
}
