/**
 * How the values of one tag come from the server, for people: the subscription and the monitored item with what the server revised
 * (OPC 10000-4, 5.13.2 and 5.14.2), and what it reported last.
 */
import type { SourceFacts } from '../../../core/driver.ts'
import { statusName } from '../../../core/status.ts'
import type { TagId } from '../../../core/value.ts'
import type { OpcuaOptions } from '../options.ts'
import type { Subscription } from './subscription.ts'

/** Undefined: this subscription does not watch it. */
export function watchedSource(subscription: Subscription, tag: TagId, options: OpcuaOptions): SourceFacts | undefined {
  const item = subscription.plan.items.find(({ wanted }) => wanted.some((one) => one.tag === tag))
  if (item?.serverId === undefined) return undefined
  const deadband = item.wanted.find((one) => one.tag === tag)?.deadband
  const { last } = item
  return {
    service: 'Publish',
    subscription: subscription.id,
    'publishing interval ms': subscription.publishMs,
    'keep-alive ms': subscription.keepAliveMs,
    'last notification': subscription.sequence ?? null,
    'last heard': wallTime(subscription.heardAt),
    'monitored item': item.serverId,
    node: item.nodeId.toString(),
    'sampling interval ms': item.samplingMs,
    'queue size': options.queueSize,
    trigger: options.trigger,
    'deadband of the server': item.filtered ? (deadband ?? null) : null,
    'reported status': last === undefined ? null : statusName(last.statusCode.value),
    'reported source time': last?.sourceTimestamp?.toISOString() ?? null,
    'reported server time': last?.serverTimestamp?.toISOString() ?? null,
    'reported at': item.lastAt > 0 ? wallTime(item.lastAt) : null,
  }
}

const wallTime = (monotonic: number): string => new Date(Date.now() - (performance.now() - monotonic)).toISOString()
