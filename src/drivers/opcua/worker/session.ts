/**
 * One session on one secure channel. The library neither reconnects nor renews the session by itself: that is decided where the
 * subscriptions are known (`connection.ts`). `closed` settles once, when the channel is gone.
 */
import { readFile } from 'node:fs/promises'
import type { ClientSession, OPCUAClient, UserIdentityInfo } from 'node-opcua-client'
import { NotConnectedError } from '../../../core/errors.ts'
import type { ClientLibrary } from '../../../protocols/opcua/library.ts'
import type { OpcuaOptions } from '../options.ts'
import type { OfferedEndpoint } from './endpoints.ts'
import type { ClientSecurity } from './security.ts'
import { transact } from './transaction.ts'

/** One message of a server; more is refused. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
const MAX_CHUNKS = 8192
/**
 * The library breaks a connection on which nothing was said for its transport time-out: a device that is polled now and then would be
 * connected anew each time. How long a connection may take is watched here (`deadline`).
 */
const MOST_IDLE_MS = 86_400_000
/** A farewell to a server that does not answer takes no longer. */
const FAREWELL_MS = 1000

export class UaSession {
  readonly library: ClientLibrary
  readonly client: OPCUAClient
  readonly session: ClientSession
  /** Called once when the channel is lost, not when we close it. */
  onLost: ((error: NotConnectedError) => void) | undefined
  readonly #options: OpcuaOptions
  #open = true

  constructor(library: ClientLibrary, client: OPCUAClient, session: ClientSession, options: OpcuaOptions) {
    this.library = library
    this.client = client
    this.session = session
    this.#options = options
    withoutRenewal(session)
    ;(client as { on(event: 'close', listener: (error?: Error) => void): void }).on('close', (error?: Error) => {
      if (!this.#open) return
      this.#open = false
      const why = error === undefined ? 'the server closed the connection' : `the connection broke: ${error.message}`
      this.onLost?.(new NotConnectedError(`${options.endpoint}: ${why}`))
    })
  }

  get open(): boolean {
    return this.#open
  }

  /** Sends a request of the library and resolves with its answer. */
  request<T>(request: object, timeoutMs = this.#options.requestTimeout): Promise<T> {
    if (!this.#open) return Promise.reject(new NotConnectedError(`${this.#options.endpoint}: the connection is closed`))
    return transact<T>(this.client, this.session, request, timeoutMs)
  }

  /** Closes the session, its subscriptions too unless they shall be kept, then the channel. */
  async close(deleteSubscriptions = true): Promise<void> {
    if (!this.#open) return abandon(this.client)
    this.#open = false
    await within(FAREWELL_MS, this.session.close(deleteSubscriptions))
    await abandon(this.client)
  }

  /** Closes the socket without a word to the server; the session waits there for its time-out. */
  async drop(): Promise<void> {
    this.#open = false
    // The library closes what sessions a client still has; where the far side does not answer now, it would do so later.
    ;(this.client as unknown as { keepPendingSessionsOnDisconnect: boolean }).keepPendingSessionsOnDisconnect = true
    await abandon(this.client)
  }
}

/**
 * The library makes a new session in silence when the server has lost ours, whoever asked, and every subscription is gone. With this it
 * says so instead, also where it asks by itself (types of structures, registered nodes).
 */
function withoutRenewal(session: ClientSession): void {
  const inner = session as unknown as Record<'performMessageTransaction' | '_performMessageTransaction', Transaction>
  inner.performMessageTransaction = function (request, callback) {
    this._performMessageTransaction(request, callback)
  }
}

type Transaction = (
  this: { _performMessageTransaction: Transaction },
  request: object,
  callback: (error: Error | null, response?: object) => void,
) => void

/** A client with a channel to this endpoint. */
export async function openChannel(
  library: ClientLibrary,
  options: OpcuaOptions,
  endpoint: Pick<OfferedEndpoint, 'policy' | 'mode' | 'certificate'>,
  security: ClientSecurity,
  signal: AbortSignal,
): Promise<OPCUAClient> {
  const { DataTypeExtractStrategy, OPCUAClient, MessageSecurityMode, SecurityPolicy } = library
  const client = OPCUAClient.create({
    ...security.clientOptions,
    applicationName: 'Bifrost',
    endpointMustExist: false,
    securityMode: MessageSecurityMode[endpoint.mode as 'Sign'],
    securityPolicy: SecurityPolicy[endpoint.policy as 'None'],
    ...(endpoint.certificate === undefined || endpoint.mode === 'None'
      ? {}
      : { serverCertificate: endpoint.certificate }),
    connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 100 },
    keepSessionAlive: false,
    // A server may have thousands of types: only those that come are asked for.
    dataTypeExtractStrategy: DataTypeExtractStrategy.Lazy,
    requestedSessionTimeout: options.sessionTimeout,
    defaultTransactionTimeout: options.requestTimeout,
    transportTimeout: MOST_IDLE_MS,
    transportSettings: { maxMessageSize: MAX_MESSAGE_BYTES, maxChunkCount: MAX_CHUNKS },
  })
  await orAbandon(client, options, signal, client.connect(options.endpoint))
  return client
}

/** A new session of a client with a channel. */
export async function createSession(
  library: ClientLibrary,
  client: OPCUAClient,
  options: OpcuaOptions,
  signal: AbortSignal,
): Promise<UaSession> {
  const session = await orAbandon(client, options, signal, client.createSession(await identityOf(library, options)))
  return new UaSession(library, client, session, options)
}

/** The session of before on a new channel; rejects when the server does not know it any more. */
export async function resumeSession(
  before: UaSession,
  client: OPCUAClient,
  options: OpcuaOptions,
  signal: AbortSignal,
): Promise<UaSession> {
  await deadline(options, signal, client.reactivateSession(before.session))
  return new UaSession(before.library, client, before.session, options)
}

async function identityOf({ UserTokenType }: ClientLibrary, { user }: OpcuaOptions): Promise<UserIdentityInfo> {
  if (user === undefined) return { type: UserTokenType.Anonymous }
  if (user.cert === undefined)
    return { type: UserTokenType.UserName, userName: user.name!, password: user.password ?? '' }
  const { userCertificate } = await import('./user-certificate.ts')
  return userCertificate(UserTokenType.Certificate, await readFile(user.cert), await readFile(user.key!, 'utf8'))
}

async function orAbandon<T>(
  client: OPCUAClient,
  options: OpcuaOptions,
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  try {
    return await deadline(options, signal, work)
  } catch (error) {
    await abandon(client)
    throw error
  }
}

/** Rejects when the work takes longer than a connection may, or the signal aborts. */
function deadline<T>({ endpoint, connectTimeout }: OpcuaOptions, signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => end(() => reject(signal.reason))
    const timer = setTimeout(
      () =>
        end(() =>
          reject(
            new NotConnectedError(`${endpoint} did not complete the connection within ${connectTimeout} ms${ELSE}`),
          ),
        ),
      connectTimeout,
    )
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    work.then(
      (result) => end(() => resolve(result)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}

const ELSE =
  ': it is off, a firewall is in between, what listens there does not speak OPC UA, or it is slow (`connectTimeout`)'

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)))
  await Promise.race([work.catch(() => {}), limit])
  clearTimeout(timer)
}

/** The client and its socket are ended; what it says about that is of no interest. */
export const abandon = (client: OPCUAClient): Promise<void> => within(FAREWELL_MS, client.disconnect())
