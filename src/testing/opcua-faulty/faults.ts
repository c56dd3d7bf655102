/**
 * What goes wrong. A rule is `{ service, … }` with the name of a service ("Read", "Publish", "*" is any) and holds for `times` requests, else until
 * `clear`. Before the service is carried out: `status` answers a ServiceFault with that code instead; `silent` never answers; `delayMs`
 * begins that much later; `close` resets the connection. On the answer: `fewer` cuts results off the end, `more` repeats the last,
 * `itemStatus` stands in each result, `value` `{ type, value }` in each DataValue, `answer` sends another response by its name.
 *
 * Publishing: "on"; "silent" does not publish, not even keep-alives, while the channel and all other services go on; "frozen" sends
 * keep-alives and holds changes back; "lossy" sends keep-alives and throws changes away; "stale" goes on publishing, but always the
 * values of the moment it began. `gap` takes that many notification messages out, so that the next sequence number jumps: Republish has them.
 */
import { DataType, StatusCodes, type StatusCode } from 'node-opcua-client'
import { coerceStatusCode } from 'node-opcua-status-code'

export interface Rule {
  readonly service: string
  times?: number
  readonly status?: string | number
  readonly silent?: boolean
  readonly delayMs?: number
  readonly close?: boolean
  readonly fewer?: number
  readonly more?: number
  readonly itemStatus?: string | number
  readonly value?: { readonly type: keyof typeof DataType; readonly value: unknown }
  readonly answer?: string
}

export type Publishing = 'on' | 'silent' | 'frozen' | 'lossy' | 'stale'

export interface Faults {
  rules: Rule[]
  publishing: Publishing
  /** Notification messages that are still to be taken out, and whether Republish has forgotten them. */
  gap: number
  forget: boolean
  /** Of all times that go out. */
  skewMs: number
  /** Changes thrown away, and notification messages taken out. */
  lost: number
  taken: number
  /** How often each service was asked for. */
  readonly asked: Map<string, number>
  /** The rule for a request; used up when its `times` are over. */
  take(service: string): Rule | undefined
}

export function createFaults(): Faults {
  return {
    rules: [],
    publishing: 'on',
    gap: 0,
    forget: false,
    skewMs: 0,
    lost: 0,
    taken: 0,
    asked: new Map(),
    take(service) {
      const rule = this.rules.find((one) => one.service === service || one.service === '*')
      if (rule?.times !== undefined && --rule.times <= 0) this.rules = this.rules.filter((one) => one !== rule)
      return rule
    },
  }
}

/** By name or number; a number that the standard does not know goes out as it is. */
export function toStatus(named: string | number): StatusCode {
  if (typeof named === 'string') return StatusCodes[named as keyof typeof StatusCodes] as StatusCode
  const known = coerceStatusCode(named)
  if (known.value === named) return known
  return Object.create(StatusCodes.Bad, { value: { value: named }, name: { value: 'Unknown' } }) as StatusCode
}
