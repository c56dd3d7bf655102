// Builds ui/dist when it is missing or older than a source of the page. Several processes may ask at once: one builds, the others wait;
// and whoever serves the folder meanwhile never finds it half-made (it is built beside it, and then takes its place).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ui = join(dirname(dirname(fileURLToPath(import.meta.url))), 'ui')
const root = dirname(ui)
const dist = join(ui, 'dist')
const lock = join(ui, '.building')
const WAIT_MS = 60_000

if (isStale()) {
  const since = Date.now()
  while (!take(lock)) {
    if (Date.now() - since > WAIT_MS) rmSync(lock, { recursive: true, force: true })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  try {
    if (isStale()) build()
  } finally {
    rmdirSync(lock)
  }
}

function build() {
  process.stderr.write('bifrost: building the page\n')
  const fresh = join(ui, '.dist-new')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const args = [vite, 'build', 'ui', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn']
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) {
    process.exitCode = status ?? 1
    return
  }
  const old = join(ui, '.dist-old')
  rmSync(old, { recursive: true, force: true })
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

function take(folder) {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isStale() {
  const built = join(dist, 'index.html')
  return !existsSync(built) || newest([ui, join(root, 'package-lock.json')]) > statSync(built).mtimeMs
}

function newest(paths) {
  let latest = 0
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (!stat.isDirectory()) latest = Math.max(latest, stat.mtimeMs)
    else {
      const entries = readdirSync(path).filter((entry) => !/^(dist|testing|node_modules|\..*)$/.test(entry))
      latest = Math.max(latest, newest(entries.map((entry) => join(path, entry))))
    }
  }
  return latest
}
