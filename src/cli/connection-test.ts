/**
 * `bifrost test`: how far the way to a device goes: name, connection, TLS, session, first read. Exit 0 when all of it works, 3 when the
 * device cannot be reached, 1 when it is reached and the read fails.
 */
import { systemClock } from '../core/clock.ts'
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import { testConnection, type TestedDevice } from '../discovery/connection-test.ts'
import type { StageResult } from '../discovery/test-stages.ts'
import { createDial, createResolve } from '../wire/dial.ts'
import { createReach } from '../wire/reach.ts'
import { textOption, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import type { DirectTarget } from './direct-target.ts'
import { Exit } from './exit-code.ts'

const NAMES: Record<StageResult['stage'], string> = { dns: 'DNS', tcp: 'TCP', tls: 'TLS', session: 'session', read: 'first read' } // prettier-ignore

export async function run(call: Call): Promise<number> {
  const { target, rules } = await targetOf(call)
  const reach = createReach({ ...rules, ownPorts: new Set() })
  const connector = { dial: createDial(reach), resolve: createResolve(reach) }
  const signal = AbortSignal.timeout(timeoutOf(call))
  const show = call.terminal.json ? undefined : (stage: StageResult) => call.terminal.result(lineOf(stage))
  const { ok, stages } = await testConnection(testedOf(target), connector, systemClock, signal, show)
  if (call.terminal.json) call.terminal.resultJson({ ok, stages })
  const failed = stages.find(({ result }) => result === 'failed')
  if (failed?.help != null && !call.terminal.json) call.terminal.say(failed.help)
  if (failed === undefined) return Exit.ok
  return failed.stage === 'read' ? Exit.failure : Exit.unreachable
}

function timeoutOf(call: Call): number {
  const text = textOption(call, 'timeout') ?? '10s'
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= 100 && ms <= 60_000) return ms
  throw new GatewayError('USAGE', `--timeout ${text}: expected a duration from 100ms to 1m, such as 20s`)
}

function lineOf({ stage, result, ms, detail }: StageResult): string {
  const time = ms === null ? '-' : `${ms.toFixed(1)} ms`
  return `${NAMES[stage].padEnd(12)}${time.padStart(11)}  ${result}${detail === null ? '' : `: ${detail}`}`
}

/** A URL, or a device of the configuration, with the rules of its network. */
async function targetOf(
  call: Call,
): Promise<{ target: DirectTarget; rules: Pick<Parameters<typeof createReach>[0], 'allow' | 'deny'> }> {
  const [first = '', ...words] = call.args
  const direct = await import('./direct-target.ts')
  if (first.includes('://')) {
    const { drivers } = await import('../drivers/index.ts')
    const target =
      words.length === 0
        ? direct.deviceFromUrl(first, drivers, call.env)
        : direct.targetFromUrl(first, words, drivers, {}, call.env)
    return { target, rules: { allow: [], deny: [] } }
  }
  if (first === '')
    throw new GatewayError('USAGE', 'which device? For example: bifrost test modbus://10.0.0.5:502/1 hr:0')
  const config = await loadConfigFile(configFile(call), call.env)
  const { allow = [], deny = [] } = config.network ?? {}
  return { target: direct.targetFromConfig(config, call.args, {}), rules: { allow, deny } }
}

/** Its first tag is what is read. */
function testedOf({ name, type, options, tags, untyped, certificates }: DirectTarget): TestedDevice {
  const [tag] = tags
  const point = tag && { ...tag, isTyped: untyped?.has(tag) !== true }
  return { name, type, options, point, certificates }
}
