/** Settings, keys and repositories for tests of backups, and `bifrost backup` as its users call it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder, type Cleanup } from './peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

export interface BackupRig {
  /** Keys, passwords, `backup.yaml` and the folders of the repositories. */
  readonly folder: string
  readonly settings: string
  /** The private key of age. */
  readonly identity: string
  readonly recipients: string
  repository(name: string): string
  /** Exit code and what it said. */
  backup(...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string }
  start(...args: string[]): ChildProcess
}

export interface BackupRigOptions {
  readonly config: string
  readonly data: string
  readonly url: string
  /** More lines of the settings. */
  readonly more?: string
}

export function createBackupRig(t: Cleanup, { config, data, url, more = '' }: BackupRigOptions): BackupRig {
  const folder = temporaryFolder(t)
  const at = (name: string): string => join(folder, name)
  const made = spawnSync('age-keygen', ['-o', at('key.txt')], { encoding: 'utf8' })
  writeFileSync(at('recipients.txt'), `# who can open it\n${/age1\S+/.exec(made.stderr)![0]}\n`)
  for (const name of ['site', 'region-2']) writeFileSync(at(`${name}.password`), `planted-password-${name}\n`)
  mkdirSync(at('repositories'))
  const repositories = ['site', 'region-2'].map(
    (name) => `  - { name: ${name}, url: ./repositories/${name}, passwordFile: ${name}.password }`,
  )
  writeFileSync(
    at('backup.yaml'),
    `version: 1\nname: plant-1\nconfig: ${config}\ndata: ${data}\nrecipients: recipients.txt\ngateway: { url: '${url}' }\n${more}repositories:\n${repositories.join('\n')}\n`,
  )
  const line = (args: readonly string[]): string[] => ['backup', ...args, '-c', at('backup.yaml')]
  return {
    folder,
    settings: at('backup.yaml'),
    identity: at('key.txt'),
    recipients: at('recipients.txt'),
    repository: (name) => join(at('repositories'), name),
    backup(...args) {
      const { status, stdout, stderr } = spawnSync(LAUNCHER, line(args), { encoding: 'utf8', timeout: 120_000 })
      return { code: status, out: stdout, err: stderr }
    },
    start: (...args) => spawn(LAUNCHER, line(args), { stdio: 'ignore', detached: true }),
  }
}

/** The files below a folder that hold one of these texts. */
export function filesWith(folder: string, texts: readonly (string | Buffer)[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const bytes = readFileSync(file)
      return texts.some((text) => bytes.includes(text))
    })
}
