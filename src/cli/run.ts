/** `bifrost run`: the gateway as the configuration describes it, until SIGTERM or Ctrl-C. */
import { formatProblem } from '../config/problem.ts'
import type { Call } from './call.ts'
import { configFile, openSource } from './config-file.ts'
import { durationOption } from './draining.ts'
import { assertFirstReplica } from './replica.ts'
import { serve, stopSignal } from './serve.ts'

export async function run(call: Call): Promise<number> {
  const stopped = stopSignal()
  const drainMs = durationOption(call, 'drain')
  assertFirstReplica(call.env)
  const { createLogger, logFormat } = await import('../observe/log.ts')
  const { packageVersion } = await import('../core/package-files.ts')
  const early = createLogger({ level: 'info', format: logFormat(process.stderr), version: packageVersion() })
  const source = await openSource(configFile(call), call.env, early)
  const isIsolated = call.options.isolated === true
  const config = isIsolated ? (await import('./isolated.ts')).isolated(source.opened.config) : source.opened.config
  const format = config.log.format === 'auto' ? logFormat(process.stderr) : config.log.format
  const colour = call.options.color === false ? { colour: false } : {}
  const log = createLogger({ level: config.log.level, format, version: packageVersion(), ...colour })
  for (const warning of config.warnings) log.warn({ file: warning.file, line: warning.line }, formatProblem(warning))
  if (isIsolated) log.warn({}, 'Isolated: no device is polled, nothing is delivered, nobody is told.')
  return serve(config, {
    log,
    // What changes in the files would take it out of its isolation.
    ...(isIsolated ? {} : { source }),
    stopped,
    drainMs,
    onReady(url) {
      const devices = config.devices.length
      log.info(
        { url, devices, sinks: config.sinks.length, data: config.data },
        url === undefined ? 'Running without HTTP.' : `Running: ${url}`,
      )
      if (url !== undefined && call.terminal.json) call.terminal.resultJson({ ready: true, url })
      else if (url !== undefined) call.terminal.result(url)
    },
  })
}
