/** What a drill found, as JSON for programs and Markdown for people; the newest thirty are kept. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { putFile } from '../core/durable-file.ts'
import { makeFolders } from '../core/folder.ts'

export interface DrillCheck {
  readonly what: string
  readonly ok: boolean
  readonly found: string
}

export interface DrillReport {
  readonly at: string
  readonly ok: boolean
  readonly repository: string
  readonly snapshot: string
  readonly createdAt: string
  /** False: what is secret stayed closed, as no private key was given. */
  readonly secretsOpened: boolean
  readonly bytes: number
  readonly files: number
  /** To bring, check and prepare it; and from there to a gateway that answers. */
  readonly restoreSeconds: number
  readonly startSeconds: number
  readonly checks: readonly DrillCheck[]
}

const MOST_REPORTS = 30

/** Writes both; the path of the Markdown. */
export async function writeReport(folder: string, report: DrillReport): Promise<string> {
  await makeFolders(folder)
  const base = join(folder, `drill-${report.at.slice(0, 19).replaceAll(':', '-')}Z`)
  await putFile(`${base}.json`, `${JSON.stringify(report, undefined, 2)}\n`, { mode: 0o644 })
  await putFile(`${base}.md`, markdownOf(report), { mode: 0o644 })
  const all = (await readdir(folder)).filter((name) => /^drill-.*\.(md|json)$/.test(name)).sort()
  for (const name of all.slice(0, Math.max(0, all.length - 2 * MOST_REPORTS))) await rm(join(folder, name))
  return `${base}.md`
}

function markdownOf(report: DrillReport): string {
  const { at, ok, repository, snapshot, createdAt, secretsOpened, bytes, files, restoreSeconds, startSeconds } = report
  const rows = report.checks.map((one) => `| ${one.ok ? 'yes' : '**NO**'} | ${one.what} | ${one.found.replaceAll('|', '\\|')} |`) // prettier-ignore
  const perGb = bytes === 0 ? 0 : restoreSeconds / (bytes / 1e9)
  return `# Restore drill of ${at}: ${ok ? 'passed' : 'FAILED'}

Snapshot ${snapshot} of ${createdAt} from ${repository}: ${files} files, ${bytes} bytes. Restored in ${restoreSeconds.toFixed(1)} s (${perGb.toFixed(0)} s per GB),
a gateway answered ${startSeconds.toFixed(1)} s after that. ${secretsOpened ? 'Secrets were opened.' : 'Secrets stayed closed: no private key was given.'}

| good | what | found |
| ---- | ---- | ----- |
${rows.join('\n')}
`
}
