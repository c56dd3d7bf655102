/**
 * `bifrost read`: values of a running gateway, or straight from a device. Exit 0 when all are good, 1 when some are not, 3
 * when nothing answers.
 */
import { GatewayError } from '../core/errors.ts'
import { isGood } from '../core/status.ts'
import { api, gatewayUrl, valuePath } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { loadConfigFile } from './config-file.ts'
import type { DirectTarget, PointOptions } from './direct-target.ts'
import { Exit } from './exit-code.ts'
import { valueLine, type ShownValue } from './value-line.ts'

const DIRECT_LIMIT_MS = 60_000

export async function run(call: Call): Promise<number> {
  const target = await directTarget(call, call.args)
  const values = target === undefined ? await readFromGateway(call) : await readFromDevice(target)
  showValues(values, call)
  return values.every((shown) => isGood(shown.status.code)) ? Exit.ok : Exit.failure
}

/** The device that is meant; undefined when the words go to a running gateway. */
export async function directTarget(call: Call, words: readonly string[]): Promise<DirectTarget | undefined> {
  const [first] = words
  const config = textOption(call, 'config')
  if (config === undefined && first?.includes('://') !== true) return undefined
  const { targetFromConfig, targetFromUrl } = await import('./direct-target.ts')
  if (config === undefined) {
    const { drivers } = await import('../drivers/index.ts')
    return targetFromUrl(first!, words.slice(1), drivers, pointOptions(call), call.env)
  }
  if (first === undefined)
    throw new GatewayError('USAGE', 'which device or tag of the configuration? For example: press-1/level')
  return targetFromConfig(await loadConfigFile(config, call.env), words, pointOptions(call))
}

function pointOptions(call: Call): PointOptions {
  const length = textOption(call, 'length')
  if (length !== undefined && !/^[1-9]\d{0,4}$/.test(length))
    throw new GatewayError('USAGE', `--length ${length}: expected a whole number`)
  return { order: textOption(call, 'order'), length: length === undefined ? undefined : Number(length) }
}

async function readFromDevice(target: DirectTarget): Promise<ShownValue[]> {
  const { readDirect } = await import('./direct-device.ts')
  return readDirect(target, AbortSignal.timeout(DIRECT_LIMIT_MS))
}

/** One value, the values of a device, or everything. */
async function readFromGateway(call: Call): Promise<ShownValue[]> {
  const base = gatewayUrl(call)
  if (call.args.length === 0) return allValues(base, '')
  const lists = await Promise.all(
    call.args.map(async (word) =>
      word.includes('/')
        ? [await api<ShownValue>(base, `values/${valuePath(word)}`)]
        : allValues(base, `device=${encodeURIComponent(word)}`),
    ),
  )
  return lists.flat()
}

interface ValuesPage {
  readonly values: readonly ShownValue[]
  readonly next: string | null
}

async function allValues(base: string, query: string): Promise<ShownValue[]> {
  const values: ShownValue[] = []
  let cursor: string | null = null
  do {
    const parts: string[] = [query, cursor === null ? '' : `cursor=${encodeURIComponent(cursor)}`].filter(
      (part) => part !== '',
    )
    const page: ValuesPage = await api<ValuesPage>(base, `values${parts.length === 0 ? '' : `?${parts.join('&')}`}`)
    values.push(...page.values)
    cursor = page.next
  } while (cursor !== null)
  return values
}

function showValues(values: readonly ShownValue[], { terminal }: Call): void {
  if (terminal.json) return terminal.resultJson({ values })
  const width = Math.max(0, ...values.map(({ device, tag }) => device.length + tag.length + 1))
  for (const shown of values) terminal.result(valueLine(shown, width, terminal))
  if (values.length === 0) terminal.say('no values')
}
