/** `bifrost update …`: the updater of an edge box. It runs as root by a timer of its own; the gateway knows nothing of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { boxAt, installedVersion, type Box } from '../release/box.ts'
import { parseTrustedKeys, pinnedKeys, type TrustedKey } from '../release/keys.ts'
import { isInRollout, rolloutPlace } from '../release/rollout.ts'
import { openSource } from '../release/source.ts'
import { history, previousVersion, readTrial, versionsThere, whyBad } from '../release/state.ts'
import { goBackTo } from '../release/switch.ts'
import { look, readRelease, take, verifyArtifacts, type Update } from '../release/update.ts'
import { isOpen } from '../release/window.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { boxId, loadUpdateSettings, readOwn, type UpdateSettings } from './update-settings.ts'

export async function check(call: Call): Promise<number> {
  const { update, settings } = open(call)
  const offer = await look(update, ended())
  const { version, rollout, expires } = offer.manifest
  const facts = { installed: offer.installed, offered: version, expires, isNew: offer.isNew, bad: offer.bad ?? null }
  const place = rolloutPlace(boxId(settings), version)
  if (call.terminal.json) call.terminal.resultJson({ ...facts, percent: rollout?.percent ?? 100, place })
  else if (!offer.isNew) call.terminal.result(`${version} is installed, and it is the newest of ${update.channel}`)
  else {
    const stage =
      rollout === undefined ? '' : `; staged: ${rollout.percent} %, this box stands at ${place.toFixed(1)} %`
    const bad = offer.bad === undefined ? '' : `; it was left before: ${offer.bad}`
    call.terminal.result(`${offer.installed} is installed, ${version} can be had${stage}${bad}`)
  }
  return offer.isNew ? Exit.different : Exit.ok
}

export async function apply(call: Call): Promise<number> {
  const { update, settings } = open(call)
  const automatic = call.options.automatic === true
  const notNow = automatic ? whyNotNow(settings, systemClock.now()) : undefined
  if (notNow !== undefined) return said(call, notNow)
  const signal = ended()
  const offer = await look(update, signal)
  const { version, rollout } = offer.manifest
  if (!offer.isNew) return said(call, `${version} is installed already`)
  if (automatic && offer.bad !== undefined) return said(call, `${version} was left before and is not tried again: ${offer.bad}`) // prettier-ignore
  if (automatic && !isInRollout(boxId(settings), version, rollout?.percent))
    return said(call, `${version} is for ${rollout!.percent} % of the boxes as yet, and this one is not among them`)
  needsRoot(call)
  const left = await take(update, offer, signal)
  if (left !== undefined) return said(call, left)
  if (call.terminal.json) call.terminal.resultJson({ installed: version, before: offer.installed })
  else
    call.terminal.result(`${version} runs and is confirmed; ${offer.installed} stays for \`bifrost update rollback\``)
  return Exit.ok
}

export async function status(call: Call): Promise<number> {
  const box = boxOf(call)
  const settings = loadUpdateSettings(settingsFile(call, box))
  const facts = {
    installed: installedVersion(box),
    previous: previousVersion(box) ?? null,
    versions: versionsThere(box).toSorted(),
    trial: readTrial(box) ?? null,
    bad: Object.fromEntries(badOnes(box)),
    automatic: settings.enabled,
    source: settings.source ?? null,
    channel: settings.channel,
    history: history(box).slice(-10),
  }
  if (call.terminal.json) call.terminal.resultJson(facts)
  else for (const line of statusLines(facts)) call.terminal.result(line)
  return Exit.ok
}

export async function rollback(call: Call): Promise<number> {
  const { update } = open(call)
  const { box, gate } = update
  const from = installedVersion(box)
  const trial = readTrial(box)
  // What is on trial has not become the version after any yet: the one that it was switched from is the one before.
  const to = textOption(call, 'to') ?? (trial?.to === from ? trial.from : previousVersion(box))
  const there = versionsThere(box).filter((version) => version !== from)
  if (to === undefined) throw new GatewayError('UPDATE_FAILED', `there is no version before ${from}`)
  if (!there.includes(to))
    throw new GatewayError('USAGE', `${to} does not lie on this box as a version to go back to; ${there.join(', ') || 'none'} does`) // prettier-ignore
  needsRoot(call)
  await goBackTo(box, to, gate)
  if (call.terminal.json) call.terminal.resultJson({ installed: to, before: from })
  else call.terminal.result(`${to} runs again`)
  return Exit.ok
}

export async function verify(call: Call): Promise<number> {
  const source = openSource(call.args[0]!, 'stable')
  const { manifest, keyId } = await readRelease(source, { trusted: trustOf(call), now: systemClock.now() }, ended())
  call.terminal.say(`${manifest.product} ${manifest.version} (${manifest.channel}), signed by ${keyId}, until ${manifest.expires}`) // prettier-ignore
  const scratch = mkdtempSync(join(tmpdir(), 'bifrost-verify-'))
  try {
    await verifyArtifacts(source, manifest, scratch, ({ name }) => call.terminal.say(`  ${name}: as signed`), ended())
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  if (call.terminal.json) call.terminal.resultJson({ ok: true, keyId, ...manifest })
  else {
    const { length } = manifest.artifacts
    call.terminal.result(
      `${manifest.version}: ${length === 1 ? '1 file is as it was' : `${length} files are as they were`} signed`,
    )
  }
  return Exit.ok
}

function open(call: Call): { update: Update; settings: UpdateSettings } {
  const box = boxOf(call)
  const settings = loadUpdateSettings(settingsFile(call, box))
  const from = textOption(call, 'from') ?? settings.source
  const update: Update = {
    box,
    get source() {
      if (from === undefined)
        throw new GatewayError('USAGE', `from where? --from FOLDER, or \`source\` in ${settingsFile(call, box)}`)
      return openSource(from, settings.channel)
    },
    trusted: trustOf(call, settings.trust),
    channel: settings.channel,
    gate: { seconds: Math.ceil(settings.healthyWithin / 1000), url: settings.health },
    keep: settings.keep,
    allowDowngrade: call.options.allowDowngrade === true,
    again: call.options.again === true,
    arch: process.arch,
    now: systemClock.now(),
    whyNotNow: () => (call.options.automatic === true ? whyNotNow(settings, systemClock.now()) : undefined),
    say: (line) => call.terminal.say(line),
  }
  return { update, settings }
}

const boxOf = ({ env }: Call): Box => boxAt(env.BIFROST_UPDATE_ROOT)
const settingsFile = (call: Call, box: Box): string => textOption(call, 'config') ?? join(box.etc, 'update.yaml')

function trustOf(call: Call, ofSettings?: string): readonly TrustedKey[] {
  const file = textOption(call, 'trust') ?? ofSettings
  if (file === undefined) return pinnedKeys()
  try {
    return parseTrustedKeys(readOwn(file), file)
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('USAGE', `${file} cannot be read (${messageOf(error)})`, { cause: error })
  }
}

function whyNotNow({ enabled, window }: UpdateSettings, now: number): string | undefined {
  if (!enabled) return 'updates by themselves are switched off (`enabled: true` switches them on)'
  if (window !== undefined && !isOpen(window, new Date(now))) return 'not now: the window of the settings is shut'
  return undefined
}

/** What is installed belongs to root; below another root it belongs to a test. */
function needsRoot({ env }: Call): void {
  if (process.getuid?.() !== 0 && env.BIFROST_UPDATE_ROOT === undefined)
    throw new GatewayError('FORBIDDEN', 'this changes what is installed: run it as root (sudo)')
}

function said({ terminal }: Call, why: string): number {
  if (terminal.json) terminal.resultJson({ installed: null, reason: why })
  else terminal.say(why)
  return Exit.ok
}

function* badOnes(box: Box): Iterable<readonly [string, string]> {
  for (const version of new Set([...versionsThere(box), ...history(box).map(({ to }) => to)])) {
    const why = whyBad(box, version)
    if (why !== undefined) yield [version, why]
  }
}

interface StatusFacts {
  readonly installed: string
  readonly previous: string | null
  readonly versions: readonly string[]
  readonly trial: { readonly to: string; readonly began: string; readonly seconds: number } | null
  readonly bad: Readonly<Record<string, string>>
  readonly automatic: boolean
  readonly source: string | null
  readonly channel: string
  readonly history: ReturnType<typeof history>
}

function statusLines(facts: StatusFacts): readonly string[] {
  const { trial, installed, previous } = facts
  return [
    `installed  ${installed}${trial === null ? '' : `, on trial since ${trial.began}, has ${trial.seconds} s`}`,
    `before     ${previous ?? 'none'}`,
    `there      ${facts.versions.join(', ')}`,
    `updates    ${facts.automatic ? `by themselves, ${facts.channel}, from ${facts.source}` : 'only by hand'}`,
    ...Object.entries(facts.bad).map(([version, why]) => `left       ${version}: ${why}`),
    ...facts.history.map(({ at, from, to, result, reason }) => `${at}  ${from} → ${to}  ${result}: ${reason}`),
  ]
}

/** Ends with Ctrl-C or SIGTERM: up to the switch nothing is lost by it, and after it the gate goes on by itself. */
function ended(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
