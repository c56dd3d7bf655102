/** What the server can do and how much of it, as clients read it (OPC 10000-5, 6.3.2 and 6.3.11; OPC 10000-11, 5.4). */
import { DataType, Variant } from 'node-opcua-client'
import type { OPCUAServerOptions, ServerEngine } from 'node-opcua-server'
import type { OpcuaServerOptions } from '../options.ts'

/** node-opcua's own bound on the queue of a monitored item. */
const LONGEST_QUEUE = 5000
const MIN_SUPPORTED_SAMPLE_RATE = 'i=2272'

export function limitsOf({ limits }: OpcuaServerOptions): OPCUAServerOptions {
  const perCall = limits.nodesPerCall
  return {
    serverCapabilities: {
      // Every change is told; a client that wants fewer asks for a sampling interval.
      minSupportedSampleRate: 0,
      maxSessions: limits.sessions,
      maxSubscriptions: limits.subscriptions,
      maxSubscriptionsPerSession: limits.subscriptions,
      maxMonitoredItems: limits.monitoredItems,
      maxMonitoredItemsPerSubscription: limits.monitoredItems,
      maxMonitoredItemsQueueSize: LONGEST_QUEUE,
      maxStringLength: limits.stringBytes,
      maxByteStringLength: limits.stringBytes,
      maxBrowseContinuationPoints: 10,
      operationLimits: {
        maxNodesPerRead: perCall,
        maxNodesPerWrite: perCall,
        maxNodesPerBrowse: perCall,
        maxNodesPerRegisterNodes: perCall,
        maxNodesPerTranslateBrowsePathsToNodeIds: perCall,
        maxMonitoredItemsPerCall: perCall,
        maxNodesPerMethodCall: 100,
        maxNodesPerHistoryReadData: 100,
      },
    },
  }
}

/** What node-opcua says otherwise: it names 100 ms at least as its fastest rate, and no history. */
export function announceCapabilities(engine: ServerEngine, { history, limits }: OpcuaServerOptions): void {
  const rate = engine.addressSpace!.findNode(MIN_SUPPORTED_SAMPLE_RATE) as unknown as Bindable
  rate.bindVariable({ get: () => new Variant({ dataType: DataType.Double, value: 0 }) }, true)
  engine.historyServerCapabilities.accessHistoryDataCapability = history
  engine.historyServerCapabilities.maxReturnDataValues = history ? limits.historyValues : 0
}

interface Bindable {
  bindVariable(options: { get(): Variant }, overwrite: boolean): void
}
