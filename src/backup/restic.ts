/**
 * A repository of restic: encryption, deduplication, transport, retention, checks and copies are its work, not ours. Passwords are files.
 * What it prints in JSON is read; what it says in words when it fails is handed on.
 */
import { readFile, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { GatewayError, messageOf } from '../core/errors.ts'
import { makeFolders } from '../core/folder.ts'
import { runProgram, type Ran } from './program.ts'
import { sftpHost, type KeepSettings, type RepositorySettings } from './settings.ts'

const TAG = 'bifrost'
const LOCK_PAUSE_MS = 3000

const snapshotSchema = z.object({
  id: z.string(),
  short_id: z.string(),
  time: z.string(),
  hostname: z.string(),
  tags: z.array(z.string()).nullish(),
})

/** One snapshot in a repository. */
export interface Kept {
  readonly id: string
  readonly shortId: string
  /** ms since 1970. */
  readonly time: number
  /** Numbers of the log that it holds, and when their samples came; undefined where the tags do not say. */
  readonly log: { readonly id: string; readonly endSeq: number; readonly lastReceived: number | null } | undefined
}

export interface Stored {
  readonly id: string
  readonly bytes: number
  /** New to the repository. */
  readonly added: number
  readonly filesNew: number
}

/** What has to be found without opening a snapshot is in its tags. */
export interface LogTag {
  readonly logId: string
  readonly endSeq: number
  readonly lastReceived: number | null
}

export class Repository {
  readonly settings: RepositorySettings
  readonly #cache: string | undefined
  readonly #host: string

  /** `cache`: a folder for what restic keeps of repositories; undefined: it keeps nothing. */
  constructor(settings: RepositorySettings, host: string, cache: string | undefined) {
    this.settings = settings
    this.#host = host
    this.#cache = cache
  }

  get name(): string {
    return this.settings.name
  }

  /** Makes it where there is none; one that is a copy takes the chunker of the other, so that both cut files alike. */
  async begin(like?: Repository): Promise<boolean> {
    const { code } = await this.#run(['cat', 'config'])
    if (code === 0) return false
    if (like !== undefined && !(await this.canCopyFrom(like))) return this.begin()
    const more = like === undefined ? [] : ['--copy-chunker-params', ...like.#asSource()]
    const made = await this.#run(['init', ...more], like)
    if (made.code !== 0 && !/already (exists|initialized)|config file already/.test(made.stderr))
      throw this.#failed('cannot be reached or made', made)
    return made.code === 0
  }

  /** Keeps a folder as a snapshot. What has the same time, size and path as in the one before is not read again. */
  async store(folder: string, log: LogTag, createdAt: number): Promise<Stored> {
    const tags = ['--tag', TAG, '--tag', tagOf(log)]
    const time = timeText(createdAt)
    const args = ['backup', '.', '--json', '--host', this.#host, ...tags, '--time', time, '--ignore-ctime', '--ignore-inode'] // prettier-ignore
    const ran = await this.#unlocked(() => this.#run(args, undefined, folder))
    if (ran.code !== 0) throw this.#failed('did not take the backup', ran)
    const line = ran.stdout.trim().split('\n').findLast((one) => one.includes('"summary"')) // prettier-ignore
    const summary = z
      .object({
        snapshot_id: z.string(),
        total_bytes_processed: z.number(),
        data_added: z.number(),
        files_new: z.number(),
      })
      .parse(JSON.parse(line ?? '{}'))
    return { id: summary.snapshot_id, bytes: summary.total_bytes_processed, added: summary.data_added, filesNew: summary.files_new } // prettier-ignore
  }

  /** The snapshots of this gateway, the oldest first; whoever may have locked it, since nothing is written. */
  async list(): Promise<Kept[]> {
    const ran = await this.#run(['snapshots', '--no-lock', '--json', '--host', this.#host, '--tag', TAG])
    if (ran.code !== 0) throw this.#failed('cannot be read', ran)
    const kept = z.array(snapshotSchema).parse(JSON.parse(ran.stdout))
    return kept
      .map(({ id, short_id: shortId, time, tags }) => ({ id, shortId, time: Date.parse(time), log: logOf(tags ?? []) }))
      .sort((a, b) => a.time - b.time)
  }

  /** Brings what `from` has and this has not. */
  async copyFrom(from: Repository): Promise<void> {
    const args = ['copy', '--host', this.#host, '--tag', TAG, ...from.#asSource()]
    const ran = await this.#unlocked(() => this.#run(args, from))
    if (ran.code !== 0) throw this.#failed(`did not take the copy from ${from.name}`, ran)
  }

  /** Whether one program can speak to both: it has one environment, and one ssh. */
  async canCopyFrom(from: Repository): Promise<boolean> {
    const isSftp = [this, from].every(({ settings: { url } }) => url.startsWith('sftp:'))
    if (isSftp && sshOf(this.settings) !== sshOf(from.settings)) return false
    const [ours, theirs] = [await this.#environment(), await from.#environment()]
    return Object.keys(ours).every((name) => theirs[name] === undefined || theirs[name] === ours[name])
  }

  /** Lets go of what retention does not keep, and of the data that nothing else needs. */
  async prune(keep: KeepSettings, waitMs: number): Promise<void> {
    const { within, hourly, daily, weekly, monthly, yearly } = keep
    const kept = { hourly, daily, weekly, monthly, yearly }
    const args = Object.entries(kept).flatMap(([what, count]) => (count === 0 ? [] : [`--keep-${what}`, `${count}`]))
    const hours = Math.max(1, Math.ceil(within / 3_600_000))
    const ran = await this.#unlocked(() => this.#run(['forget', '--host', this.#host, '--tag', TAG, '--group-by', 'host', '--keep-within', `${hours}h`, ...args, '--prune']), waitMs) // prettier-ignore
    if (ran.code !== 0) throw this.#failed('cannot be pruned', ran)
  }

  /**
   * What is wrong with it; undefined: nothing. `share`: how much of the data is read, such as `100%` or `1/7`. Throws BUSY where somebody else
   * has it for longer than `waitMs`.
   */
  async check(share: string, waitMs: number): Promise<string | undefined> {
    const args = ['check', '--no-cache', share === '100%' ? '--read-data' : `--read-data-subset=${share}`]
    const ran = await this.#unlocked(() => this.#run(args), waitMs)
    if (ran.code === 0) return undefined
    const text = `${ran.stdout}\n${ran.stderr}`
    // What cannot be reached is not damaged.
    if (
      /Fatal: unable to open|dial tcp|connection refused|wrong password|no key found/i.test(text) &&
      !/Load|ciphertext|Pack ID/.test(text)
    )
      throw this.#failed('cannot be checked', ran)
    return text.split('\n').filter((line) => /error|Fatal|invalid|damaged|mismatch|does not|Pack ID/i.test(line)).slice(0, 20).join('\n') || text.trim() // prettier-ignore
  }

  /**
   * Brings a snapshot back into `folder`; `only` and `but`: paths within it, as `/data/log`. No lock keeps it from that, such as that of a machine which
   * burnt while it pruned; what a prune takes away meanwhile is missed, and said.
   */
  async bring(
    id: string,
    folder: string,
    which: { only?: readonly string[]; but?: readonly string[] } = {},
  ): Promise<void> {
    await makeFolders(folder)
    const only = (which.only ?? []).flatMap((path) => ['--include', path])
    const but = (which.but ?? []).flatMap((path) => ['--exclude', path])
    const ran = await this.#run(['restore', '--no-lock', id, '--target', folder, ...only, ...but])
    // It goes on past what is damaged, and says so by its exit code alone in part of its versions.
    if (ran.code !== 0 || /error/i.test(ran.stderr)) {
      const isDamage = /ciphertext verification|invalid data|hash mismatch|does not match|ignoring error|unexpected EOF/i.test(ran.stderr) // prettier-ignore
      const why = `${this.name}: the snapshot ${id.slice(0, 8)} did not come back whole: ${lastLines(ran)}`
      throw new GatewayError(isDamage ? 'BACKUP_REFUSED' : 'BACKUP_FAILED', why)
    }
  }

  /**
   * A program that was killed leaves its lock: where one is in the way, those that nobody holds any more are removed, and it is tried once more, or
   * for so long as `waitMs` says. Throws BUSY when it is in use even then.
   */
  async #unlocked(run: () => Promise<Ran>, waitMs = 0): Promise<Ran> {
    for (let waited = 0; ; waited += LOCK_PAUSE_MS) {
      const ran = await run()
      if (ran.code === 0 || !/already locked/.test(ran.stderr)) return ran
      if (waited > waitMs)
        throw new GatewayError('BUSY', `the repository ${this.name} is in use: ${lastLines(ran)}${hintOf(ran)}`)
      await this.#run(['unlock'])
      if (waited > 0) await pause(LOCK_PAUSE_MS)
    }
  }

  async #run(args: readonly string[], other?: Repository, cwd?: string): Promise<Ran> {
    const { url, passwordFile, caFile, sshKeyFile, knownHostsFile } = this.settings
    for (const [what, file] of [
      ['passwordFile', passwordFile],
      ['caFile', caFile],
      ['sshKeyFile', sshKeyFile],
      ['knownHostsFile', knownHostsFile],
    ] as const)
      // prettier-ignore
      if (file !== undefined)
        await stat(file).catch((cause: unknown) => {
          throw new GatewayError('CONFIG_INVALID', `repository ${this.name}: ${what}: ${messageOf(cause)}`, { cause })
        })
    const authorities = [...new Set([caFile, other?.settings.caFile])].filter((file) => file !== undefined)
    const cache = this.#cache === undefined ? ['--no-cache'] : ['--cache-dir', this.#cache]
    const ssh = sshOf(this.settings) ?? (other && sshOf(other.settings))
    const always = ['-r', url, '--password-file', passwordFile, ...cache, ...authorities.flatMap((file) => ['--cacert', file]), ...(ssh === undefined ? [] : ['-o', `sftp.command=${ssh}`])] // prettier-ignore
    const theirs = other === undefined ? {} : await other.#environment()
    const env = { ...theirs, ...(await this.#environment()), RESTIC_PROGRESS_FPS: '0', TZ: 'UTC' }
    return runProgram('restic', [...always, ...args], { env, ...(cwd === undefined ? {} : { cwd }) })
  }

  #asSource(): string[] {
    return ['--from-repo', this.settings.url, '--from-password-file', this.settings.passwordFile]
  }

  async #environment(): Promise<Record<string, string>> {
    const file = this.settings.environmentFile
    if (file === undefined) return {}
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new GatewayError('CONFIG_INVALID', `repository ${this.name}: environmentFile: ${messageOf(cause)}`, {
        cause,
      })
    })
    const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')) // prettier-ignore
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])) // prettier-ignore
  }

  #failed(what: string, ran: Ran): GatewayError {
    const text = lastLines(ran)
    return new GatewayError(
      'BACKUP_FAILED',
      `the repository ${this.name} (${this.settings.url}) ${what}: ${text}${hintOf(ran)}`,
    )
  }
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/unable to start the sftp session/, '; sshKeyFile has to be among the authorized keys of that user, and what `ssh-keyscan HOST` prints, compared with the host, in knownHostsFile'], // prettier-ignore
  [/wrong password|no key found/, '; the password file is that of another repository'],
  [/Is there a repository|unable to open config file|does not exist/, '; is its disk there? If it is new: `bifrost backup create --init` makes it'], // prettier-ignore
  [/already locked exclusively/, '; it is being pruned or checked: the next backup goes on'],
  [/already locked by/, '; a backup is being made: try again'],
]

const hintOf = ({ stderr }: Ran): string => HINTS.find(([pattern]) => pattern.test(stderr))?.[1] ?? ''

/**
 * How ssh is called for it; undefined: as restic does. A service has no terminal to be asked at, and its home may be none: ssh looks into that of
 * the user database, whatever HOME says.
 */
function sshOf({ url, sshKeyFile, knownHostsFile }: RepositorySettings): string | undefined {
  const host = sftpHost(url)
  if (host === undefined || (sshKeyFile ?? knownHostsFile) === undefined) return undefined
  const key = sshKeyFile === undefined ? [] : ['-i', sshKeyFile, '-o', 'IdentitiesOnly=yes']
  const known = knownHostsFile === undefined ? [] : ['-o', `UserKnownHostsFile=${knownHostsFile}`]
  const port = host.port === undefined ? [] : ['-p', host.port]
  return ['ssh', ...port, ...key, ...known, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', 'ServerAliveInterval=30', '-o', 'ServerAliveCountMax=4', '-s', '--', host.to, 'sftp'].join(' ') // prettier-ignore
}

const lastLines = ({ stderr, code }: Ran): string => stderr.trim().split('\n').slice(-3).join('; ') || `restic ended with ${code}` // prettier-ignore

/** `log=ID;end=N;at=MS`: tags may hold no comma. */
const tagOf = ({ logId, endSeq, lastReceived }: LogTag): string =>
  `log=${logId};end=${endSeq};at=${lastReceived === null ? '' : Math.floor(lastReceived)}`

function logOf(tags: readonly string[]): Kept['log'] {
  const [, id, end, at] = tags.map((tag) => /^log=([^;]*);end=(\d+);at=(\d*)$/.exec(tag)).find((found) => found !== null) ?? [] // prettier-ignore
  return id === undefined ? undefined : { id, endSeq: Number(end), lastReceived: at === '' ? null : Number(at) }
}

/** As restic's `--time` wants it: to the second, in the zone of the process, which is UTC for it: an hour that comes twice has one name each. */
const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
