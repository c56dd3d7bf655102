/** A farm of Modbus devices in a process of its own that is asked for its counts (simulators/farm.ts). */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { FarmStats } from '../../simulators/farm.ts'

export interface FarmChild {
  readonly child: ChildProcess
  readonly port: number
  nextLine(): Promise<string>
}

export async function startFarmOf(devices: number, tags: number): Promise<FarmChild> {
  const script = join(import.meta.dirname, '..', '..', 'simulators', 'farm.ts')
  const child = spawn(
    process.execPath,
    [script, '--devices', `${devices}`, '--tags', `${tags}`, '--layout', 'addresses'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const waiting: ((line: string) => void)[] = []
  createInterface(child.stdout).on('line', (line) => waiting.shift()?.(line))
  const nextLine = () => new Promise<string>((resolve) => waiting.push(resolve))
  const { port } = JSON.parse(await nextLine()) as { port: number }
  return { child, port, nextLine }
}

/** Polls that each device has answered so far. */
export async function farmPolls({ child, nextLine }: FarmChild): Promise<readonly number[]> {
  const line = nextLine()
  child.stdin!.write('stats\n')
  return (JSON.parse(await line) as FarmStats).polls
}
