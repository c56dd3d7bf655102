/**
 * The notes of a version out of CHANGELOG.md: `release-notes.ts VERSION` prints what stands under its heading. `--check TAG` prints nothing and
 * fails unless the tag is `v` and the version of package.json, which follows Semantic Versioning and has its section with a date.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../src/core/errors.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** semver.org, 2.0.0, without the names of its parts. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/

/** What stands between `## [version] - date` and the next version. */
export function notesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^(?=## \[)/m)
  const section = sections.find((text) => text.startsWith(`## [${version}]`))
  if (section === undefined)
    throw new GatewayError(
      'USAGE',
      `CHANGELOG.md has no section "## [${version}] - date": rename [Unreleased], and begin a new one above it`,
    )
  const [heading = '', ...lines] = section.split('\n')
  if (!/^## \[[^\]]+\] - \d{4}-\d{2}-\d{2}$/.test(heading.trim()))
    throw new GatewayError('USAGE', `CHANGELOG.md: "${heading}" has no date: ## [${version}] - YYYY-MM-DD`)
  // Links to versions at the end of the file belong to all of them.
  const text = lines
    .join('\n')
    .replaceAll(/^\[[^\]]+\]: \S+$/gm, '')
    .trim()
  if (text === '') throw new GatewayError('USAGE', `CHANGELOG.md says nothing about ${version}`)
  return text
}

/** Throws unless all three say the same. */
export function checkTag(tag: string, version: string, changelog: string): void {
  if (!SEMVER.test(version))
    throw new GatewayError(
      'USAGE',
      `package.json: "${version}" is no version of Semantic Versioning (1.2.3, 1.2.3-rc.1)`,
    )
  if (tag !== `v${version}`)
    throw new GatewayError(
      'USAGE',
      `the tag is ${tag} and package.json says ${version}: a release is tagged v${version}`,
    )
  notesOf(changelog, version)
}

if (import.meta.main) {
  const args = process.argv.slice(2)
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  try {
    if (args[0] === '--check') {
      checkTag(args[1] ?? '', version, changelog)
      console.log(version)
    } else console.log(notesOf(changelog, args[0] ?? version))
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 2
  }
}
