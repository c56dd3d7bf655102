/**
 * What the updater keeps in `/var/lib/bifrost-update` (FORMAT.md): plain lines, because the gate, a shell script, reads and writes the same
 * files. Each is written beside itself, forced to the disk, and moved into place.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs' // prettier-ignore
import { dirname, join } from 'node:path'
import type { Box } from './box.ts'
import { isVersion } from './version.ts'

export interface Trial {
  readonly from: string
  readonly to: string
  readonly began: string
  /** Within so many seconds it must be healthy. */
  readonly seconds: number
  /** Copy of the configuration, relative to the state folder. */
  readonly config: string
  /** Where the gate asks for health; empty: where the gateway says it listens. */
  readonly url: string
  /** systemd's id of the run before the switch. */
  readonly invocation: string
}

export interface HistoryLine {
  readonly at: string
  readonly from: string
  readonly to: string
  /** confirmed, back, cut-off, rolled-back, installed */
  readonly result: string
  readonly reason: string
}

/** The trial that is on; undefined where none is. */
export function readTrial(box: Box): Trial | undefined {
  const text = readText(join(box.state, 'trial'))
  if (text === undefined) return undefined
  const members = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  )
  const member = (name: string): string => members.get(name) ?? ''
  return {
    from: member('from'),
    to: member('to'),
    began: member('began'),
    seconds: Number(member('seconds')),
    config: member('config'),
    url: member('url'),
    invocation: member('invocation'),
  }
}

/** From here on whoever starts the gateway counts tries, and somebody judges. */
export function beginTrial(box: Box, trial: Trial): void {
  rmSync(join(box.state, 'tries'), { force: true })
  const lines = Object.entries(trial).map(([name, value]) => `${name}=${value}\n`)
  writeWhole(join(box.state, 'trial'), lines.join(''))
}

/** What is left of a trial that is over, and could fit the link again. */
export const forgetTrial = (box: Box): void => ['trial', 'tries'].forEach((name) => rmSync(join(box.state, name), { force: true })) // prettier-ignore

/** Why a version was left: its first line; undefined where it is not known to be bad. */
export const whyBad = (box: Box, version: string): string | undefined =>
  readText(join(box.state, 'bad', version))?.split('\n')[0]

export function markBad(box: Box, version: string, why: string): void {
  mkdirSync(join(box.state, 'bad'), { recursive: true })
  writeWhole(join(box.state, 'bad', version), `${new Date().toISOString()} ${why}\n`)
}

export const forgive = (box: Box, version: string): void => rmSync(join(box.state, 'bad', version), { force: true })

/** There while the units may not yet be those of the version that the link shows; the next start puts them right. */
export const unitsMark = (box: Box): string => join(box.state, 'units')
export const markUnits = (box: Box): void => writeWhole(unitsMark(box), 'those of current\n')

/** The version before this one, where it still lies there. */
export function previousVersion(box: Box): string | undefined {
  const version = readText(join(box.state, 'previous'))?.trim()
  return version !== undefined && existsSync(join(box.prefix, 'versions', version, 'bin')) ? version : undefined
}

export const setPrevious = (box: Box, version: string): void => writeWhole(join(box.state, 'previous'), `${version}\n`)

/** What became of each try, the oldest first. */
export function history(box: Box): readonly HistoryLine[] {
  const lines = readText(join(box.state, 'history'))?.split('\n') ?? []
  return lines.filter(Boolean).map((line) => {
    const [at = '', from = '', to = '', result = '', ...reason] = line.split(' ')
    return { at, from, to, result, reason: reason.join(' ') }
  })
}

export function addHistory(box: Box, line: Omit<HistoryLine, 'at'>): void {
  const before = readText(join(box.state, 'history')) ?? ''
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const kept = before.split('\n').filter(Boolean).slice(-199)
  const added = `${at} ${line.from} ${line.to} ${line.result} ${line.reason.replaceAll('\n', ' ')}`
  writeWhole(join(box.state, 'history'), `${[...kept, added].join('\n')}\n`)
}

/** The versions that lie there, in no order. */
export function versionsThere(box: Box): readonly string[] {
  const folder = join(box.prefix, 'versions')
  return existsSync(folder) ? readdirSync(folder).filter(isVersion) : []
}

const readText = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const handle = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.new`, file)
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
