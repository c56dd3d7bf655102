/** Moves `current` to another version and has the gate start and judge it. State machine: FORMAT.md. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { commandOf, configFileOf, installedVersion, versionFolder, type Box } from './box.ts'
import { alone } from './lock.ts'
import { runProgram } from './program.ts'
import { addHistory, beginTrial, forgetTrial, markBad, markUnits, readTrial, setPrevious, unitsMark, versionsThere, whyBad, type Trial } from './state.ts' // prettier-ignore
import { compareVersions } from './version.ts'

const UNIT = 'bifrost.service'
const GATE_UNIT = 'bifrost-update-gate.service'

export interface Gate {
  /** Within so many seconds a new version must be healthy. */
  readonly seconds: number
  /** Where the gate asks; undefined: where the gateway says that it listens. */
  readonly url: string | undefined
}

/** The new version reads the present configuration; throws UPDATE_FAILED with what it says of it. */
export async function checkConfiguration(box: Box, version: string): Promise<void> {
  if (!existsSync(configFileOf(box))) return
  const { code, output } = await runProgram(commandOf(box, version), ['check', '-c', configFileOf(box)], {
    ...(await gatewayUser(box)),
    timeoutMs: 120_000,
  })
  if (code !== 0)
    throw new GatewayError('UPDATE_FAILED', `${version} does not take the present configuration:\n${output.trim()}`)
}

/** Checks run as who runs the gateway, never as root in its place. Below another root (tests) everything belongs to whoever runs this. */
async function gatewayUser(box: Box): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0 || box.isElsewhere) return {}
  const [uid, gid] = await Promise.all([runProgram('id', ['-u', 'bifrost']), runProgram('id', ['-g', 'bifrost'])])
  if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.output), gid: Number(gid.output) }
  throw new GatewayError(
    'UPDATE_FAILED',
    `there is no user bifrost to check the configuration as, and it is not checked as root: install.sh makes it (${uid.output.trim()})`,
  )
}

/**
 * The way of a new version: copy of the configuration, trial, link, and the gate, which exchanges the unit, restarts and judges. Throws
 * UPDATE_FAILED after going back.
 */
export async function switchTo(box: Box, to: string, { seconds, url = '' }: Gate): Promise<void> {
  const from = installedVersion(box)
  const config = await copyConfiguration(box, from, to)
  const invocation = await invocationId()
  // What the trial names is on the disk before it.
  await sync()
  beginTrial(box, { from, to, began: new Date().toISOString(), seconds, config, url, invocation })
  moveLink(box, to)
  const gate = await systemctl(['start', GATE_UNIT], (seconds + 120) * 1000)
  if (installedVersion(box) === to && readTrial(box) === undefined) return
  const why = whyBad(box, to)?.replace(/^\S+ /, '') ?? (gate.output.trim() || 'the gate did not say why')
  if (readTrial(box) !== undefined && installedVersion(box) === to)
    throw new GatewayError(
      'UPDATE_FAILED',
      `${to} did not come up, and the gate could not go back to ${from} yet (journalctl -u bifrost-update-gate): ${why}`,
    )
  throw new GatewayError('UPDATE_FAILED', `${to} did not come up, ${installedVersion(box)} runs again: ${why}`)
}

/** By hand, to a version that lies there; what was left is marked, so that the timer does not take it again at once. */
export async function goBackTo(box: Box, to: string, gate: Gate): Promise<void> {
  const trial = readTrial(box)
  if (trial !== undefined && trial.to === installedVersion(box)) await leaveTrial(box, trial, to)
  else await alone(box, () => exchange(box, to))
  const { code, output } = await ownGate(box, ['wait', String(gate.seconds)], (gate.seconds + 60) * 1000)
  if (code !== 0) throw new GatewayError('UPDATE_FAILED', `${to} is installed and is not healthy: ${output.trim()}`)
  if (existsSync(unitsMark(box)))
    throw new GatewayError('UPDATE_FAILED', `${to} runs, but not all of its units could be written (is the disk full?): its next start tries again`) // prettier-ignore
}

/**
 * The gate puts accounts and configuration back where the former version cannot read them. It is not asked under the lock, which whoever switched
 * holds until there is a verdict; this is one.
 */
async function leaveTrial(box: Box, trial: Trial, to: string): Promise<void> {
  if (trial.from !== to)
    throw new GatewayError(
      'CONFLICT',
      `${trial.to} is on trial: go back to ${trial.from} first, from which it was switched`,
    )
  const { code, output } = await ownGate(box, ['back', `somebody went back from it to ${to}`], 900_000)
  if (code !== 0) throw new GatewayError('UPDATE_FAILED', output.trim())
}

/** Cut off after the link was moved, the next start puts the units right: the mark says so. */
async function exchange(box: Box, to: string): Promise<void> {
  const from = installedVersion(box)
  await checkConfiguration(box, to)
  await copyConfiguration(box, from, to)
  markBad(box, from, `somebody went back from it to ${to}`)
  markUnits(box)
  forgetTrial(box)
  moveLink(box, to)
  await sync()
  if ((await ownGate(box, ['units', to])).code === 0) rmSync(unitsMark(box))
  await systemctl(['daemon-reload'], 60_000)
  setPrevious(box, from)
  addHistory(box, { from, to, result: 'rolled-back', reason: 'somebody asked' })
  await restart()
}

/** Removes all but the newest `keep`, the one that runs and the one before. */
export function prune(box: Box, keep: number, previous: string | undefined): readonly string[] {
  const trial = readTrial(box)
  const there = [installedVersion(box), previous, trial?.to, trial?.from]
  const held = new Set(there.filter((version) => version !== undefined))
  const newest = versionsThere(box).toSorted((one, other) => compareVersions(other, one))
  const gone = newest.filter((version) => !held.has(version)).slice(Math.max(0, keep - held.size))
  for (const version of gone) rmSync(versionFolder(box, version), { recursive: true, force: true })
  const copies = join(box.state, 'config')
  if (existsSync(copies))
    for (const copy of readdirSync(copies)
      .toSorted()
      .slice(0, -2 * keep))
      rmSync(join(copies, copy), { recursive: true, force: true })
  return gone
}

/** Kept beside the state, by the time of the switch; relative to the state folder. */
async function copyConfiguration(box: Box, from: string, to: string): Promise<string> {
  const name = join('config', `${new Date().toISOString().replaceAll(':', '')}-${from}-to-${to}`)
  const copy = join(box.state, name)
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 })
  const { code, output } = await runProgram('cp', ['-a', box.etc, copy])
  if (code === 0) return name
  rmSync(copy, { recursive: true, force: true })
  throw new GatewayError('UPDATE_FAILED', `the configuration could not be copied: ${output.trim()}`)
}

/** By a rename: whoever starts the gateway finds the one version or the other, never none. */
function moveLink(box: Box, version: string): void {
  const made = join(box.prefix, '.current.new')
  rmSync(made, { force: true })
  symlinkSync(join('versions', version), made)
  renameSync(made, join(box.prefix, 'current'))
}

const ownGate = (box: Box, args: readonly string[], timeoutMs = 60_000) =>
  runProgram(join(box.prefix, 'bifrost-gate'), args, { timeoutMs })

const sync = () => runProgram('sync', [], { timeoutMs: 600_000 })

async function restart(): Promise<void> {
  await sync()
  const { code, output } = await systemctl(['restart', '--no-block', UNIT], 60_000)
  if (code !== 0) throw new GatewayError('UPDATE_FAILED', `systemd does not restart ${UNIT}: ${output.trim()}`)
}

const systemctl = (args: readonly string[], timeoutMs: number) => runProgram('systemctl', args, { timeoutMs })

async function invocationId(): Promise<string> {
  const { code, output } = await systemctl(['show', UNIT, '-p', 'InvocationID', '--value'], 10_000)
  return code === 0 && /^[0-9a-f]{32}$/.test(output.trim()) ? output.trim() : ''
}
