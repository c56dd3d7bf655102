/**
 * `bifrost drain`: delivers what a data folder still holds for its sinks, and reads no device meanwhile. For the folder of a gateway that
 * does not come back: a replica that was scaled away, a box that was replaced. A running gateway keeps its folder to itself.
 */
import type { Call } from './call.ts'
import { configFile, loadConfigFile, sayWarnings } from './config-file.ts'
import { deliverAll, durationOption, undeliveredWords, withoutReading } from './draining.ts'
import { Exit } from './exit-code.ts'
import { packageVersion } from '../core/package-files.ts'
import { stopSignal } from './serve.ts'

const WITHIN_MS = 600_000

export async function run(call: Call): Promise<number> {
  const withinMs = durationOption(call, 'within') ?? WITHIN_MS
  const stop = new AbortController()
  void stopSignal().then(() => stop.abort())
  const config = await loadConfigFile(configFile(call), call.env)
  sayWarnings(config, call)
  const [{ startGateway }, { createLogger, logFormat }] = await Promise.all([
    import('../gateway.ts'),
    import('../observe/log.ts'),
  ])
  const log = createLogger({ level: 'warn', format: logFormat(process.stderr), version: packageVersion() })
  // Nobody is served, told or taken in: it only delivers.
  const quiet = { ...withoutReading(config), http: undefined, receive: undefined, alerts: undefined }
  const gateway = await startGateway(quiet, { log, version: packageVersion() })
  const before = gateway.runners.map((runner) => runner.status()).reduce((sum, { pending }) => sum + pending, 0)
  let left
  try {
    left = await deliverAll(gateway, withinMs, stop.signal)
  } finally {
    await gateway.stop()
  }
  const delivered = before - left.reduce((sum, { pending }) => sum + pending, 0)
  if (call.terminal.json) call.terminal.resultJson({ drained: left.length === 0, delivered, left })
  else if (left.length === 0) call.terminal.result(`${config.data}: ${delivered} samples delivered, nothing waits`)
  else {
    for (const one of left) call.terminal.result(undeliveredWords(one))
    call.terminal.say(
      `${config.data} still holds what is listed; keep it, and run this again when the far side is there`,
    )
  }
  return left.length === 0 ? Exit.ok : Exit.failure
}
