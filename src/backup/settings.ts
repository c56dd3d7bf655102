/**
 * `backup.yaml`: what is backed up, where to, and how long it is kept. A file of its own: whoever makes backups needs the passwords of the
 * repositories, the gateway needs none of them, and a configuration that is broken must not keep anybody from a backup (decision 0033).
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { duration } from '../core/duration.ts'
import { GatewayError, messageOf } from '../core/errors.ts'

const path = z.string().min(1)
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'expected letters, digits, dots and dashes')

const repositorySchema = z.strictObject({
  name: name.describe('What it is called in lists, metrics and alerts'),
  url: z
    .string()
    .min(1)
    .refine((url) => !/:\/\/[^/@]*:[^/@]*@/.test(url), 'a password in the address: put it into environmentFile')
    .describe('As restic wants it: a folder, `sftp:user@host:/folder`, `s3:https://host/bucket`'),
  passwordFile: path.describe('The password that encrypts the repository, alone in a file'),
  caFile: path.optional().describe('Authorities of its TLS certificate (PEM), where the system does not know them'),
  environmentFile: path.optional().describe('Lines NAME=VALUE, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'),
  sshKeyFile: path
    .optional()
    .describe('For sftp: the private key that opens it (default: those of the user in `~/.ssh`)'),
  knownHostsFile: path.optional().describe('For sftp: the keys of the host, as `ssh-keyscan` prints them (default: `~/.ssh/known_hosts`)'), // prettier-ignore
})
export type RepositorySettings = z.output<typeof repositorySchema>

const count = (fallback: number) => z.int().min(0).max(100_000).default(fallback)
const keepSchema = z.strictObject({
  within: duration({ minMs: 0 }).prefault('2h').describe('Everything that is younger'),
  hourly: count(48),
  daily: count(14),
  weekly: count(8),
  monthly: count(12),
  yearly: count(3),
})
export type KeepSettings = z.output<typeof keepSchema>

const schema = z.strictObject({
  version: z.literal(1),
  name: name.optional().describe('Of this gateway in the repositories (default: the name of the host)'),
  config: path.describe('The configuration file; all that lies in its folder is backed up, encrypted'),
  data: path.describe('The data folder'),
  include: z.array(path).default([]).describe('More files and folders, encrypted: keys and secrets that lie elsewhere'),
  recipients: path.describe('Public keys of age, one a line: who can open what is secret'),
  gateway: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8080'),
      tokenFile: path.optional().describe('A token of `bifrost token create` that may view'),
    })
    .prefault({}),
  redis: z
    .strictObject({ urlFile: path.describe('A file with the address, as redis://user:password@host:6379/0') })
    .optional()
    .describe('What coordinates several gateways; its keys are backed up, encrypted'),
  repositories: z.array(repositorySchema).min(1).describe('The first gets each backup, the others a copy of it'),
  keep: keepSchema.prefault({}).describe('Grandfather, father, son; the same in every repository'),
})
type Raw = z.output<typeof schema>
export type BackupSettings = Omit<Raw, 'name'> & { readonly name: string; readonly file: string }

/** Throws CONFIG_INVALID that names the place. */
export async function loadSettings(file: string): Promise<BackupSettings> {
  const whole = resolve(file)
  let text: string
  try {
    text = await readFile(whole, 'utf8')
  } catch (cause) {
    const example = 'deploy/backup/backup.yaml is one to start from'
    throw new GatewayError('CONFIG_INVALID', `${whole} cannot be read: ${messageOf(cause)}; ${example}`, { cause })
  }
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text)
  const [wrong] = document.errors
  if (wrong !== undefined) throw new GatewayError('CONFIG_INVALID', `${whole}: ${wrong.message}`)
  const parsed = schema.safeParse(document.toJS())
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${whole}: ${issue.path.join('.') || 'the file'}: ${issue.message}`) // prettier-ignore
    throw new GatewayError('CONFIG_INVALID', lines.join('\n'))
  }
  for (const [at, { url, sshKeyFile, knownHostsFile }] of parsed.data.repositories.entries())
    if ((sshKeyFile ?? knownHostsFile) !== undefined && sftpHost(url) === undefined)
      throw new GatewayError('CONFIG_INVALID', `${whole}: repositories.${at}: sshKeyFile and knownHostsFile are for addresses as sftp:user@host:/folder`) // prettier-ignore
  const names = parsed.data.repositories.map((one) => one.name)
  if (new Set(names).size !== names.length)
    throw new GatewayError('CONFIG_INVALID', `${whole}: repositories: two have the same name`)
  const settings = absolute(parsed.data, whole)
  for (const [at, { sshKeyFile, knownHostsFile }] of settings.repositories.entries())
    for (const [what, file] of Object.entries({ sshKeyFile, knownHostsFile }))
      // Options of ssh are read by three programs in turn: nothing that any of them would split.
      if (file !== undefined && /[\s"',%\\]/.test(file))
        throw new GatewayError('CONFIG_INVALID', `${whole}: repositories.${at}.${what}: ${file} has to be a path without spaces, quotes and commas`) // prettier-ignore
  return settings
}

/** Paths are beside the file. */
function absolute(raw: Raw, file: string): BackupSettings {
  const at = <T extends string | undefined>(one: T): T => (one === undefined ? one : (resolve(dirname(file), one) as T))
  return {
    ...raw,
    file,
    name: raw.name ?? hostname(),
    config: at(raw.config),
    data: at(raw.data),
    include: raw.include.map((one) => at(one)),
    recipients: at(raw.recipients),
    gateway: { ...raw.gateway, tokenFile: at(raw.gateway.tokenFile) },
    redis: raw.redis && { urlFile: at(raw.redis.urlFile) },
    repositories: raw.repositories.map((one) => ({
      ...one,
      url: isFolder(one.url) ? at(one.url) : one.url,
      passwordFile: at(one.passwordFile),
      caFile: at(one.caFile),
      environmentFile: at(one.environmentFile),
      sshKeyFile: at(one.sshKeyFile),
      knownHostsFile: at(one.knownHostsFile),
    })),
  }
}

/** Where an address of sftp leads, in both ways to write it; undefined: it is none. */
export function sftpHost(url: string): { readonly to: string; readonly port: string | undefined } | undefined {
  const whole = /^sftp:\/\/((?:[^@/\s]+@)?(?:\[[^\]]+\]|[^:/\s]+))(?::(\d+))?\//.exec(url)
  if (whole !== null) return { to: whole[1]!.replace(/\[([^\]]+)\]$/, '$1'), port: whole[2] }
  const short = /^sftp:((?:[^@/\s]+@)?[^:/\s]+):/.exec(url)
  return short === null ? undefined : { to: short[1]!, port: undefined }
}

/** The folder of backups for what they keep and lock; undefined: the data folder is not to be seen, as in a drill elsewhere. */
export const workOf = (data: string): string | undefined => (existsSync(data) ? join(data, 'backup') : undefined)

const isFolder = (url: string): boolean => isAbsolute(url) || /^\.{0,2}\//.test(url) || !url.includes(':')
