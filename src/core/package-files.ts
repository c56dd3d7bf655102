/**
 * Where the files of this package lie that are read while it runs: in a checkout as they are written, in a built product
 * (scripts/release) under `share/`, with the program in `dist/`. Nothing else in the source knows of the difference.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The nearest folder above this file with a package.json. */
const packageRoot = rootAbove(import.meta.dirname)
/** True for the bundle, false for the source. */
const isBuilt = !import.meta.filename.endsWith('.ts')
const shared = isBuilt ? join(packageRoot, 'share') : packageRoot

/** The library of known devices, with the models of SunSpec. */
export const templatesFolder = join(shared, 'templates')
/** Configurations to start from, a folder each. */
export const examplesFolder = join(shared, 'examples')
/** Simulators, a program each, and what their names end in. */
export const simulatorsFolder = isBuilt ? join(packageRoot, 'dist', 'simulators') : join(packageRoot, 'simulators')
export const programSuffix = isBuilt ? '.js' : '.ts'
/** Where compiled code is kept between starts when nobody says otherwise. */
export const compileCacheFolder = isBuilt
  ? join(packageRoot, '.cache', 'compiled')
  : join(packageRoot, 'node_modules', '.cache', 'bifrost')

/** What was built, and how it came to this machine. */
export interface BuildInfo {
  readonly version: string
  /** Of 40 digits; null where nobody knows. */
  readonly commit: string | null
  /** The date of what was built, not of the build; null in a checkout. */
  readonly builtAt: string | null
  /** `stage` is a built product that nobody packaged. */
  readonly installed: 'checkout' | 'npm' | 'tarball' | 'executable' | 'deb' | 'image' | 'stage'
}

export function buildInfo(): BuildInfo {
  const version = packageVersion()
  if (!isBuilt) return { version, commit: checkedOutCommit(), builtAt: null, installed: 'checkout' }
  const built = JSON.parse(readFileSync(join(packageRoot, 'build.json'), 'utf8')) as {
    commit: string
    builtAt: string
    packaging?: BuildInfo['installed']
  }
  const { commit, builtAt, packaging = 'stage' } = built
  return { version, commit: commit === 'unknown' ? null : commit, builtAt, installed: packaging }
}

/** As git keeps it: a branch that HEAD names, or the commit itself. */
function checkedOutCommit(): string | null {
  try {
    const git = join(packageRoot, '.git')
    const head = readFileSync(join(git, 'HEAD'), 'utf8').trim()
    return head.startsWith('ref: ') ? readFileSync(join(git, head.slice('ref: '.length)), 'utf8').trim() : head
  } catch {
    return null
  }
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return version
}

/** The folder of the built page; undefined when it was not built. */
export function builtPage(): string | undefined {
  const folder = isBuilt ? join(shared, 'page') : join(packageRoot, 'ui', 'dist')
  return existsSync(join(folder, 'index.html')) ? folder : undefined
}

function rootAbove(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at
    if (at === dirname(at)) throw new Error(`there is no package.json above ${folder}`)
  }
}
