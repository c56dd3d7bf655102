/**
 * The way to one server: an endpoint is chosen and its certificate judged, then channel and session. When the channel breaks, the
 * session is taken up again on a new channel while the server still knows it, so that what happened meanwhile is not lost;
 * otherwise a new session is made (OPC 10000-4, 6.7).
 */
import type { DataValue } from 'node-opcua-client'
import { GatewayError, messageOf, NotConnectedError } from '../../../core/errors.ts'
import type { Identity } from '../../../core/driver.ts'
import type { ClientLibrary } from '../../../protocols/opcua/library.ts'
import type { OpcuaOptions } from '../options.ts'
import { chooseEndpoint, offered, type OfferedEndpoint } from './endpoints.ts'
import { LIMIT_NODES, Limits } from './limits.ts'
import { NodeTypes } from './node-type.ts'
import { Attribute, readAttributes } from './reading.ts'
import { explain, toConnectError } from './reason.ts'
import type { ClientSecurity } from './security.ts'
import { abandon, createSession, openChannel, resumeSession, type UaSession } from './session.ts'
import { askStranger } from './stranger.ts'
import { ServiceError } from './transaction.ts'

/** How the session came about: it is the one of before with its subscriptions, or a new one. */
export type Opened = 'same' | 'resumed' | 'new'

export interface ConnectionSetup {
  readonly library: ClientLibrary
  readonly options: OpcuaOptions
  /** Read anew for each connection. */
  readonly security: () => Promise<ClientSecurity>
  readonly onLost: (error: NotConnectedError) => void
  readonly tell: (level: 'debug' | 'info' | 'warn', sentence: string) => void
}

/** For the first answer of a server. */
const MOST_FIRST_MS = 4000
const NAMESPACES = 2255
const BUILD_INFO = { product: 2261, vendor: 2263, firmware: 2264 } as const

export class Connection {
  readonly limits: Limits
  readonly types = new NodeTypes(this)
  readonly library: ClientLibrary
  readonly options: OpcuaOptions
  /** By index. */
  namespaces: readonly string[] = []
  identity: Identity = {}
  endpoint: OfferedEndpoint | undefined
  /** Grows with each new session: what was resolved for another one is void. */
  epoch = 0
  readonly #setup: ConnectionSetup
  #session: UaSession | undefined
  #lostAt = 0
  #warned = false

  constructor(setup: ConnectionSetup) {
    this.#setup = setup
    this.library = setup.library
    this.options = setup.options
    this.limits = new Limits(setup.options)
  }

  /** Throws NOT_CONNECTED where there is none. */
  get session(): UaSession {
    const session = this.#session
    if (session === undefined || !session.open) throw this.#away()
    return session
  }

  get isOpen(): boolean {
    return this.#session?.open === true
  }

  /** Throws NOT_CONNECTED, or ACCESS_REFUSED with the reason and the next step. */
  async open(signal: AbortSignal): Promise<Opened> {
    if (this.isOpen) return 'same'
    const security = await this.#setup.security()
    try {
      const endpoint = await this.#findEndpoint(security, signal)
      // Each time: trust may have been withdrawn.
      await this.#judge(endpoint, security)
      const before = this.#session
      if (before !== undefined && Date.now() - this.#lostAt < this.options.sessionTimeout) {
        if (await this.#resume(before, { endpoint, security }, signal)) return 'resumed'
      }
      await before?.drop()
      this.#session = undefined
      const client = await openChannel(this.library, this.options, endpoint, security, signal)
      this.#warnOfPassword(endpoint)
      await this.#begin(await createSession(this.library, client, this.options, signal))
      return 'new'
    } catch (error) {
      // What was known of the server may be the reason.
      this.endpoint = undefined
      if (signal.aborted) throw error
      const { endpoint } = this.options
      throw await explain(toConnectError(error, this.options, security), () => askStranger(endpoint, signal))
    }
  }

  /** Without a checked certificate whoever is in between can have it, encrypted or not. Said once. */
  #warnOfPassword({ mode }: OfferedEndpoint): void {
    const { endpoint, user } = this.options
    if (mode !== 'None' || user?.name === undefined || this.#warned) return
    this.#warned = true
    this.#setup.tell('warn', `the password of user "${user.name}" goes to ${endpoint} without security: whoever is in between can read it. Use another \`securityPolicy\` than None`) // prettier-ignore
  }

  /** Another session on the same channel, because the one of now does not do what it should. */
  async renewSession(signal: AbortSignal): Promise<void> {
    const before = this.session
    try {
      await before.session.close(true)
    } catch (error) {
      this.#setup.tell('debug', `the session could not be closed: ${messageOf(error)}`)
    }
    await this.#begin(await createSession(this.library, before.client, this.options, signal))
    before.onLost = undefined
  }

  /** The server said that the session or its channel is no more: what there is of it is dropped. Returns what to throw. */
  lost(error: unknown): NotConnectedError {
    const session = this.#session
    if (session?.open === true) {
      session.onLost = undefined
      this.#lostAt = Date.now()
      void session.drop()
    }
    if (error instanceof ServiceError) this.#session = undefined
    return error instanceof NotConnectedError
      ? error
      : new NotConnectedError(`${this.options.endpoint} ended the session: ${messageOf(error)}`, { cause: error })
  }

  /** Ends the connection: the session is closed if the server still listens. */
  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    if (session !== undefined) session.onLost = undefined
    await session?.close()
  }

  async #begin(session: UaSession): Promise<void> {
    this.#take(session)
    this.epoch++
    try {
      await this.#learn(session)
    } catch (error) {
      await session.close()
      throw error
    }
  }

  #take(session: UaSession): void {
    this.#session = session
    session.onLost = (error) => {
      this.#lostAt = Date.now()
      this.#setup.onLost(error)
    }
  }

  async #resume(
    before: UaSession,
    { endpoint, security }: { endpoint: OfferedEndpoint; security: ClientSecurity },
    signal: AbortSignal,
  ): Promise<boolean> {
    const client = await openChannel(this.library, this.options, endpoint, security, signal)
    try {
      const session = await resumeSession(before, client, this.options, signal)
      this.#take(session)
      await abandon(before.client)
      return true
    } catch (error) {
      await abandon(client)
      if (signal.aborted) throw error
      this.#setup.tell('info', `the server did not take the session up again (${messageOf(error)}); a new one is made`)
      return false
    }
  }

  /** Asks the server what it offers over a channel without security, which carries nothing secret. */
  async #findEndpoint(security: ClientSecurity, signal: AbortSignal): Promise<OfferedEndpoint> {
    const known = this.endpoint
    if (known !== undefined) return known
    const { library, options } = this
    const plain = { policy: 'None', mode: 'None', certificate: undefined } as const
    // Nothing is encrypted yet, which may take long: who does not answer by now is told so in time.
    const impatient = { ...options, connectTimeout: Math.min(options.connectTimeout, MOST_FIRST_MS) }
    const client = await openChannel(library, impatient, plain, security, signal)
    try {
      return (this.endpoint = chooseEndpoint(offered(await client.getEndpoints()), options))
    } finally {
      await abandon(client)
    }
  }

  async #judge(
    { mode, policy, certificate, applicationUri }: OfferedEndpoint,
    security: ClientSecurity,
  ): Promise<void> {
    if (mode === 'None') return
    const { endpoint } = this.options
    const refused =
      certificate === undefined
        ? `the server at ${endpoint} shows no certificate for ${policy}`
        : await security.judge(certificate, applicationUri)
    if (refused !== undefined) throw new GatewayError('ACCESS_REFUSED', refused, { details: { endpoint } })
  }

  /** Namespaces, limits and identity, in one go where the server bears it. */
  async #learn(session: UaSession): Promise<void> {
    const asked = [NAMESPACES, ...Object.values(BUILD_INFO), ...LIMIT_NODES]
    const { NodeId } = session.library
    const nodes = asked.map((id) => ({ nodeId: new NodeId(1, id, 0), attributeId: Attribute.Value }))
    const values = (await readAttributes(session, this.limits, nodes)).map(valueOf)
    const [namespaces, product, vendor, firmware, ...limits] = values
    if (Array.isArray(namespaces)) this.namespaces = namespaces.slice(0, 65_536).map(String)
    this.identity = compact({ vendor, product, firmware })
    this.limits.take(limits)
  }

  #away(): NotConnectedError {
    return new NotConnectedError(`${this.options.endpoint} is not connected`)
  }
}

const valueOf = (data: DataValue | undefined): unknown =>
  data === undefined || data.statusCode.value !== 0 ? undefined : (data.value?.value as unknown)

const compact = (fields: Record<string, unknown>): Identity =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string' && value !== ''))
