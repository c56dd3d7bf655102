/**
 * Starts the gateway and its HTTP server, and stops both on SIGTERM or Ctrl-C: what `run` and `demo` have in common. A second
 * Ctrl-C does not wait.
 */
import type { Config, HttpConfig } from '../config/config.ts'
import { readVariable } from '../config/environment.ts'
import { systemClock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Gateway } from '../gateway.ts'
import type { HttpServer } from '../http/server.ts'
import type { Post } from '../report/prometheus.ts'
import { createHealth, type Health } from '../observe/health.ts'
import { keepUp, type ConfigSource } from './keep-up.ts'
import { Exit } from './exit-code.ts'
import { builtPage, packageVersion } from '../core/package-files.ts'
import { findPortHolder } from './port-holder.ts'
import { setupLink } from './setup-link.ts'

/** Whatever hangs, the process ends within five seconds of being asked to. */
const STOP_LIMIT_MS = 4500

export interface ServeOptions {
  readonly log: Log
  /** Where the configuration is read from again; absent: it never is. */
  readonly source?: ConfigSource | undefined
  /** Resolves when the process shall stop: `stopSignal()`. */
  readonly stopped: Promise<NodeJS.Signals>
  /** So long it goes on delivering when it shall stop, without reading; absent: what waits stays in the log for the next start. */
  readonly drainMs?: number | undefined
  /** Called once everything runs, with the address of the page; undefined when the configuration switches it off. */
  onReady(url: string | undefined): void
}

/** Runs until a signal; resolves with the exit code after a clean stop. */
export async function serve(config: Config, { log, stopped, onReady, source, drainMs }: ServeOptions): Promise<number> {
  const { startGateway } = await import('../gateway.ts')
  const { createNotifier } = await import('../observe/systemd/notifier.ts')
  const manager = createNotifier({ env: process.env, clock: systemClock, log })
  const gateway = await startGateway(config, { log, version: packageVersion() })
  const health = createHealth(gateway)
  let http: HttpServer | undefined
  let unwatch: (() => void) | undefined
  let unschedule: (() => void) | undefined
  try {
    if (source !== undefined) unwatch = await keepUp(gateway, source, () => manager.reloading())
    unschedule = await startReports(gateway)
    if (config.http !== undefined) http = await openHttp(gateway, config.http, health)
  } catch (error) {
    unwatch?.()
    unschedule?.()
    health.close()
    await gateway.stop()
    throw error
  }
  onReady(http?.url)
  manager.ready(http === undefined ? 'Running without HTTP' : `Running: ${http.url}`)
  manager.watch(health)
  saySetup(gateway, http?.url, config.http)
  log.info({ signal: await stopped }, 'Stopping.')
  void manager.stopping()
  health.shutDown()
  unwatch?.()
  unschedule?.()
  if (drainMs !== undefined) await drain(gateway, drainMs)
  const code = await stopAll(gateway, http, log)
  health.close()
  manager.close()
  return code
}

/** It goes for good, perhaps: what waits is delivered. Whatever comes of it, the gateway is stopped then, and the data folder keeps the rest. */
async function drain(gateway: Gateway, withinMs: number): Promise<void> {
  const { log } = gateway
  const { deliverAll, undeliveredWords, withoutReading } = await import('./draining.ts')
  try {
    await gateway.change(withoutReading(gateway.config))
    const left = await deliverAll(gateway, withinMs, new AbortController().signal)
    if (left.length === 0) log.info({}, 'Drained: nothing waits for a sink.')
    for (const one of left) log.warn({ sink: one.sink, samples: one.pending }, `Not drained: ${undeliveredWords(one)}`)
  } catch (error) {
    log.error({ error: messageOf(error) }, 'Could not be drained; the data folder keeps what waits.')
  }
}

/** Looks once a minute; what makes reports is loaded when the configuration has some, also later. */
async function startReports(gateway: Gateway): Promise<() => void> {
  const { clock, log } = gateway
  const { scheduleReports } = await import('../report/schedule.ts')
  const { hostname } = await import('node:os')
  return scheduleReports({
    config: () => gateway.config.reports,
    name: hostname(),
    token: readVariable('BIFROST_PROMETHEUS_TOKEN', process.env),
    post: postOver(gateway),
    clock,
    log: log.child({ component: 'reports' }),
  })
}

/** Over the gateway's own connections: they go only where `network` lets it, and to no address of clouds and neighbours by accident. */
const postOver =
  ({ dial, clock }: Gateway): Post =>
  async (url, headers, body, signal) => {
    const { HttpClient } = await import('../wire/http/http-client.ts')
    const { pathname } = new URL(url)
    const limits = { connectTimeoutMs: 10_000, responseTimeoutMs: 60_000, maxAnswerBytes: 64 * 2 ** 20 }
    const client = new HttpClient({ url, tls: {}, ...limits, dial, clock })
    try {
      const { status, bytes } = await client.send({ method: 'POST', path: pathname, headers, body: Buffer.from(body) }, signal) // prettier-ignore
      return { status, body: [bytes] }
    } finally {
      client.close()
    }
  }

/** The one-time token goes to whoever sees the console, not into the log. Where no page was built there is nothing to open. */
function saySetup({ accounts }: Gateway, url: string | undefined, http: HttpConfig | undefined): void {
  const token = accounts?.setupToken
  if (token === undefined || url === undefined || http === undefined) return
  const link = builtPage() === undefined ? '' : `Set it up, once, at\n\n  ${setupLink(url, http, token)}\n\nor run`
  process.stderr.write(
    `\nThis gateway has no administrator yet. ${link || 'Run'} \`bifrost user add NAME\` on this machine.\n\n`,
  )
}

/** The first SIGTERM or SIGINT from now on; the second SIGINT ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', (signal) => {
      resolve(signal)
      process.once('SIGINT', () => process.exit(Exit.interrupted))
    })
  })
}

async function openHttp(gateway: Gateway, { listen, ...http }: HttpConfig, health: Health): Promise<HttpServer> {
  const { startHttp } = await import('../http/server.ts')
  const { host, port } = listen
  const uiDir = builtPage()
  try {
    return await startHttp(gateway, { ...listen, ...http, uiDir, health })
  } catch (error) {
    throw isPortInUse(error) ? portInUse(host, port, error) : error
  }
}

function isPortInUse(error: unknown): boolean {
  if (error instanceof GatewayError) return error.code === 'PORT_IN_USE'
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/** The error that names the port and, where it can be told, the process that holds it. */
function portInUse(host: string, port: number, cause: unknown): GatewayError {
  const holder = findPortHolder(port)
  const who = holder === undefined ? '' : `, held by process ${holder.pid} (${holder.command})`
  return new GatewayError('PORT_IN_USE', `port ${port} of ${host} is in use${who}`, {
    cause,
    details: { host, port, ...holder },
  })
}

async function stopAll(gateway: Gateway, http: HttpServer | undefined, log: Log): Promise<number> {
  const stop = async () => {
    await http?.close()
    await gateway.stop()
    return Exit.ok
  }
  const limit = new Promise<number>((resolve) => {
    systemClock.after(STOP_LIMIT_MS, () => {
      log.error({ limitMs: STOP_LIMIT_MS }, 'Stopping took too long; ending without waiting further.')
      resolve(Exit.failure)
    })
  })
  const stopped = stop().catch((error: unknown) => {
    log.error({ error: messageOf(error) }, 'The gateway could not be stopped cleanly.')
    return Exit.failure
  })
  return Promise.race([stopped, limit])
}
