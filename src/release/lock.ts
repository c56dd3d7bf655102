/** One at a time changes what is installed: the timer, a person, the installer (which writes the same file). */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { isAlive, processIdentity } from '../core/process-identity.ts'
import type { Box } from './box.ts'

/** Runs `work` while nobody else does; throws CONFLICT where somebody does. What a process left that ended is taken over. */
export async function alone<Result>(box: Box, work: () => Promise<Result>): Promise<Result> {
  const file = join(box.state, 'lock')
  mkdirSync(box.state, { recursive: true, mode: 0o700 })
  take(file)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** The file is linked into place when it says who holds it: one that says nothing is what a power cut left of it. */
function take(file: string): void {
  const { pid, started, boot } = processIdentity(process.pid)
  const mine = `${file}.${pid}`
  writeFileSync(mine, `${pid} ${started} ${boot}\n`, { mode: 0o600 })
  try {
    for (let tries = 0; tries < 2; tries++) {
      if (place(mine, file)) return
      const text = textOf(file)
      const holder = holderOf(text)
      if (holder !== undefined)
        throw new GatewayError('CONFLICT', `another update or installation is under way (process ${holder})`)
      remove(file, text, `${mine}-left`)
    }
    throw new GatewayError('CONFLICT', 'another update or installation has just begun')
  } finally {
    rmSync(mine, { force: true })
  }
}

function place(mine: string, file: string): boolean {
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** The process that holds it and lives. */
function holderOf(text: string): string | undefined {
  const [holder = '', started = '', boot = ''] = text.trim().split(' ')
  return boot !== '' && isAlive({ pid: Number(holder), started, boot }) ? holder : undefined
}

/** What was left. When two see it at once, the second has moved the lock of the first away, and puts it back. */
function remove(file: string, seen: string, aside: string): void {
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  if (textOf(aside) !== seen) place(aside, file)
  rmSync(aside, { force: true })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
