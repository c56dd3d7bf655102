/**
 * Runs a tool of a driver: on a device of a running gateway through its API, over the connection that it has already, or straight
 * on a device with a connection of our own.
 */
import { readFile, stat } from 'node:fs/promises'
import type { z } from 'zod'
import { describeIssue } from '../config/issue-words.ts'
import type { Driver, DriverTool, DriverType, LineAccess } from '../core/driver.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { send, gatewayUrl } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { loadConfigFile } from './config-file.ts'
import type { DirectTarget } from './direct-target.ts'
import { Exit } from './exit-code.ts'
import { fieldsOf } from './tool-commands.ts'

/** A tool that has not ended by then is given up. */
const TOOL_LIMIT_MS = 120_000

/** The action of `bifrost DRIVER TOOL TARGET …`. */
export async function runTool(type: DriverType, tool: DriverTool, call: Call): Promise<number> {
  const given = await inputOf(tool, call)
  const target = call.args[0]!
  const direct = await directTarget(type, target, call)
  const running = direct === undefined ? runAtGateway(tool, target, given, call) : runDirect(direct, tool, given)
  const result = await running.catch((error: unknown) => {
    // What a tool refuses was said on the command line.
    if (!(error instanceof GatewayError)) throw error
    if (error.code === 'INVALID_REQUEST') throw new GatewayError('USAGE', error.message, { cause: error })
    const meant = direct === undefined && NOT_THERE.has(error.code) ? urlLike(type, target) : undefined
    throw meant === undefined
      ? error
      : new GatewayError('USAGE', `${target} is no device of a running gateway; did you mean ${meant}?`, {
          cause: error,
        })
  })
  if (call.terminal.json) call.terminal.resultJson(result)
  else for (const line of tool.toLines(result as never)) call.terminal.result(line)
  for (const remark of tool.toRemarks?.(result as never) ?? []) call.terminal.say(remark)
  return tool.isDifferent?.(result as never) === true ? Exit.different : Exit.ok
}

const NOT_THERE: ReadonlySet<string> = new Set(['NOT_FOUND', 'NOT_CONNECTED'])

/** Where a target says where a device is, without being a URL, the URL that is meant: `10.0.0.5:502`, `/dev/ttyUSB0`. */
function urlLike({ name, urls }: DriverType, target: string): string | undefined {
  if (urls === undefined && /^(\/dev\/|COM\d)/.test(target)) return `${name}+rtu:///${target.replace(/^\//, '')}/1`
  const [, place] =
    /^(?:[a-z+]+:\/*)?((?:\d+\.){3}\d+(?::\d+)?|[\w.-]+:\d+|\[[\da-f:]+\](?::\d+)?)(?:\/|$)/i.exec(target) ?? []
  if (place === undefined) return undefined
  return urls === undefined ? `${name}://${place}/1` : `${urls.schemes[0]}://${place}`
}

/** The tool's input out of words and flags, each in the type that its field takes. Throws USAGE for what does not fit. */
async function inputOf(
  tool: DriverTool,
  { args, options }: Pick<Call, 'args' | 'options'>,
): Promise<Record<string, unknown>> {
  const given: Record<string, unknown> = {}
  const words = args.slice(1)
  for (const { name, schema, isTextFile } of fieldsOf(tool)) {
    const word = words[tool.positions.indexOf(name)]
    const flag = options[name]
    if (word !== undefined && flag !== undefined)
      throw new GatewayError('USAGE', `${name} is given twice: ${word} and --${name} ${String(flag)}`)
    const text = word ?? flag
    if (text === undefined) continue
    if (typeof text === 'string' && isTextFile) given[name] = await readText(text)
    else given[name] = typeof text === 'string' ? typed(text, (value) => schema.safeParse(value).success) : text
  }
  if (words.length > tool.positions.length)
    throw new GatewayError('USAGE', `${tool.name} takes no "${words[tool.positions.length]}"`)
  const result = tool.input.safeParse(given)
  if (result.success) return given
  throw new GatewayError('USAGE', result.error.issues.map((issue) => complaint(issue, given)).join('\n'))
}

/** A file that is given to a tool as its content. */
const MOST_FILE_BYTES = 256 * 1024 * 1024

async function readText(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > MOST_FILE_BYTES) throw new Error('it is larger than 256 MiB')
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new GatewayError('USAGE', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

/** The text as the first kind of value that the field takes; the number that it is, or itself, where it takes none. */
function typed(text: string, fits: (value: unknown) => boolean): unknown {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const candidates = Number.isNaN(number) ? [text] : [text, number]
  return candidates.find(fits) ?? candidates.at(-1)
}

function complaint(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const name = issue.path.map(String).join('.')
  return issue.code === 'invalid_type' && given[name] === undefined
    ? `${name} is missing`
    : `${name}: ${describeIssue(issue)}`
}

/** The device that is meant by a URL or a file; undefined: one of the running gateway. */
async function directTarget(type: DriverType, target: string, call: Call): Promise<DirectTarget | undefined> {
  const config = textOption(call, 'config')
  if (config === undefined && !target.includes('://')) return undefined
  const { deviceFromConfig, deviceFromUrl } = await import('./direct-target.ts')
  const direct =
    config === undefined
      ? deviceFromUrl(target, [type], call.env)
      : deviceFromConfig(await loadConfigFile(config, call.env), target)
  if (direct.type.name === type.name) return direct
  throw new GatewayError('USAGE', `${target} is a ${direct.type.name} device, not ${type.name}`)
}

function runAtGateway(tool: DriverTool, device: string, given: unknown, call: Call): Promise<unknown> {
  const path = `devices/${encodeURIComponent(device)}/tools/${encodeURIComponent(tool.name)}`
  return send(gatewayUrl(call), path, { method: 'POST', body: given, timeoutMs: TOOL_LIMIT_MS })
}

async function runDirect(target: DirectTarget, tool: DriverTool, given: unknown): Promise<unknown> {
  const { configuredPoints, withDriver } = await import('./direct-device.ts')
  const limit = AbortSignal.timeout(TOOL_LIMIT_MS)
  const access: LineAccess = {
    connected: tool.offline !== true,
    ...(target.tags.length === 0 ? {} : { points: configuredPoints(target) }),
    run: (work, _priority, signal) => work(signal),
  }
  try {
    const run = (driver: Driver<unknown>) => tool.run(tool.input.parse(given), driver, access, limit)
    return await withDriver(target, limit, run, tool.offline === true)
  } catch (error) {
    if (!limit.aborted) throw error
    throw new GatewayError('TIMEOUT', `${tool.name} did not end within ${TOOL_LIMIT_MS / 1000} s`, { cause: error })
  }
}
