/** How node-opcua's subscriptions publish, changed in its own class: nothing outside it can tell a held-back change from none. */
import { ServerSession, Subscription } from 'node-opcua-server'
import type { Faults } from './faults.ts'

/** What is used of a subscription; most of it is not in its types. */
interface Inside {
  _tick(this: Subscription): void
  _harvestMonitoredItems(this: Subscription): void
}

let steered: Faults | undefined

/** Once in a process; the faults of the last call hold. */
export function steerPublishing(faults: Faults): void {
  const first = steered === undefined
  steered = faults
  if (!first) return
  const prototype = Subscription.prototype as unknown as Inside
  const tick = prototype._tick
  // A courtesy that the standard does not know: a session that is taken up again goes on, and nothing is said twice.
  ServerSession.prototype.resendMonitoredItemInitialValues = () => Promise.resolve()
  prototype._tick = function (this: Subscription) {
    if (steered?.publishing === 'silent') return
    if (steered?.publishing === 'lossy') throwAway(this, steered)
    tick.call(this)
  }
  for (const name of ['hasPendingNotifications', 'hasUncollectedMonitoredItemNotifications'] as const) {
    const { get } = Object.getOwnPropertyDescriptor(Subscription.prototype, name)!
    Object.defineProperty(Subscription.prototype, name, {
      configurable: true,
      get(this: Subscription) {
        const held = steered?.publishing === 'frozen' || steered?.publishing === 'lossy'
        return held ? false : (get!.call(this) as boolean)
      },
    })
  }
}

function throwAway(subscription: Subscription, faults: Faults): void {
  const { monitoredItems } = subscription as unknown as { monitoredItems: Map<number, { extractMonitoredItemNotifications(): unknown[] }> } // prettier-ignore
  for (const item of monitoredItems.values()) faults.lost += item.extractMonitoredItemNotifications().length
}
