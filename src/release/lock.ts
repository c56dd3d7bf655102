/** One at a time changes what is installed: the timer, a person, the installer (which writes the same file). */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
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

function take(file: string): void {
  const { pid, started, boot } = processIdentity(process.pid)
  for (let tries = 0; tries < 2; tries++) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, `${pid} ${started} ${boot}\n`)
      closeSync(handle)
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const [holder = '', since = '', ofBoot = ''] = readFileSync(file, 'utf8').trim().split(' ')
      if (isAlive({ pid: Number(holder), started: since, boot: ofBoot }))
        throw new GatewayError('CONFLICT', `another update or installation is under way (process ${holder})`)
      rmSync(file, { force: true })
    }
  }
  throw new GatewayError('CONFLICT', 'another update or installation has just begun')
}
