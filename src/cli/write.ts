/**
 * `bifrost write`: one value, through a running gateway (permission, limits, read-back, audit) or, with --allow-write, straight
 * to a device. Nothing is written unless configuration or this flag allows it.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { parseDuration } from '../core/duration.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { describeRounding, toRaw } from '../core/scaling.ts'
import { isGood } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import type { Value } from '../core/value.ts'
import { api, gatewayUrl, valuePath } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import type { DirectTarget } from './direct-target.ts'
import { Exit } from './exit-code.ts'
import { hostUserName } from './host-user.ts'
import { pendingWords, type PendingView } from './writes.ts'
import { directTarget } from './read.ts'
import { statusView, type ShownValue } from './value-line.ts'

const DIRECT_LIMIT_MS = 30_000

export async function run(call: Call): Promise<number> {
  const words = call.args.slice(0, -1)
  const text = call.args.at(-1)!
  if (words.length === 0)
    throw new GatewayError('USAGE', `write what to ${text}? For example: bifrost write press-1/set-point 12.5`)
  const target = await directTarget(call, words)
  return target === undefined ? writeThroughGateway(words, text, call) : writeToDevice(target, text, call)
}

interface WriteAnswer {
  readonly device: string
  readonly tag: string
  readonly value: unknown
  readonly status: { readonly code: number; readonly name: string }
  readonly readBack: unknown
  readonly durationMs: number
  /** How it was done, where the status does not say it. */
  readonly remark: string | null
}

function deadlineOf(call: Call): number | undefined {
  const text = textOption(call, 'within')
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= 10 && ms <= 60_000) return ms
  throw new GatewayError('USAGE', '--within: expected a duration from 10ms to 60s, such as 500ms or 2s')
}

async function writeThroughGateway(words: readonly string[], text: string, call: Call): Promise<number> {
  const [target] = words
  if (words.length !== 1 || target?.includes('/') !== true)
    throw new GatewayError('USAGE', `expected device/tag and a value, got ${call.args.join(' ')}`)
  const base = gatewayUrl(call)
  const path = `values/${valuePath(target)}`
  const { type } = await api<ShownValue & { type: TagSettings['type'] }>(base, path)
  const reason = textOption(call, 'reason')
  const deadlineMs = deadlineOf(call)
  const answer = await api<WriteAnswer | { readonly pending: PendingView }>(base, path, {
    value: jsonValue(text, type),
    ...(reason === undefined ? {} : { reason }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  })
  if (call.terminal.json) call.terminal.resultJson(answer)
  if ('pending' in answer) {
    if (!call.terminal.json) call.terminal.result(pendingWords(answer.pending))
    return Exit.ok
  }
  if (!call.terminal.json) {
    call.terminal.result(
      `${target}  ${text}  ${answer.status.name}  read back ${String(answer.readBack)}  ${Math.round(answer.durationMs)} ms`,
    )
    if (answer.remark !== null) call.terminal.say(answer.remark)
  }
  return isGood(answer.status.code) ? Exit.ok : Exit.failure
}

async function writeToDevice(target: DirectTarget, text: string, call: Call): Promise<number> {
  if (call.options.allowWrite !== true) {
    throw new GatewayError(
      'WRITE_FORBIDDEN',
      'writing straight to a device goes past the gateway and who may do what: give --allow-write if you mean it',
    )
  }
  const [tag] = target.tags
  if (tag === undefined || target.tags.length !== 1) throw new GatewayError('USAGE', 'a write is to one address')
  if (textOption(call, 'config') !== undefined && call.args[0]!.includes('/'))
    checkLimits(target.name, tag.settings, text)
  const { writeDirect } = await import('./direct-device.ts')
  let rounding: string | undefined
  const toRawValue = (settings: TagSettings): Value => {
    const value = parseValue(text, settings.type)
    const raw = rawValue(value, settings)
    rounding = describeRounding(value, raw, settings)
    return raw
  }
  // Before anything is connected, where the type is given.
  if (target.untyped?.has(tag) !== true) toRawValue(tag.settings)
  const record = await openRecord(target, tag.settings.name, text, call)
  await record('requested')
  const status = await writeDirect(target, toRawValue, AbortSignal.timeout(DIRECT_LIMIT_MS)).catch(
    async (error: unknown) => {
      await record(error instanceof GatewayError ? error.code : 'INTERNAL', messageOf(error))
      throw error
    },
  )
  await record(isGood(status) ? 'written' : 'WRITE_FAILED', statusView(status).name)
  const view = statusView(status)
  const remark = (isGood(status) ? rounding : undefined) ?? null
  if (call.terminal.json)
    call.terminal.resultJson({ device: target.name, tag: tag.settings.name, value: text, status: view, remark })
  else {
    call.terminal.result(`${target.name}/${tag.settings.name}  ${text}  ${view.name}`)
    if (remark !== null) call.terminal.say(remark)
  }
  return isGood(status) ? Exit.ok : Exit.failure
}

/**
 * What is written to a device of a configuration is on record there, and the lock of all writes holds for it. A folder that no gateway
 * has had knows of neither.
 */
async function openRecord({ name, data }: DirectTarget, tag: string, text: string, call: Call) {
  if (data === undefined || !existsSync(data)) return () => Promise.resolve()
  const { assertWritesOpen, handInAudit } = await import('../gateway.ts')
  await assertWritesOpen(data)
  const audit = handInAudit(data, systemClock)
  const event = {
    id: randomUUID(),
    action: 'write',
    user: `host ${hostUserName()}`,
    from: 'command line, past the gateway',
  }
  const reason = textOption(call, 'reason')
  return (outcome: string, message?: string) =>
    audit.record({
      ...event,
      object: `tag ${name}/${tag}`,
      after: text,
      reason,
      outcome,
      details: message === undefined ? undefined : { message },
    })
}

/** These need the present values, or somebody who remembers. */
const OF_THE_GATEWAY = ['writeValues', 'writeEveryMs', 'writeStep', 'interlock', 'approval', 'critical'] as const

/** A configured tag keeps its permission, limits and rules, flag or not. */
function checkLimits(device: string, settings: TagSettings, text: string): void {
  const { name, writable, writeMin, writeMax } = settings
  if (OF_THE_GATEWAY.some((rule) => settings[rule] !== undefined && settings[rule] !== false))
    throw new GatewayError(
      'WRITE_FORBIDDEN',
      `${device}/${name} has rules that only a running gateway can hold (values, pace, step, interlock, a second person or a reason): write it through the gateway, without -c`,
    )
  if (!writable) throw new GatewayError('WRITE_FORBIDDEN', `${device}/${name} is not writable in the configuration`)
  const amount = Number(text)
  if ((writeMin !== undefined && amount < writeMin) || (writeMax !== undefined && amount > writeMax)) {
    throw new GatewayError(
      'INVALID_VALUE',
      `${text} is outside what may be written to ${device}/${name}: ${writeMin ?? 'any'} to ${writeMax ?? 'any'}`,
    )
  }
}

/** The value as the API takes it: 64-bit integers as decimal text, bytes as base64. */
function jsonValue(text: string, type: TagSettings['type']): string | number | boolean {
  const value = parseValue(text, type)
  return typeof value === 'bigint' || value instanceof Uint8Array ? text : value
}

/** The value as the device takes it, scaling undone. */
function rawValue(value: Value, settings: TagSettings): Value {
  if (typeof value !== 'number') return value
  const raw = toRaw(value, settings)
  return settings.type.startsWith('float') ? raw : Math.round(raw)
}

/** A text as a value of the type; throws INVALID_VALUE when it is none. */
function parseValue(text: string, type: TagSettings['type']): Value {
  const refuse = (expected: string): never => {
    throw new GatewayError('INVALID_VALUE', `"${text}" is not ${expected}, which a ${type} is`)
  }
  if (type === 'string') return text
  if (type === 'bytes') return Buffer.from(text, 'base64')
  if (type === 'bool')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : refuse('true or false')
  if (type === 'int64' || type === 'uint64') return /^-?\d+$/.test(text) ? BigInt(text) : refuse('a whole number')
  const value = Number(text)
  return text.trim() !== '' && Number.isFinite(value) ? value : refuse('a number')
}
