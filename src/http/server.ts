/**
 * The HTTP server of a gateway: page, API, live socket, metrics and health. Security first, then routes; every refusal is a
 * problem of the catalogue. Nothing here is on the path of a sample.
 */
import type { Socket } from 'node:net'
import fastifyRateLimit from '@fastify/rate-limit'
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify'
import { BusyError, GatewayError, messageOf } from '../core/errors.ts'
import type { Gateway } from '../gateway.ts'
import { createHealth } from '../observe/health.ts'
import { createHttpStats } from '../observe/http-stats.ts'
import { createMetrics } from '../observe/metrics.ts'
import type { App, RouteContext, ZodRequests } from './app.ts'
import { refuseBare } from './bare-refusal.ts'
import { assertLoopback, closed, createGuard, type Guard } from './guard.ts'
import { acceptJsonOnly } from './json-body.ts'
import { LIMITS, type Limits } from './limits.ts'
import { serveLive } from './live/live.ts'
import { answerUnknown, rememberRoutes } from './not-found.ts'
import { documentRoutes, openapiRoute } from './openapi.ts'
import { isPage, servePage } from './page.ts'
import { fromFrameworkError, PROBLEM_TYPE, retryAfterSeconds, toProblem } from './problem.ts'
import { certificateRoutes } from './routes/certificates.ts'
import { deviceRoutes } from './routes/devices.ts'
import { exportRoutes } from './routes/export.ts'
import { healthRoutes } from './routes/health.ts'
import { historyRoutes } from './routes/history.ts'
import { landingRoutes } from './routes/landing.ts'
import { lineRoutes } from './routes/lines.ts'
import { liveRoutes } from './routes/live.ts'
import { logRoutes } from './routes/log.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { problemRoutes } from './routes/problems.ts'
import { profileRoutes } from './routes/profile.ts'
import { receivedRoutes } from './routes/received.ts'
import { sinkActionRoutes } from './routes/sink-actions.ts'
import { sinkRoutes } from './routes/sinks.ts'
import { statusCodeRoutes } from './routes/status-codes.ts'
import { toolRoutes } from './routes/tools.ts'
import { traceRoutes } from './routes/trace.ts'
import { valueRoutes } from './routes/values.ts'
import { validatorCompiler } from './validation.ts'

export interface HttpOptions {
  /** A loopback address; anything else is refused while there are no accounts. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Further names by which the page may be opened, beside localhost. */
  readonly hosts: readonly string[]
  /** Folder of the built page; without it there is a plain landing page. */
  readonly uiDir?: string | undefined
  readonly limits?: Partial<Limits> | undefined
}

export interface HttpServer {
  readonly url: string
  readonly port: number
  /** Says goodbye to live clients and ends within a second. */
  close(): Promise<void>
}

/** Serves a running gateway. Throws CONFIG_INVALID for an address that others could reach, PORT_IN_USE when it is taken. */
export async function startHttp(gateway: Gateway, options: HttpOptions): Promise<HttpServer> {
  assertLoopback(options.host)
  const limits = { ...LIMITS, ...options.limits }
  const stats = createHttpStats()
  const health = createHealth(gateway)
  const app = createApp(gateway, limits)
  let port = options.port
  const names = createGuard(() => port, options.hosts, options.host)
  const guard = gateway.accounts === undefined ? names : closed(names)
  const page = isPage(options.uiDir) ? options.uiDir : undefined

  app.addHook('onResponse', (request, reply, done) => {
    stats.count(request.routeOptions.url ?? '(none)', request.method, reply.statusCode, reply.elapsedTime / 1000)
    done()
  })
  addSecurity(app, names, guard)
  await app.register(fastifyRateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) =>
      new BusyError(`more than ${context.max} requests within a minute`, context.ttl),
  })
  rememberRoutes(app)
  await documentRoutes(app, gateway.version)
  if (page !== undefined) await servePage(app, page)
  const context = { gateway, health, metrics: createMetrics(gateway, { http: stats }), hasPage: page !== undefined }
  addRoutes(app, context)
  answerUnknown(app, page !== undefined)

  try {
    await listen(app, options)
  } catch (error) {
    health.close()
    await app.close()
    throw error
  }
  const address = app.server.address()
  if (address !== null && typeof address === 'object') port = address.port
  const live = serveLive(app.server, { gateway, guard, stats, limits })
  return {
    url: `http://${hostText(options.host)}:${port}`,
    port,
    async close() {
      health.shutDown()
      live.close()
      await app.close()
      health.close()
    },
  }
}

function createApp(gateway: Gateway, limits: Limits): App {
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    },
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: limits.nameLength * 2 },
    rewriteUrl: ({ url = '/' }) => originForm(url),
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket),
    frameworkErrors: (error, request, reply) => {
      sendProblem(fromFrameworkError(error) ?? new GatewayError('INVALID_REQUEST', messageOf(error)), request, reply)
    },
  }).withTypeProvider<ZodRequests>()
  app.server.maxConnections = limits.connections
  app.setValidatorCompiler(validatorCompiler)
  // Answers are made by our own code; that they match their schemas is held by tests, not checked for each request.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  acceptJsonOnly(app, limits.jsonDepth)
  app.setErrorHandler((error, request, reply) => {
    const known = error instanceof GatewayError ? error : fromFrameworkError(error as Error)
    if (known === undefined || known.code === 'INTERNAL') {
      gateway.log.error(
        { logger: 'http', error, url: request.url },
        `${request.method} ${request.url}: ${messageOf(error)}`,
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
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, sentence] = UNREADABLE.get(error.code ?? '') ?? [400, 'this is not a request of HTTP/1.1']
  refuseBare(socket, new GatewayError('INVALID_REQUEST', sentence), '', status)
}

const UNREADABLE: ReadonlyMap<string, readonly [status: number, sentence: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'the request did not arrive in time']],
  ['HPE_HEADER_OVERFLOW', [431, 'the headers are too long']],
])

function sendProblem(error: GatewayError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.url)
  const retryAfter = retryAfterSeconds(error)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Mantine puts its colour variables into a style element; scripts come from this server only. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** Probes of a container have no account. */
const HEALTH = /^\/(livez|readyz|startupz)(\?|$)/

function addSecurity(app: App, names: Guard, guard: Guard): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      ...(request.url.startsWith('/api/v1/') ? { 'cache-control': 'no-store' } : {}),
    })
    const asked = HEALTH.test(request.url) ? names : guard
    done(asked.refuse(request.headers, !SAFE_METHODS.has(request.method)))
  })
}

function addRoutes(app: App, context: RouteContext): void {
  healthRoutes(app, context)
  metricsRoutes(app, context)
  landingRoutes(app, context)
  problemRoutes(app)
  openapiRoute(app)
  deviceRoutes(app, context)
  lineRoutes(app, context)
  profileRoutes(app, context)
  toolRoutes(app, context)
  traceRoutes(app, context)
  valueRoutes(app, context)
  historyRoutes(app, context)
  exportRoutes(app, context)
  sinkRoutes(app, context)
  receivedRoutes(app, context)
  sinkActionRoutes(app, context)
  certificateRoutes(app, context)
  logRoutes(app, context)
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
