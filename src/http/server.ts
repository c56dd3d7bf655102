/**
 * The HTTP server of a gateway: page, API, live socket, metrics and health. Security first, then routes; every refusal is a
 * problem of the catalogue. Nothing here is on the path of a sample.
 */
import type { Socket } from 'node:net'
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify'
import type { HttpTls } from '../config/config.ts'
import type { AddressRange } from '../core/address-range.ts'
import { correlationFields } from '../core/correlation.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Gateway } from '../gateway.ts'
import { createHealth, type Health } from '../observe/health.ts'
import { createHttpStats, type RefusalReason } from '../observe/http-stats.ts'
import { createMetrics } from '../observe/metrics.ts'
import { watchSystem } from '../observe/system/system.ts'
import type { App, RouteContext, ZodRequests } from './app.ts'
import { checkRequests } from './auth/check.ts'
import { createCookieJar } from './auth/cookies.ts'
import { createDoor } from './auth/door.ts'
import { createHostToken, writeHostFile } from './auth/host-file.ts'
import { demandPermissions } from './auth/permission.ts'
import { refuseBare } from './bare-refusal.ts'
import { boundBodies, hasBody } from './bodies.ts'
import { attendConnections } from './connections.ts'
import { logRequests } from './access-log.ts'
import { correlate, correlateRequests } from './correlate.ts'
import { createFarSide } from './far-side.ts'
import { createGate, TOO_MANY_HEADERS, type Gate } from './gate.ts'
import { assertReach, createGuard, type Guard } from './guard.ts'
import { keepAnswers } from './idempotency/idempotency.ts'
import { acceptJsonOnly } from './json-body.ts'
import { LIMITS, type Limits } from './limits.ts'
import { serveLive } from './live/live.ts'
import { answerUnknown, rememberRoutes } from './not-found.ts'
import { documentRoutes, openapiRoute } from './openapi.ts'
import { isPage, servePage } from './page.ts'
import { fromFrameworkError, PROBLEM_TYPE, retryAfterSeconds, toProblem } from './problem.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { shownPath } from './shown-path.ts'
import { configFileRoutes } from './routes/config-files.ts'
import { configLiveRoutes } from './routes/config-live.ts'
import { configObjectRoutes } from './routes/config-objects.ts'
import { configTagRoutes } from './routes/config-tags.ts'
import { auditRoutes } from './routes/audit.ts'
import { backupRoutes } from './routes/backup.ts'
import { openSecure, type SecureHttp } from './secure.ts'
import { securityHeaders } from './security-headers.ts'
import { bundleRoutes } from './routes/bundle.ts'
import { certificateRoutes } from './routes/certificates.ts'
import { connectionRoutes } from './routes/connections.ts'
import { deviceRoutes } from './routes/devices.ts'
import { diagnosticRoutes } from './routes/diagnostics.ts'
import { explainRoutes } from './routes/explain.ts'
import { exportRoutes } from './routes/export.ts'
import { healthRoutes } from './routes/health.ts'
import { historyRoutes } from './routes/history.ts'
import { landingRoutes } from './routes/landing.ts'
import { kpiRoutes } from './routes/kpi.ts'
import { lineRoutes } from './routes/lines.ts'
import { liveRoutes } from './routes/live.ts'
import { logRoutes } from './routes/log.ts'
import { logLevelRoutes } from './routes/log-levels.ts'
import { logsRoutes } from './routes/logs.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { alertRoutes } from './routes/alerts.ts'
import { maintenanceRoutes } from './routes/maintenance.ts'
import { parameterRoutes } from './routes/parameters.ts'
import { plugInRoutes } from './routes/plug-ins.ts'
import { problemRoutes } from './routes/problems.ts'
import { profileRoutes } from './routes/profile.ts'
import { receivedRoutes } from './routes/received.ts'
import { scanRoutes } from './routes/scan.ts'
import { sessionRoutes } from './routes/session.ts'
import { setupRoutes } from './routes/setup.ts'
import { sinkActionRoutes } from './routes/sink-actions.ts'
import { sinkRoutes } from './routes/sinks.ts'
import { securityTextRoute } from './routes/security-text.ts'
import { statusCodeRoutes } from './routes/status-codes.ts'
import { sessionListRoutes, tokenRoutes } from './routes/tokens.ts'
import { topologyRoutes } from './routes/topology.ts'
import { capacityRoutes } from './routes/capacity.ts'
import { systemRoutes } from './routes/system.ts'
import { topicRoutes } from './routes/topics.ts'
import { templateRoutes } from './routes/templates.ts'
import { toolRoutes } from './routes/tools.ts'
import { traceRoutes } from './routes/trace.ts'
import { trialRoutes } from './routes/trials.ts'
import { userRoutes } from './routes/users.ts'
import { valueRoutes } from './routes/values.ts'
import { writesRoutes } from './routes/writes.ts'
import { traceRequests } from './trace-requests.ts'
import { validatorCompiler } from './validation.ts'

export interface HttpOptions {
  /** What others can reach is refused without accounts, and without TLS unless `plain`. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Further names by which the page may be opened, beside localhost. */
  readonly hosts: readonly string[]
  /** `open`: nobody is asked who they are; accounts where absent. */
  readonly access?: 'accounts' | 'open' | undefined
  /** TLS ends at a proxy before the gateway. */
  readonly plain?: boolean | undefined
  /** Reverse proxies whose `X-Forwarded-For` is believed; none where absent. */
  readonly trustedProxies?: readonly AddressRange[] | undefined
  /** The address for `security.txt`; there is none where absent. */
  readonly securityContact?: string | undefined
  /** HTTPS; plain HTTP where absent. */
  readonly tls?: HttpTls | undefined
  /** Folder of the built page; without it there is a plain landing page. */
  readonly uiDir?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Of the process, which ends it by itself; its own where absent. */
  readonly health?: Health | undefined
}

export interface HttpServer {
  readonly url: string
  readonly port: number
  /** Says goodbye to live clients and ends within a second. */
  close(): Promise<void>
}

/** Serves a running gateway. Throws CONFIG_INVALID for an address that others could reach, PORT_IN_USE when it is taken. */
export async function startHttp(gateway: Gateway, options: HttpOptions): Promise<HttpServer> {
  const { access = 'accounts', plain: isPlain = false } = options
  assertReach(options, { access, plain: isPlain, tls: options.tls !== undefined })
  let port = options.port
  const host = createHostToken()
  const farSide = createFarSide(options.trustedProxies ?? [])
  const door = createDoor(gateway, { access, cookies: createCookieJar(() => port, isPlain), farSide, host })
  const limits = { ...LIMITS, ...options.limits }
  const secure = options.tls && (await openSecure(options.tls, limits.headersTimeoutMs))
  const stats = createHttpStats()
  stats.isOpen = access === 'open'
  const health = options.health ?? createHealth(gateway)
  const refusals = createRefusals(stats, gateway)
  const gate = createGate({ limits, farSide, refusals, clock: gateway.clock })
  const app = createApp(gateway, { limits, secure, refusals, isProxy: (address) => farSide.isProxy(address) })
  const guard = createGuard(() => port, options.hosts, options.host)
  const page = isPage(options.uiDir) ? options.uiDir : undefined

  app.addHook('onResponse', (request, reply, done) => {
    stats.count(request.routeOptions.url ?? '(none)', request.method, reply.statusCode, reply.elapsedTime / 1000)
    done()
  })
  correlateRequests(app)
  logRequests(app, gateway.accessLog)
  traceRequests(app, gateway.tracing, stats)
  addSecurity(app, guard, { gate, refusals, isSecure: secure !== undefined })
  demandPermissions(app)
  checkRequests(app, door)
  boundBodies(app, { limits, refusals, clock: gateway.clock })
  keepAnswers(app, gateway.clock)
  rememberRoutes(app)
  await documentRoutes(app, gateway.version)
  if (page !== undefined) await servePage(app, page)
  const system = watchSystem(gateway)
  const metrics = createMetrics(gateway, { http: stats, health, system })
  const context = { gateway, health, metrics, system, door, hasPage: page !== undefined }
  addRoutes(app, context)
  securityTextRoute(app, gateway.clock, options.securityContact)
  answerUnknown(app, page)

  try {
    await listen(app, options)
  } catch (error) {
    if (options.health === undefined) health.close()
    system.close()
    await app.close()
    throw error
  }
  const address = app.server.address()
  if (address !== null && typeof address === 'object') port = address.port
  const endSecure = secure?.attend(app.server, {
    clock: gateway.clock,
    log: gateway.log,
    onChange: () => void gateway.certificatesInUse.look(),
  })
  if (secure !== undefined) gateway.certificatesInUse.attend('http', secure.served)
  const leaveConnections = attendConnections(app.server, { limits, farSide, refusals, stats, clock: gateway.clock })
  const live = serveLive(app.server, { gateway, system, guard, door, gate, stats, limits })
  const url = `http${secure === undefined ? '' : 's'}://${hostText(options.host)}:${port}`
  const removeHostFile = letHostIn(gateway, { url, port, token: host.token })
  if (access === 'open')
    gateway.log.warn(
      { url },
      'Nobody is asked who they are (http.access: open): every program of this machine may do everything.',
    )
  return {
    url,
    port,
    async close() {
      health.shutDown()
      live.close()
      endSecure?.()
      removeHostFile()
      leaveConnections()
      await app.close()
      if (options.health === undefined) health.close()
      system.close()
    },
  }
}

/** The command line on this machine; without the file it needs a token as everywhere else. */
function letHostIn({ config, log }: Gateway, where: { url: string; port: number; token: string }): () => void {
  try {
    return writeHostFile({ data: config.data, ...where })
  } catch (error) {
    log.warn({ error: messageOf(error) }, `The command line on this machine needs a token: ${messageOf(error)}`)
    return () => undefined
  }
}

interface AppParts {
  readonly limits: Limits
  readonly secure: SecureHttp | undefined
  readonly refusals: Refusals
  isProxy(address: string): boolean
}

function createApp(gateway: Gateway, { limits, secure, refusals, isProxy }: AppParts): App {
  const timeouts = {
    headersTimeout: limits.headersTimeoutMs,
    maxHeaderSize: limits.headerBytes,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
  }
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    ...(secure === undefined ? { http: timeouts } : { https: { ...timeouts, ...secure.options } as object }),
    trustProxy: isProxy,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: limits.nameLength * 2 },
    rewriteUrl: ({ url = '/' }) => originForm(url),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, refusals),
    frameworkErrors: (error, request, reply) => {
      // No hook has run for it.
      correlate(request, reply)
      sendProblem(fromFrameworkError(error) ?? new GatewayError('INVALID_REQUEST', messageOf(error)), request, reply)
    },
  }).withTypeProvider<ZodRequests>()
  // All are counted, so that one too many is refused: without this Node leaves out what comes after the 2000th.
  app.server.maxHeadersCount = 0
  app.setValidatorCompiler(validatorCompiler)
  // Answers are made by our own code; that they match their schemas is held by tests, not checked for each request.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  acceptJsonOnly(app, limits.jsonDepth)
  app.setErrorHandler((error, request, reply) => {
    const known = error instanceof GatewayError ? error : fromFrameworkError(error as Error)
    if (known?.code === 'BODY_TOO_LARGE') refusals.count('body', request.ip)
    if (known === undefined || known.code === 'INTERNAL') {
      // Without its query: a token may stand in it.
      const urlPath = shownPath(request)
      gateway.log.error(
        { logger: 'http', error, urlPath, method: request.method, ...correlationFields(request.correlation) },
        `${request.method} ${urlPath}: ${messageOf(error)}`,
      )
    }
    return sendProblem(
      known ?? new GatewayError('INTERNAL', 'the request failed in the gateway; the log says why'),
      request,
      reply,
    )
  })
  return app
}

/** A request target in absolute form (RFC 9112, 3.2.2) is served as if it had come in origin form. */
const originForm = (target: string): string => target.replace(/^https?:\/\/[^/?]*(?=[/?]|$)/i, '') || '/'

/** What is no HTTP at all, too slow or too long: nothing that a route could answer. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket, refusals: Refusals): void {
  const isOfTls = /^ERR_(SSL|TLS)_/.test(error.code ?? '')
  if (isOfTls || error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, reason, sentence] = UNREADABLE.get(error.code ?? '') ?? NO_HTTP
  refusals.count(reason, socket.remoteAddress)
  refuseBare(socket, new GatewayError('INVALID_REQUEST', sentence), '', status)
}

type Unreadable = readonly [status: number, reason: RefusalReason, sentence: string]
const NO_HTTP: Unreadable = [400, 'malformed', 'this is not a request of HTTP/1.1']
const UNREADABLE: ReadonlyMap<string, Unreadable> = new Map<string, Unreadable>([
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'timeout', 'the request did not arrive in time']],
  ['HPE_HEADER_OVERFLOW', [431, 'headers', 'the headers are too long']],
])

function sendProblem(error: GatewayError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.url, request.correlation?.traceId)
  const retryAfter = retryAfterSeconds(error)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  // What is refused before its body is there ends the connection: Node would read the gigabyte to its end (RFC 9112, 9.6).
  if (hasBody(request.raw) && !request.raw.complete) reply.header('connection', 'close')
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

interface Security {
  readonly gate: Gate
  readonly refusals: Refusals
  readonly isSecure: boolean
}

function addSecurity(app: App, guard: Guard, { gate, refusals, isSecure }: Security): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders(request.url, request.hostname, isSecure))
    if (gate.hasTooManyHeaders(request.raw)) {
      reply.hijack()
      return refuseBare(request.raw.socket, TOO_MANY_HEADERS, request.url, 431)
    }
    const busy = request.routeOptions.config.rateLimit === false ? undefined : gate.refuse(request.raw)
    if (busy !== undefined) return done(busy)
    const refused = guard.refuse(request.headers, !SAFE_METHODS.has(request.method))
    if (refused?.code === 'ORIGIN_FORBIDDEN') refusals.count('origin', request.ip)
    done(refused)
  })
}

function addRoutes(app: App, context: RouteContext): void {
  healthRoutes(app, context)
  metricsRoutes(app, context)
  landingRoutes(app, context)
  problemRoutes(app)
  openapiRoute(app)
  sessionRoutes(app, context)
  setupRoutes(app, context)
  userRoutes(app, context)
  tokenRoutes(app, context)
  sessionListRoutes(app, context)
  deviceRoutes(app, context)
  connectionRoutes(app, context)
  trialRoutes(app, context)
  scanRoutes(app, context)
  plugInRoutes(app)
  templateRoutes(app)
  lineRoutes(app, context)
  profileRoutes(app, context)
  parameterRoutes(app, context)
  toolRoutes(app, context)
  traceRoutes(app, context)
  valueRoutes(app, context)
  writesRoutes(app, context)
  maintenanceRoutes(app, context)
  alertRoutes(app, context)
  historyRoutes(app, context)
  explainRoutes(app, context)
  exportRoutes(app, context)
  sinkRoutes(app, context)
  topicRoutes(app, context)
  topologyRoutes(app, context)
  receivedRoutes(app, context)
  sinkActionRoutes(app, context)
  certificateRoutes(app, context)
  configLiveRoutes(app, context)
  configObjectRoutes(app, context)
  configTagRoutes(app, context)
  configFileRoutes(app, context)
  backupRoutes(app, context)
  auditRoutes(app, context)
  logRoutes(app, context)
  logsRoutes(app, context)
  logLevelRoutes(app, context)
  systemRoutes(app, context)
  kpiRoutes(app, context)
  capacityRoutes(app, context)
  diagnosticRoutes(app, context)
  bundleRoutes(app, context)
  statusCodeRoutes(app)
  liveRoutes(app)
}

async function listen(app: App, { host, port }: HttpOptions): Promise<void> {
  try {
    await app.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    throw new GatewayError(
      'PORT_IN_USE',
      `http.listen: port ${port} of ${host} is in use by another program, perhaps another gateway`,
      { cause: error, details: { host, port } },
    )
  }
}

const hostText = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)
