/** Makes deploy/monitoring/grafana/dashboards from scripts/dashboards. `--check` writes nothing and fails when a file differs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dashboardFiles } from './dashboards/index.ts'

const ROOT = join(import.meta.dirname, '..')

/** Writes what differs; with `isCheck` it only tells. True when there was nothing to do. */
export function writeDashboards(isCheck: boolean): boolean {
  const files = dashboardFiles()
  const stale = Object.keys(files).filter((path) => {
    const file = join(ROOT, path)
    return !existsSync(file) || readFileSync(file, 'utf8') !== files[path]
  })
  for (const path of stale) {
    if (isCheck) {
      console.error(`${path} is not what scripts/dashboards says: run npm run docs`)
      continue
    }
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), files[path]!)
  }
  if (!isCheck)
    console.log(`deploy/monitoring/grafana: ${stale.length} of ${Object.keys(files).length} dashboards written`)
  return stale.length === 0
}

if (import.meta.main && !writeDashboards(process.argv.includes('--check')) && process.argv.includes('--check'))
  process.exitCode = 5
