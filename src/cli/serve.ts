/**
 * Starts the gateway and its HTTP server, and stops both on SIGTERM or Ctrl-C: what `run` and `demo` have in common. A second
 * Ctrl-C does not wait.
 */
import type { Config, HttpConfig } from '../config/config.ts'
import { systemClock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Gateway } from '../gateway.ts'
import type { HttpServer } from '../http/server.ts'
import { Exit } from './exit-code.ts'
import { builtPage, packageVersion } from './package-root.ts'
import { findPortHolder } from './port-holder.ts'

/** Whatever hangs, the process ends within five seconds of being asked to. */
const STOP_LIMIT_MS = 4500

export interface ServeOptions {
  readonly log: Log
  /** Resolves when the process shall stop: `stopSignal()`. */
  readonly stopped: Promise<NodeJS.Signals>
  /** Called once everything runs, with the address of the page; undefined when the configuration switches it off. */
  onReady(url: string | undefined): void
}

/** Runs until a signal; resolves with the exit code after a clean stop. */
export async function serve(config: Config, { log, stopped, onReady }: ServeOptions): Promise<number> {
  const { startGateway } = await import('../gateway.ts')
  const gateway = await startGateway(config, { log, version: packageVersion() })
  let http: HttpServer | undefined
  try {
    if (config.http !== undefined) http = await openHttp(gateway, config.http)
  } catch (error) {
    await gateway.stop()
    throw error
  }
  onReady(http?.url)
  sayAccess(gateway, log)
  log.info({ signal: await stopped }, 'Stopping.')
  return stopAll(gateway, http, log)
}

/** The one-time link comes with the page that it leads to; until then nobody can sign in over HTTP. */
function sayAccess({ accounts }: Gateway, log: Log): void {
  if (accounts === undefined) return
  log.warn({}, 'http.access is accounts, and nobody can sign in over HTTP yet: only health is answered.')
  if (accounts.needsSetup) log.warn({}, 'There is no administrator yet: run `bifrost user add NAME` on this machine.')
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

async function openHttp(gateway: Gateway, { listen, hosts }: HttpConfig): Promise<HttpServer> {
  const { startHttp } = await import('../http/server.ts')
  const { host, port } = listen
  const uiDir = builtPage()
  try {
    return await startHttp(gateway, { host, port, hosts, ...(uiDir === undefined ? {} : { uiDir }) })
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
