/** `bifrost parameters …`: asks the running gateway for what is done with parameter sets, and shows it in columns or as JSON. */
import { GatewayError } from '../core/errors.ts'
import { gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { columns } from './columns.ts'
import { Exit } from './exit-code.ts'

/** Reading and writing many parameters of a slow device takes its time. */
const LIMIT_MS = 30 * 60_000

type Scalar = number | boolean | string | null

interface Identity {
  readonly vendor: string | null
  readonly product: string | null
  readonly serial: string | null
  readonly firmware: string | null
}

interface Summary {
  readonly version: number
  readonly time: string
  readonly user: string
  readonly reason: string | null
  readonly identity: Identity
  readonly sha256: string
  readonly parameters: number
  readonly unreadable: number
}

interface SetView {
  readonly set: string
  readonly description: string | null
  readonly parameters: number
  readonly restorable: boolean
  readonly newest: Summary | null
  readonly versions: number
  readonly lastCompare: { readonly time: string; readonly version: number; readonly differences: number } | null
}

interface SetDetail extends SetView {
  readonly forbidden: string | null
  readonly entries: readonly { name: string; address: string; type: string; unit: string | null; readOnly: boolean }[]
  readonly stored: readonly { version: number; summary: Summary | null }[]
}

interface Row {
  readonly name: string
  readonly state: string
  readonly unit: string | null
  readonly stored: Scalar
  readonly status: { readonly name: string }
  readonly reason: string | null
}

interface IdentityCheck {
  readonly verdict: 'same' | 'unknown' | 'other'
  readonly remark: string | null
}

interface ComparisonView {
  readonly equal: boolean
  readonly differences: number
  readonly version: Summary
  readonly identity: IdentityCheck
  readonly parameters: readonly (Row & { readonly device: Scalar })[]
}

interface RestorationView {
  readonly outcome: 'planned' | 'restored' | 'incomplete'
  readonly version: Summary
  readonly identity: IdentityCheck
  readonly forbidden: string | null
  readonly stopped: string | null
  readonly verified: boolean
  readonly parameters: readonly (Row & { readonly before: Scalar; readonly after: Scalar })[]
}

export async function list(call: Call): Promise<number> {
  const [device, set] = call.args
  const { terminal } = call
  const number = textOption(call, 'stored')
  if (number !== undefined) return showVersion(call, number)
  if (set === undefined) {
    const answer = await ask<{ sets: readonly SetView[] }>(call, device!, undefined)
    if (terminal.json) terminal.resultJson(answer)
    else if (answer.sets.length === 0) terminal.say(`${device} has no parameter sets; see parameterSets of a device`)
    else for (const line of columns(answer.sets.map(setLine))) terminal.result(line)
    return Exit.ok
  }
  const detail = await ask<SetDetail>(call, device!, set)
  if (terminal.json) {
    terminal.resultJson(detail)
    return Exit.ok
  }
  for (const line of columns(detail.entries.map(({ name, address, type, unit, readOnly }) => [name, address, type, unit ?? '', readOnly ? 'only compared' : '']))) terminal.result(line) // prettier-ignore
  terminal.say(detail.stored.length === 0 ? 'nothing is stored yet' : 'stored versions, newest first:')
  for (const line of columns(detail.stored.map(versionLine))) terminal.result(line)
  if (detail.forbidden !== null) terminal.say(detail.forbidden)
  return Exit.ok
}

export async function read(call: Call): Promise<number> {
  const { device, set } = await target(call)
  interface Reading {
    readonly identity: Identity
    readonly unreadable: number
    readonly parameters: readonly (Pick<Row, 'name' | 'unit' | 'status' | 'reason'> & { readonly value: Scalar })[]
  }
  const answer = await ask<Reading>(call, device, set, { what: 'read' })
  const { terminal } = call
  if (terminal.json) terminal.resultJson(answer)
  else {
    const rows = answer.parameters.map(({ name, value, unit, status, reason }) => [
      name,
      value === null ? status.name : withUnit(value, unit),
      reason ?? '',
    ])
    for (const line of columns(rows)) terminal.result(line)
  }
  return answer.unreadable === 0 ? Exit.ok : Exit.failure
}

export async function save(call: Call): Promise<number> {
  const { device, set } = await target(call)
  const body = { partial: call.options.partial === true, ...reasonOf(call) }
  const answer = await ask<{ saved: Summary; isNew: boolean }>(call, device, set, { what: 'save', body })
  const { terminal } = call
  const { saved, isNew } = answer
  if (terminal.json) terminal.resultJson(answer)
  else
    terminal.result(
      isNew
        ? `saved ${saved.parameters - saved.unreadable} of ${saved.parameters} parameters as version ${saved.version}`
        : `nothing has changed since version ${saved.version}, of ${saved.time}`,
    )
  return Exit.ok
}

export async function compare(call: Call): Promise<number> {
  const { device, set } = await target(call)
  const answer = await ask<ComparisonView>(call, device, set, { what: 'compare', body: versionOf(call) })
  const { terminal } = call
  if (terminal.json) terminal.resultJson(answer)
  else {
    const different = answer.parameters.filter(({ state }) => state !== 'equal')
    const rows = different.map(({ name, state, unit, stored, device: now, status, reason }) => [
      name,
      state,
      `${withUnit(stored, unit)} -> ${now === null ? status.name : withUnit(now, unit)}`,
      reason ?? '',
    ])
    for (const line of columns(rows)) terminal.result(line)
    const { version, time } = answer.version
    const verdict = answer.equal ? 'all equal' : `${answer.differences} of ${answer.parameters.length} differ`
    terminal.say(`${device}/${set} against version ${version}, of ${time}: ${verdict}`)
    if (answer.identity.remark !== null) terminal.say(answer.identity.remark)
  }
  return answer.equal ? Exit.ok : Exit.different
}

export async function restore(call: Call): Promise<number> {
  const { device, set } = await target(call)
  const isDry = call.options.write !== true
  const body = { ...versionOf(call), dryRun: isDry, force: call.options.force === true, ...reasonOf(call) }
  const answer = await ask<RestorationView>(call, device, set, { what: 'restore', body })
  const { terminal } = call
  if (terminal.json) terminal.resultJson(answer)
  else tellRestoration(call, `${device}/${set}`, answer)
  if (!isDry) return answer.outcome === 'restored' ? Exit.ok : Exit.failure
  return answer.forbidden !== null || answer.identity.verdict === 'other' ? Exit.forbidden : Exit.ok
}

function tellRestoration({ terminal }: Call, name: string, answer: RestorationView): void {
  const { parameters, outcome, stopped, verified, forbidden, identity, version } = answer
  const rows = parameters
    .filter(({ state }) => state !== 'equal')
    .map(({ name: parameter, state, unit, stored, before, after, status, reason }) => [
      parameter,
      outcome === 'planned' && state === 'pending' ? 'to write' : (STATES[state] ?? state),
      `${before === null ? status.name : withUnit(before, unit)} -> ${withUnit(stored, unit)}`,
      state === 'failed' && after !== null && after !== stored ? `has ${withUnit(after, unit)}` : '',
      reason ?? '',
    ])
  for (const line of columns(rows)) terminal.result(line)
  const of = `${name}, version ${version.version} of ${version.time}`
  const count = parameters.filter(({ state }) => state === (outcome === 'planned' ? 'pending' : 'written')).length
  if (outcome === 'planned') terminal.say(`${of}: ${count} would be written; say --write to do it`)
  else if (outcome === 'restored') terminal.say(`${of}: ${count} written; the device holds all of it`)
  else
    terminal.say(
      `${of}: ${count} written, and the device does not hold all of it${verified ? '' : '; it could not be read once more'}`,
    )
  for (const remark of [stopped === null ? null : `It ended early: ${stopped}.`, identity.remark, forbidden])
    if (remark !== null) terminal.say(remark)
}

/** As people read them; the rest are words already. */
const STATES: Readonly<Record<string, string>> = { pending: 'not reached', left: 'left as it is' }

/** The device and the set that is meant; throws USAGE where there are several and none is named. */
async function target(call: Call): Promise<{ device: string; set: string }> {
  const [device, set] = call.args as [string, string?]
  if (set !== undefined) return { device, set }
  const { sets } = await ask<{ sets: readonly SetView[] }>(call, device, undefined)
  if (sets.length === 1) return { device, set: sets[0]!.set }
  const which =
    sets.length === 0 ? 'it has no parameter sets' : `which set? It has ${sets.map((one) => one.set).join(', ')}`
  throw new GatewayError('USAGE', `${device}: ${which}`)
}

async function showVersion(call: Call, number: string): Promise<number> {
  const { device, set } = await target(call)
  interface Version extends Summary {
    readonly values: readonly { name: string; value: Scalar; unit: string | null; status: string | null }[]
  }
  const answer = await ask<Version>(call, device, set, { what: `versions/${encodeURIComponent(number)}`, isRead: true })
  if (call.terminal.json) call.terminal.resultJson(answer)
  else {
    const rows = answer.values.map(({ name, value, unit, status }) => [
      name,
      value === null ? (status ?? '') : withUnit(value, unit),
    ])
    for (const line of columns(rows)) call.terminal.result(line)
  }
  return Exit.ok
}

interface Question {
  readonly what: string
  readonly body?: object
  readonly isRead?: boolean
}

function ask<T>(call: Call, device: string, set: string | undefined, question?: Question): Promise<T> {
  const parts = ['devices', encodeURIComponent(device), 'parameters']
  if (set !== undefined) parts.push(encodeURIComponent(set))
  if (question !== undefined) parts.push(question.what)
  const isRead = question === undefined || question.isRead === true
  const sending = isRead ? {} : { method: 'POST' as const, body: question.body ?? {}, timeoutMs: LIMIT_MS }
  return send<T>(gatewayUrl(call), parts.join('/'), sending)
}

function versionOf(call: Call): { version?: number } {
  const text = textOption(call, 'stored')
  if (text === undefined) return {}
  const version = Number(text)
  if (Number.isInteger(version) && version > 0) return { version }
  throw new GatewayError('USAGE', `--stored ${text} is no number of a version; \`bifrost parameters list\` shows them`)
}

function reasonOf(call: Call): { reason?: string } {
  const reason = textOption(call, 'reason')
  return reason === undefined ? {} : { reason }
}

const withUnit = (value: Scalar, unit: string | null): string =>
  value === null ? '(nothing)' : `${String(value)}${unit === null ? '' : ` ${unit}`}`

const setLine = ({ set, parameters, newest, versions, lastCompare, restorable, description }: SetView): string[] => [
  set,
  `${parameters} parameters`,
  newest === null ? 'not stored' : `version ${newest.version} of ${newest.time} (${versions} kept)`,
  lastCompare === null ? 'not compared' : lastCompare.differences === 0 ? 'equal' : `${lastCompare.differences} differ`,
  restorable ? 'may be restored' : 'read only',
  description ?? '',
]

function versionLine({ version, summary }: SetDetail['stored'][number]): string[] {
  if (summary === null) return [String(version), 'its file is damaged', '', '', '']
  const { time, user, reason, identity, sha256 } = summary
  const model = [identity.vendor, identity.product, identity.firmware].filter((word) => word !== null).join(' ')
  return [String(version), time, user, `${model} ${sha256.slice(0, 12)}`.trim(), reason ?? '']
}
