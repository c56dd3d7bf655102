/**
 * From what is wrong now to alerts: one that lasts as long as its rule asks is firing, one that is over is resolved. Alerts of devices in
 * maintenance go on, but are silent. Those that were firing when the gateway stopped are known at the next start, so that nobody is told twice.
 */
import { createHash } from 'node:crypto'
import type { Severity } from '../core/alerts.ts'
import type { Facts } from './facts.ts'
import type { Losses } from './losses.ts'
import type { Finding, Rule } from './rule.ts'
import { RULES } from './rules.ts'

export interface Alert {
  /** The same for the same rule and labels. */
  readonly id: string
  readonly alert: string
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  /** What is wrong, and what to look at first. */
  readonly summary: string
  readonly next: string
  readonly isEvent: boolean
  readonly state: 'pending' | 'firing' | 'resolved'
  /** Since when it is wrong, and when it was over; ms since 1970. */
  readonly since: number
  readonly endedAt: number | undefined
  /** Why nobody is told, in words; undefined: they are. */
  readonly silence: string | undefined
}

/** Why nobody is told of something with these labels; undefined: they are. */
export type SilenceOf = (labels: Readonly<Record<string, string>>) => string | undefined

/** Of one rule; a fleet that is down beyond that is one alert more, with the number. */
export const MOST_OF_A_RULE = 1000

interface Held {
  readonly alert: Alert
  /** When it was first seen, on the clock that only goes forward; before the start where it is known from the file. */
  readonly seenAt: number
}

export class Evaluator {
  readonly #rules: readonly Rule[]
  #held: Map<string, Held>

  constructor(kept: readonly Alert[] = [], rules: readonly Rule[] = RULES) {
    this.#rules = rules
    const known = new Set(rules.map(({ alert }) => alert))
    this.#held = new Map(
      kept.filter(({ alert }) => known.has(alert)).map((alert) => [alert.id, { alert, seenAt: -Infinity }]),
    )
  }

  /** Pending and firing ones. */
  get alerts(): readonly Alert[] {
    return [...this.#held.values()].map(({ alert }) => alert)
  }

  /** Looks once; returns those that are over since the look before. `monotonic` as the clock says. */
  look(facts: Facts, losses: Losses, silenceOf: SilenceOf, monotonic: number): readonly Alert[] {
    losses.begin(monotonic)
    const held = new Map<string, Held>()
    for (const rule of this.#rules) {
      for (const finding of bounded(rule, rule.find(facts, losses))) {
        const id = idOf(rule.alert, finding.labels)
        const before = this.#held.get(id)
        const seenAt = before?.seenAt ?? monotonic
        const isFiring = before?.alert.state === 'firing' || monotonic - seenAt >= rule.forMs
        const { alert, severity, next } = rule
        const { labels, summary } = finding
        const state = isFiring ? 'firing' : 'pending'
        const since = before?.alert.since ?? facts.now
        const silence = silenceOf(labels)
        held.set(id, { seenAt, alert: { id, alert, severity, labels, summary, next, isEvent: rule.isEvent === true, state, since, endedAt: undefined, silence } }) // prettier-ignore
      }
    }
    const over = [...this.#held.values()].flatMap(({ alert }) =>
      alert.state === 'firing' && !held.has(alert.id)
        ? [{ ...alert, state: 'resolved' as const, endedAt: facts.now }]
        : [],
    )
    this.#held = held
    return over
  }
}

function bounded(rule: Rule, findings: readonly Finding[]): readonly Finding[] {
  const more = findings.length - MOST_OF_A_RULE
  if (more <= 0) return findings
  const rest = { labels: { device: '_other' }, summary: `${more} more of ${rule.alert}.` }
  return [...findings.slice(0, MOST_OF_A_RULE), rest]
}

/** Alertmanager calls it the fingerprint: 16 hexadecimal digits. */
const idOf = (alert: string, labels: Readonly<Record<string, string>>): string =>
  createHash('sha256')
    .update(JSON.stringify([alert, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('hex')
    .slice(0, 16)
