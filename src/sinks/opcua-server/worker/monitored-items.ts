/**
 * Monitored items of our variables (OPC 10000-4, 5.13.1): every change goes to them at once, no timer samples. node-opcua does so
 * for clients that ask for sampling interval 0; a client that asks for a slower one gets changes no closer together than that. What
 * else node-opcua lacks here: it asks nobody whether a client may see the value, it copies a value three times an item, and it cannot
 * mark an overflow on a value that is not good. Version 2.186.4; `monitored-items.test.ts` notices when one of these is gone.
 */
import {
  AttributeIds,
  MonitoredItemCreateResult,
  sameVariant,
  StatusCode,
  StatusCodes,
  type DataValue,
} from 'node-opcua-client'
import { MonitoredItem, Subscription } from 'node-opcua-server'
import type { Access, Visitor } from './access.ts'
import type { Devices, PlacedTag } from './address-space.ts'
import { hasRange } from './values.ts'

/** What of a monitored item is no part of its declaration. */
interface ItemParts {
  readonly itemToMonitor: {
    readonly attributeId: AttributeIds
    readonly indexRange?: { isEmpty(): boolean } | null
  } | null
  readonly filter: unknown
  readonly queue: { value: DataValue }[]
  $subscription?: { $session?: object; subscriptionDiagnostics?: { monitoringQueueOverflowCount: number } }
  node: object | null
  oldDataValue: DataValue
  _exceptionBased: boolean
  _set_parameters(parameters: unknown): void
  _on_value_changed(dataValue: DataValue, indexRange?: unknown): void
  _setOverflowBit(notification: { value?: DataValue }): void
  _enqueue_notification(notification: unknown): void
  _makeDataChangeNotification(dataValue: DataValue): unknown
  triggerLinkedItems(): void
}

/** As it stands in a request. */
const VALUE: number = AttributeIds.Value

const items = MonitoredItem.prototype as unknown as ItemParts
const subscriptions = Subscription.prototype

/** What all of this rests on. */
export const PATCHED = ['_set_parameters', '_on_value_changed', '_setOverflowBit', '_enqueue_notification', '_makeDataChangeNotification', 'triggerLinkedItems'] as const // prettier-ignore

/** Once a worker: from now on the monitored items of `devices` work as said above. */
export function takeOverMonitoredItems(devices: Devices, access: Access): void {
  const visitors = new WeakMap<object, Visitor>()
  const ours = new WeakMap<object, PlacedTag>()
  const { _set_parameters, _on_value_changed } = items
  const { preCreateMonitoredItem } = subscriptions

  subscriptions.preCreateMonitoredItem = function (space, stamps, request) {
    const { nodeId, attributeId } = request.itemToMonitor
    const placed = attributeId === VALUE ? devices.find(nodeId) : undefined
    const visitor = access.of(this.$session)
    if (devices.isHidden(nodeId, visitor)) {
      const createResult = new MonitoredItemCreateResult({ statusCode: StatusCodes.BadUserAccessDenied })
      return { createResult, monitoredItemCreateRequest: request }
    }
    const created = preCreateMonitoredItem.call(this, space, stamps, request)
    if (placed !== undefined && created.monitoredItem !== undefined) {
      ours.set(created.monitoredItem, placed)
      visitors.set(created.monitoredItem, visitor)
      ;(created.monitoredItem as unknown as ItemParts)._exceptionBased = true
    }
    return created
  }

  /** Of its session now: a subscription may go over to another one; while it has none, to that of before. */
  const visitorOf = (item: ItemParts): Visitor => {
    const session = item.$subscription?.$session
    if (session !== undefined && session !== null) visitors.set(item, access.of(session))
    return visitors.get(item)!
  }

  items._set_parameters = function (parameters) {
    _set_parameters.call(this, parameters)
    if (ours.has(this)) this._exceptionBased = true
  }

  items._on_value_changed = function (dataValue, indexRange) {
    const placed = ours.get(this)
    const isOurs = placed !== undefined
    if (isOurs && !visitorOf(this).mayRead(placed.rights)) return
    // Part of a text, a deadband, another trigger: node-opcua's own way.
    if (!isOurs || this.filter !== null || this.itemToMonitor === null || hasRange(this.itemToMonitor.indexRange))
      return _on_value_changed.call(this, dataValue, indexRange)
    const before = this.oldDataValue
    if (before.statusCode.value === dataValue.statusCode.value && sameVariant(before.value, dataValue.value)) return
    this.triggerLinkedItems()
    this.oldDataValue = dataValue
    this._enqueue_notification(this._makeDataChangeNotification(dataValue))
  }

  items._setOverflowBit = function ({ value }) {
    if (value !== undefined)
      value.statusCode = StatusCode.makeStatusCode(value.statusCode, 'Overflow | InfoTypeDataValue')
    const diagnostics = this.$subscription?.subscriptionDiagnostics
    if (diagnostics !== undefined) diagnostics.monitoringQueueOverflowCount++
  }
}
