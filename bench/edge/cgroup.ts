/** A cgroup with bounds of memory and CPU, of either version; root only. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Cgroup {
  /** Shell words that move the shell into it. */
  readonly enter: string
  /** Milliseconds of a core spent so far. */
  cpuMs(): number
  /** The most that it held, page cache and socket buffers with it. */
  peakMiB(): number
  remove(): void
}

const ROOT = '/sys/fs/cgroup'
const PERIOD_US = 100_000
let made = 0

export function makeCgroup(bounds: { readonly memoryBytes: number; readonly cores: number }): Cgroup {
  const name = `bifrost-bench-${process.pid}-${made++}`
  return existsSync(join(ROOT, 'cgroup.controllers')) ? version2(name, bounds) : version1(name, bounds)
}

function version2(name: string, { memoryBytes, cores }: { memoryBytes: number; cores: number }): Cgroup {
  const folder = join(ROOT, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'memory.max'), String(memoryBytes))
  writeFileSync(join(folder, 'memory.swap.max'), '0')
  writeFileSync(join(folder, 'cpu.max'), `${cores * PERIOD_US} ${PERIOD_US}`)
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  return {
    enter: `echo $$ >${folder}/cgroup.procs;`,
    cpuMs: () => Number(/usage_usec (\d+)/.exec(read('cpu.stat'))![1]) / 1000,
    peakMiB: () => Number(read('memory.peak')) / 2 ** 20,
    remove: () => rmdirSync(folder),
  }
}

function version1(name: string, { memoryBytes, cores }: { memoryBytes: number; cores: number }): Cgroup {
  const folders = ['memory', 'cpu', 'cpuacct'].map((controller) => join(ROOT, controller, name))
  const [memory, cpu, account] = folders as [string, string, string]
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  writeFileSync(join(memory, 'memory.limit_in_bytes'), String(memoryBytes))
  writeFileSync(join(cpu, 'cpu.cfs_period_us'), String(PERIOD_US))
  writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(cores * PERIOD_US))
  return {
    enter: folders.map((folder) => `echo $$ >${folder}/cgroup.procs;`).join(' '),
    cpuMs: () => Number(readFileSync(join(account, 'cpuacct.usage'), 'utf8')) / 1e6,
    peakMiB: () => Number(readFileSync(join(memory, 'memory.max_usage_in_bytes'), 'utf8')) / 2 ** 20,
    remove: () => folders.forEach((folder) => rmdirSync(folder)),
  }
}
