/** What is written beside a node of the flow: how much, and how long ago. */
import { formatCount, formatDuration, formatRate } from '../../../format.ts'
import { overviewStrings } from '../../../strings/overview.ts'
import type { FlowNode } from './flow.ts'

const strings = overviewStrings.flow

export const rateText = ({ rate }: FlowNode): string =>
  rate === null ? strings.noRate : rate === 0 ? strings.noData : strings.rate(formatRate(rate))

/** In short, for the picture. */
export const ageOf = ({ at }: FlowNode, now: number): string =>
  at === null ? strings.noRate : formatDuration(Math.max(0, now - at))

export function ageText(node: FlowNode, now: number): string {
  const { kind, at, pending, rate } = node
  const age = ageOf(node, now)
  // Of devices of other gateways neither is known here.
  if (kind === 'device' && at === null) return rate === null ? strings.noRate : strings.never
  if (kind === 'device') return strings.agedDevice(age)
  const last = at === null ? strings.neverDelivered : strings.agedSink(age)
  return pending === 0 ? last : `${last}, ${strings.waits(formatCount(pending))}`
}
