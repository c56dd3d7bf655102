/** node-opcua's server with our options, address space and rules. Nobody can connect before it is opened. */
import { MessageSecurityMode, SecurityPolicy } from 'node-opcua-client'
import { OPCUAServer, RegisterServerMethod, type OPCUAServerOptions, type ServerSession } from 'node-opcua-server'
import { systemClock } from '../../../core/clock.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Answer, ServerFacts, ServerSetup } from '../messages.ts'
import type { OpcuaServerOptions } from '../options.ts'
import { Access } from './access.ts'
import { TagAccessor } from './accessor.ts'
import { Devices } from './address-space.ts'
import { Asks, say } from './asks.ts'
import { openCertificates, type Certificates } from './certificates.ts'
import { announceCapabilities, limitsOf } from './capabilities.ts'
import { GatewayNode } from './gateway-node.ts'
import { History } from './history.ts'
import { LoginGate } from './login-gate.ts'
import { admit, userManagerOf, type LoginParts } from './login.ts'
import { takeOverMonitoredItems } from './monitored-items.ts'
import { adjustTransportLimits } from './transport-limits.ts'
import { Users } from './users.ts'

const PRODUCT_URI = 'urn:bifrost-gateway'
/** node-opcua refuses further sockets then; a client needs one, and one more while it reconnects. */
const SOCKETS_PER_SESSION = 2

export class Server {
  readonly devices: Devices
  readonly gateway: GatewayNode
  readonly #server: OPCUAServer
  readonly #options: OpcuaServerOptions
  readonly #asks: Asks
  readonly #certificates: Certificates

  private constructor(server: OPCUAServer, options: OpcuaServerOptions, login: LoginParts, certificates: Certificates) {
    this.#certificates = certificates
    this.#server = server
    this.#options = options
    this.#asks = new Asks()
    const { engine } = server
    const { access } = login
    this.devices = new Devices(engine.addressSpace!, options, access)
    this.gateway = new GatewayNode(engine.addressSpace!, options.namespace, access)
    const history = options.history ? new History(this.#asks, options.limits.historyValues) : undefined
    engine.addressSpaceAccessor = new TagAccessor(engine.addressSpaceAccessor!, {
      devices: this.devices,
      access,
      asks: this.#asks,
      history,
    })
    announceCapabilities(engine, options)
    takeOverMonitoredItems(this.devices, access)
    server.on('session_activated', (session: ServerSession, token: unknown) => admit(login, session, token))
  }

  /** Loads the standard's address space. */
  static async prepare({ options, name, certificates: folder }: ServerSetup): Promise<Server> {
    const users = new Users(options.users, (sentence) => say('warn', sentence))
    const login = { users, gate: new LoginGate(systemClock), access: new Access() }
    const certificates = await openCertificates(folder, name, () => users.refresh())
    const { applicationUri, ...files } = certificates.identity
    const server = new OPCUAServer({
      ...endpointsOf(options),
      ...limitsOf(options),
      ...files,
      serverCertificateManager: certificates.clients.forServer,
      userCertificateManager: certificates.persons.forServer,
      userManager: userManagerOf(login),
      ...discoveryOf(options),
      isAuditing: false,
      buildInfo: { manufacturerName: 'Bifrost', productName: 'Bifrost gateway', productUri: PRODUCT_URI },
      serverInfo: { applicationUri, productUri: PRODUCT_URI, applicationName: { text: options.applicationName } },
    })
    await server.initialize()
    return new Server(server, options, login, certificates)
  }

  /** Lets clients in; resolves to the endpoint's URL. Throws PORT_IN_USE. */
  async open(): Promise<string> {
    const { host, port } = this.#options
    try {
      await this.#server.start()
    } catch (error) {
      throw listenFault(error, host, port)
    }
    return this.#server.getEndpointUrl()
  }

  answer(answer: Answer): void {
    this.#asks.answer(answer)
  }

  /** Our certificate is another by now: the server has to be opened anew. */
  isRenewed(): Promise<boolean> {
    return this.#certificates.isRenewed()
  }

  get facts(): ServerFacts {
    const { engine } = this.#server
    const { currentSessionCount: sessions, currentSubscriptionCount: subscriptions } = engine
    return { sessions, subscriptions, monitoredItems: monitoredItemsOf(engine) }
  }

  async close(): Promise<void> {
    try {
      await this.#server.shutdown(0)
    } finally {
      await this.#certificates.close()
    }
  }
}

/** Why the port cannot be listened at, in words. */
function listenFault(error: unknown, host: string, port: number): unknown {
  const said = error instanceof Error ? `${error.message} ${String('code' in error ? error.code : '')}` : ''
  const where = `the OPC UA server cannot listen at ${host}:${port}`
  if (said.includes('EADDRINUSE')) return new GatewayError('PORT_IN_USE', `${where}: another program uses this port`)
  if (said.includes('EADDRNOTAVAIL'))
    return new GatewayError('CONFIG_INVALID', `${where}: ${host} is no address of this machine`)
  if (said.includes('EACCES'))
    return new GatewayError('CONFIG_INVALID', `${where}: the gateway may not use this port; take one above 1023`)
  return error
}

/** node-opcua counts them and shows it nowhere. */
const monitoredItemsOf = (engine: object): number =>
  (engine as { _globalCounter?: { totalMonitoredItemCount: number } })._globalCounter?.totalMonitoredItemCount ?? 0

function endpointsOf({
  port,
  host,
  hostName,
  securityPolicies,
  insecure,
  encryptOnly,
  anonymous,
  limits,
}: OpcuaServerOptions): OPCUAServerOptions {
  const name = hostName ?? (isWildcard(host) ? undefined : host)
  return {
    port,
    host,
    ...(name === undefined ? {} : { hostname: name }),
    securityPolicies: [
      ...(insecure ? [SecurityPolicy.None] : []),
      ...securityPolicies.map((name) => SecurityPolicy[name]),
    ],
    securityModes: [
      ...(insecure ? [MessageSecurityMode.None] : []),
      ...(encryptOnly ? [] : [MessageSecurityMode.Sign]),
      MessageSecurityMode.SignAndEncrypt,
    ],
    allowAnonymous: anonymous,
    maxConnectionsPerEndpoint: limits.sessions * SOCKETS_PER_SESSION,
    transportSettings: { adjustTransportLimits },
  }
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

function discoveryOf({ discovery }: OpcuaServerOptions): OPCUAServerOptions {
  if (discovery?.server !== undefined)
    return { registerServerMethod: RegisterServerMethod.LDS, discoveryServerEndpointUrl: discovery.server }
  return { registerServerMethod: discovery?.mdns === true ? RegisterServerMethod.MDNS : RegisterServerMethod.HIDDEN }
}
