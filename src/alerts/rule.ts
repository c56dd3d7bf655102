/** What a local alert is, and what it finds. */
import type { Severity } from '../core/alerts.ts'
import type { Facts, SinkFacts } from './facts.ts'
import type { Losses } from './losses.ts'

/** One thing that is wrong now. The same labels are the same thing. */
export interface Finding {
  readonly labels: Readonly<Record<string, string>>
  /** What is wrong, for people, in one sentence. */
  readonly summary: string
}

export interface Rule {
  readonly alert: string
  readonly severity: Severity
  /** How long it has to last before anybody is told. */
  readonly forMs: number
  /** What happened, not what lasts: nobody is told that it is over. */
  readonly isEvent?: true
  /** No rule of Prometheus has this name: only the gateway itself can know. */
  readonly isLocal?: true
  /** What to look at first. */
  readonly next: string
  find(facts: Facts, losses: Losses): readonly Finding[]
}

export const SECOND_MS = 1000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export const sinkLabels = ({ name, kind }: SinkFacts) => ({ sink: name, kind })

/** One finding without labels, where something is wrong with the gateway as a whole. */
export const ofGateway = (isWrong: boolean, summary: () => string): readonly Finding[] =>
  isWrong ? [{ labels: {}, summary: summary() }] : []

export const isoOf = (at: number): string => new Date(at).toISOString()
