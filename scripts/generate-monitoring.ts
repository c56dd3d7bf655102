/**
 * Makes deploy/monitoring/rules and docs/runbooks/alerts from the table in scripts/monitoring/rules. `--check` writes nothing and
 * fails when a file is not what the table says; what no rule makes any more is removed.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { monitoringFiles, PAGES, RULES } from './monitoring/files.ts'

const ROOT = join(import.meta.dirname, '..')

export interface Staleness {
  /** Files that are missing or say something else. */
  readonly stale: readonly string[]
  /** Files of these folders that the table does not make. */
  readonly extra: readonly string[]
}

export function monitoringStaleness(): Staleness {
  const files = monitoringFiles()
  const stale = Object.keys(files).filter(
    (path) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== files[path],
  )
  const present = globSync([`${RULES}/**/*.yml`, `${PAGES}/*.md`], { cwd: ROOT })
  return { stale, extra: present.filter((path) => files[path] === undefined) }
}

/** Writes what differs; with `isCheck` it only tells. True when there was nothing to do. */
export function writeMonitoring(isCheck: boolean): boolean {
  const files = monitoringFiles()
  const { stale, extra } = monitoringStaleness()
  for (const path of [...stale, ...extra]) {
    if (isCheck) console.error(`${path} is not what scripts/monitoring/rules says: run npm run docs`)
  }
  if (!isCheck) {
    for (const path of extra) rmSync(join(ROOT, path))
    for (const path of stale) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true })
      writeFileSync(join(ROOT, path), files[path]!)
    }
    console.log(
      `deploy/monitoring/rules, docs/runbooks/alerts: ${stale.length} of ${Object.keys(files).length} files written`,
    )
  }
  return stale.length === 0 && extra.length === 0
}

if (import.meta.main && !writeMonitoring(process.argv.includes('--check'))) {
  process.exitCode = process.argv.includes('--check') ? 5 : 0
}
