/** `bifrost config diff` and `plan`: what differs between two configurations, and the load that one of them means. */
import type { Config, ConfigSources } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { compareConfigs, countDifferences } from '../config/plan/compare.ts'
import { ASSUMED } from '../config/plan/load-estimate.ts'
import { countLine, differenceLines, loadLines } from '../config/plan/plan-lines.ts'
import { planOf } from '../config/plan/plan.ts'
import { loadFromHistory } from '../config/plan/running-config.ts'
import { parseDuration } from '../core/duration.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { api, gatewayUrl } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { configFile, configSources, sayWarnings } from './config-file.ts'
import { Exit } from './exit-code.ts'

export async function diff(call: Call): Promise<number> {
  const [a, b] = call.args
  const sources = await configSources(call.env)
  const [before, after] = [await loadConfig(a!, sources), await loadConfig(b ?? configFile(call), sources)]
  const differences = compareConfigs(before, after)
  const counts = countDifferences(differences)
  if (call.terminal.json) call.terminal.resultJson({ counts, differences })
  else {
    for (const line of differenceLines(differences)) call.terminal.result(line)
    call.terminal.say(countLine(counts))
  }
  return differences.length === 0 ? Exit.ok : Exit.different
}

export async function plan(call: Call): Promise<number> {
  const sources = await configSources(call.env)
  const roundTripMs = roundTripOf(call)
  const file = call.args[0] ?? configFile(call)
  const after = await loadConfig(file, sources)
  const against = await againstWhat(call, file, after, sources)
  const planned = planOf(against?.config, after, { roundTripMs })
  if (call.terminal.json) {
    call.terminal.resultJson({ against: against?.what ?? null, ...planned, warnings: after.warnings })
    return Exit.ok
  }
  sayWarnings(after, call)
  if (against === undefined)
    call.terminal.say('nothing to compare with: no gateway has run here; --against FILE names a file')
  else {
    call.terminal.say(`against ${against.what}`)
    for (const line of differenceLines(planned.differences)) call.terminal.result(line)
    call.terminal.result(countLine(planned.counts))
    call.terminal.result('')
  }
  for (const line of loadLines(planned.load, planned.loadBefore)) call.terminal.result(line)
  return Exit.ok
}

function roundTripOf(call: Call): number {
  const given = textOption(call, 'roundTrip')
  if (given === undefined) return ASSUMED.roundTripMs
  const ms = parseDuration(given)
  if (ms === undefined || ms <= 0)
    throw new GatewayError('USAGE', `--round-trip ${given}: expected a duration such as 20ms`)
  return ms
}

interface Against {
  readonly what: string
  readonly config: Config
}

/** What `--against` names; where it names nothing, what runs, else the usual file where that is another one. */
async function againstWhat(
  call: Call,
  file: string,
  after: Config,
  sources: ConfigSources,
): Promise<Against | undefined> {
  const given = textOption(call, 'against')
  if (given !== undefined && given !== 'running') return { what: given, config: await loadConfig(given, sources) }
  const running = await runningConfig(call, after, sources)
  if (running !== undefined) return running
  if (given === 'running')
    throw new GatewayError(
      'NOT_FOUND',
      `what runs is not known: no gateway answers, and ${after.data} holds no history of configurations; --against FILE names a file`,
    )
  const usual = usualFile(call)
  return usual === undefined || usual === file ? undefined : { what: usual, config: await loadConfig(usual, sources) }
}

function usualFile(call: Call): string | undefined {
  try {
    return configFile(call)
  } catch {
    return undefined // there is none, and none is needed
  }
}

interface StatusView {
  readonly file?: string
  readonly version?: number
}

/** The version that the gateway says it runs by, else the newest in the history of the data folder. */
async function runningConfig(call: Call, { data }: Config, sources: ConfigSources): Promise<Against | undefined> {
  let status: StatusView | undefined
  try {
    status = await api<StatusView>(gatewayUrl(call), 'config/status')
  } catch (error) {
    const isThere =
      !(error instanceof NotConnectedError) && !(error instanceof GatewayError && error.code === 'NOT_FOUND')
    if (isThere) throw error
  }
  const found = loadFromHistory(data, { version: status?.version, file: status?.file }, sources)
  if (found === undefined) return undefined
  const what =
    status === undefined ? `version ${found.version}, the last one that ran` : `version ${found.version}, which runs`
  return { what, config: found.config }
}
