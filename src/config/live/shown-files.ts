/**
 * The files of the configuration that runs, and of every version that is kept, as people may see them: without a secret, with their owners,
 * and with what differs between two of them, as text and by what it means. What was masked comes back when such a text is sent.
 */
import { resolve, dirname } from 'node:path'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { secretsOfAlerts } from '../alerts.ts'
import type { Config } from '../config.ts'
import { unifiedDiff } from '../edit/unified-diff.ts'
import type { FileTexts } from '../file-reading.ts'
import { filesOnDisk, hashOf, whyReadOnly } from '../history/file-set.ts'
import type { ConfigHistory, Version } from '../history/history.ts'
import { maskText, type MaskContext } from '../masking/mask.ts'
import { restoreText, type RestoreMore } from '../masking/restore.ts'
import { showFile } from '../origin.ts'
import { compareConfigs, type Difference } from '../plan/compare.ts'
import { hiddenTexts } from '../plan/shown-options.ts'
import type { LiveContext } from './status.ts'

/** An object that a file owns. */
export interface OwnedThing {
  readonly kind: 'device' | 'sink' | 'template' | 'role' | 'tags'
  readonly name: string
  readonly line: number
}

export interface ShownFile {
  /** Beside the configuration; one far away is absolute. */
  readonly path: string
  readonly bytes: number
  /** SHA-256 of what it really holds. */
  readonly hash: string
  /** The first file; the others are what it includes or names. */
  readonly isMain: boolean
  /** Why it cannot be written from here; null: it can. */
  readonly readOnly: string | null
  /** `differs`: somebody has edited it, and nobody has applied that. */
  readonly onDisk: 'same' | 'differs' | 'gone'
  readonly objects: readonly OwnedThing[]
}

export interface ShownText {
  readonly path: string
  readonly text: string
  readonly hash: string
  /** How many secrets are not shown. */
  readonly masked: number
}

/** What to compare: a number of the history, what runs, or what is on the disk. */
export type Side = number | 'running' | 'disk'

export interface ShownDiff {
  /** For people; secrets masked on both sides. */
  readonly patch: string
  /** By object; null: one side cannot be loaded any more, and `reason` says why. */
  readonly differences: readonly Difference[] | null
  readonly reason: string | null
}

/** YAML of this size takes about a second to mask. */
const MOST_SHOWN_BYTES = 8 * 2 ** 20

interface Running {
  readonly files: FileTexts
  readonly version: Version
}

export class ShownFiles {
  readonly #main: string
  readonly #running: Running
  readonly #history: ConfigHistory
  readonly #context: LiveContext

  constructor(main: string, running: Running, history: ConfigHistory, context: LiveContext) {
    this.#main = main
    this.#running = running
    this.#history = history
    this.#context = context
  }

  get list(): readonly ShownFile[] {
    const { files } = this.#running
    const disk = filesOnDisk(files)
    const owned = ownedBy(this.#config)
    return [...files].map(([file, bytes]) => {
      const now = disk.get(file)
      return {
        path: showFile(file, this.#main),
        bytes: bytes.length,
        hash: hashOf(bytes),
        isMain: file === this.#main,
        readOnly: whyReadOnly(file) ?? null,
        onDisk: now === undefined ? 'gone' : hashOf(now) === hashOf(bytes) ? 'same' : 'differs',
        objects: owned.get(file) ?? [],
      }
    })
  }

  /** A file of what runs, or as it is on the disk. Throws NOT_FOUND. */
  text(path: string, side: 'running' | 'disk' = 'running'): ShownText {
    const { files } = this.#running
    return this.#shown(side === 'disk' ? filesOnDisk(files) : files, path, this.#masking())
  }

  /** A file of a version of the history. Throws NOT_FOUND. */
  async textOf(number: number, path: string): Promise<ShownText> {
    const files = await this.#filesOf(number)
    return this.#shown(files, path, this.#masking(this.#tryLoad(files)))
  }

  /** The paths of a version with what they hold. */
  async versionFiles(number: number): Promise<{ path: string; bytes: number; hash: string }[]> {
    const files = await this.#filesOf(number)
    return [...files].map(([file, bytes]) => ({
      path: showFile(file, this.#main),
      bytes: bytes.length,
      hash: hashOf(bytes),
    }))
  }

  /** What differs from one to the other. Throws NOT_FOUND. */
  async diff(from: Side, to: Side): Promise<ShownDiff> {
    const [before, after] = [await this.#filesOf(from), await this.#filesOf(to)]
    const [was, will] = [this.#tryLoad(before), this.#tryLoad(after)]
    const masking = this.#masking(was, will)
    const masked = (files: FileTexts, file: string) => {
      const bytes = files.get(file)
      if (bytes === undefined) return undefined
      assertShowable(showFile(file, this.#main), bytes)
      return maskText(file, bytes.toString('utf8'), masking).text
    }
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (file) => !sameBytes(before.get(file), after.get(file)),
    )
    const patch = unifiedDiff(
      changed.map((file) => ({ path: showFile(file, this.#main), before: masked(before, file), after: masked(after, file) })), // prettier-ignore
    )
    const broken = [was, will].find((one) => typeof one === 'string')
    if (typeof was === 'string' || typeof will === 'string') return { patch, differences: null, reason: String(broken) }
    return { patch, differences: compareConfigs(was, will), reason: null }
  }

  /** Files as somebody sends them, with the secrets that were masked. Throws INVALID_REQUEST where one is not known. */
  restored(files: Readonly<Record<string, string>>, more: RestoreMore = {}): Record<string, string> {
    const masking = this.#masking()
    return Object.fromEntries(
      Object.entries(files).map(([path, text]) => {
        const file = resolve(dirname(this.#main), path)
        return [path, restoreText(path, text, this.#running.files.get(file)?.toString('utf8'), masking, more)]
      }),
    )
  }

  /** The files of what runs that a whole new set of files leaves out: those beside the configuration. */
  goneWith(files: Readonly<Record<string, string>>): string[] {
    const folder = dirname(this.#main)
    const given = new Set(Object.keys(files).map((path) => resolve(folder, path)))
    return [...this.#running.files.keys()].filter((file) => !given.has(file) && file.startsWith(`${folder}/`))
  }

  get #config(): Config {
    return this.#context.gateway.config
  }

  #shown(files: FileTexts, path: string, masking: MaskContext): ShownText {
    const file = resolve(dirname(this.#main), path)
    const bytes = files.get(file)
    if (bytes === undefined) throw new GatewayError('NOT_FOUND', `there is no file ${path} in this configuration`)
    assertShowable(path, bytes)
    const { text, masks } = maskText(file, bytes.toString('utf8'), masking)
    return { path: showFile(file, this.#main), text, hash: hashOf(bytes), masked: masks.length }
  }

  async #filesOf(side: Side): Promise<FileTexts> {
    if (side === 'running') return this.#running.files
    if (side === 'disk') return filesOnDisk(this.#running.files)
    return this.#history.filesOf(this.#history.version(side))
  }

  /** The configuration of these files; a sentence that says why it cannot be loaded. */
  #tryLoad(files: FileTexts): Config | string {
    if (files === this.#running.files) return this.#config
    try {
      const gone = [...this.#running.files.keys()].filter((file) => !files.has(file))
      return this.#context.load(files, gone).config
    } catch (error) {
      return messageOf(error)
    }
  }

  /** What is secret in what runs is secret everywhere. */
  #masking(...others: readonly (Config | string)[]): MaskContext {
    const configs = [this.#config, ...others.filter((one) => typeof one !== 'string')]
    return { ...this.#context.sources, secrets: configs.flatMap(secretsOf) }
  }
}

/** Options that are marked, or called, a secret; those that came from elsewhere among them. */
const secretsOf = ({ devices, sinks, access, receive, alerts }: Config): string[] => [
  ...secretsOfAlerts(alerts),
  ...[...devices, ...sinks].flatMap(({ type, options }) => hiddenTexts({ schema: type.options, options, outside: [] })),
  ...[access.oidc?.clientSecret, ...(receive?.clients ?? []).map(({ token }) => token)].filter(
    (one) => one !== undefined,
  ),
]

function ownedBy(config: Config): ReadonlyMap<string, OwnedThing[]> {
  const owned = new Map<string, OwnedThing[]>()
  const add = (kind: OwnedThing['kind'], name: string, origin: { file: string; line: number } | undefined): void => {
    if (origin === undefined) return
    const list = owned.get(origin.file) ?? []
    list.push({ kind, name, line: origin.line })
    owned.set(origin.file, list)
  }
  for (const { name, origin, tagsOrigin } of config.devices) {
    add('device', name, origin)
    if (tagsOrigin?.kind === 'csv') add('tags', name, tagsOrigin)
  }
  for (const { name, origin } of config.sinks) add('sink', name, origin)
  for (const { name, origin } of config.templates) add('template', name, origin)
  for (const { name, origin } of config.roles) add('role', name, origin)
  return owned
}

function assertShowable(path: string, bytes: Buffer): void {
  if (bytes.length > MOST_SHOWN_BYTES && /\.ya?ml$/i.test(path))
    throw new GatewayError('INVALID_REQUEST', `${path} has ${bytes.length} bytes: too many to be shown here; long lists of tags belong into CSV files`) // prettier-ignore
}

const sameBytes = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.equals(b)
