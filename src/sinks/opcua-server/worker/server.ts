/** node-opcua's server with our options: endpoints, limits, address space. */
import { MessageSecurityMode, SecurityPolicy } from 'node-opcua-client'
import { OPCUAServer, RegisterServerMethod, Subscription, type OPCUAServerOptions } from 'node-opcua-server'
import { GatewayError } from '../../../core/errors.ts'
import type { ServerFacts, ServerSetup } from '../messages.ts'
import { Devices } from './address-space.ts'
import { openCertificates } from './certificates.ts'

export class Server {
  readonly #server: OPCUAServer
  readonly #setup: ServerSetup
  readonly devices: Devices

  private constructor(server: OPCUAServer, setup: ServerSetup, devices: Devices) {
    this.#server = server
    this.#setup = setup
    this.devices = devices
  }

  /** Builds the address space without tags; nobody can connect yet. */
  static async prepare(setup: ServerSetup): Promise<Server> {
    const server = new OPCUAServer(await optionsOf(setup))
    await server.initialize()
    const space = server.engine.addressSpace!
    const namespace = space.registerNamespace(setup.options.namespace)
    return new Server(server, setup, new Devices(space, namespace, setup.options.limits.stringBytes))
  }

  /** Lets clients in. Throws PORT_IN_USE. */
  async open(): Promise<string> {
    const { host, port } = this.#setup.options
    try {
      await this.#server.start()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
        throw new GatewayError('PORT_IN_USE', `the OPC UA server cannot listen at ${host}:${port}: another program uses this port`)
      throw error
    }
    return this.#server.getEndpointUrl()
  }

  get facts(): ServerFacts {
    const { engine } = this.#server
    return { sessions: engine.currentSessionCount, subscriptions: engine.currentSubscriptionCount, monitoredItems: 0 }
  }

  async close(): Promise<void> {
    await this.#server.shutdown(0)
  }
}

async function optionsOf({ options, version }: ServerSetup): Promise<OPCUAServerOptions> {
  const { limits, insecure, encryptOnly } = options
  Subscription.defaultMaxMonitoredItemCount = limits.monitoredItems
  const perCall = limits.nodesPerCall
  return {
    port: options.port,
    host: options.host,
    ...(options.hostName === undefined ? {} : { hostname: options.hostName }),
    securityPolicies: [
      ...(insecure ? [SecurityPolicy.None] : []),
      ...options.securityPolicies.map((name) => SecurityPolicy[name]),
    ],
    securityModes: [
      ...(insecure ? [MessageSecurityMode.None] : []),
      ...(encryptOnly ? [] : [MessageSecurityMode.Sign]),
      MessageSecurityMode.SignAndEncrypt,
    ],
    allowAnonymous: options.anonymous,
    registerServerMethod: RegisterServerMethod.HIDDEN,
    ...(await openCertificates()),
    buildInfo: { manufacturerName: 'Bifrost', productName: 'Bifrost gateway', softwareVersion: version },
    serverInfo: { applicationName: { text: options.applicationName } },
    serverCapabilities: {
      minSupportedSampleRate: 0,
      maxSessions: limits.sessions,
      maxSubscriptions: limits.subscriptions,
      maxSubscriptionsPerSession: limits.subscriptions,
      maxMonitoredItems: limits.monitoredItems,
      maxMonitoredItemsPerSubscription: limits.monitoredItems,
      maxMonitoredItemsQueueSize: 5000,
      maxStringLength: limits.stringBytes,
      maxByteStringLength: limits.stringBytes,
      maxBrowseContinuationPoints: 10,
      maxHistoryContinuationPoints: 100,
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
