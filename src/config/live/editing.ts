/**
 * Edits of the configuration that a gateway runs by, as `LiveConfig` takes them: who has seen what, and what cannot be written. What somebody
 * else changed meanwhile is told by what it means, so that no secret is in it.
 */
import { GatewayError } from '../../core/errors.ts'
import type { Config, ConfigSources } from '../config.ts'
import { makeEdits } from '../edit/edit-config.ts'
import { EditedFiles, type FileChange } from '../edit/edited-files.ts'
import { formatObject, type ConfigEdit, type ObjectName } from '../edit/object-name.ts'
import { assertUnchanged, patchOf, readOnly } from '../edit/write-changes.ts'
import type { FileTexts } from '../file-reading.ts'
import { filesOnDisk, hashOfSet, whyReadOnly } from '../history/file-set.ts'
import type { ConfigHistory, Version } from '../history/history.ts'
import { isYamlFile, maskText } from '../masking/mask.ts'
import { compareConfigs, type Difference } from '../plan/compare.ts'
import { hideUrlPasswords } from '../../core/url-password.ts'
import { Slice } from '../../core/slice.ts'
import { differenceLines } from '../plan/plan-lines.ts'
import type { Plan } from '../plan/plan.ts'
import { BLANK, hiddenTexts } from '../plan/shown-options.ts'
import type { Problem } from '../problem.ts'
import type { Loaded } from './loaded.ts'
import type { LiveContext } from './status.ts'

/** An object, or the whole tag list of a device. */
export type Seen = ObjectName | { readonly kind: 'tags'; readonly device: string }

export interface EditRequest {
  /** The edits, of the files as they are on the disk, which `present` was read from. */
  edits(files: EditedFiles, present: Config): readonly ConfigEdit[] | Promise<readonly ConfigEdit[]>
  /** What the author has looked at; a device stands for itself, not for its tags. */
  readonly objects: readonly Seen[]
  /** The hash of the configuration in which the author saw them: refused with CHANGED_MEANWHILE where one of them differs by now. */
  readonly ifMatch?: string | undefined
  /** It goes back by itself unless it is confirmed within this time. */
  readonly confirmWithinMs?: number | undefined
}

/** Edits made in memory, and the configuration that they give. */
export interface TriedEdits {
  readonly changes: readonly FileChange[]
  readonly next: Loaded
}

/** What edits would come to, with the patch that would do the same. */
export interface EditPlan extends Plan {
  readonly folder: string
  readonly patch: string
}

/** What whole files would come to, and what else was noticed in them. */
export interface FilesPlan extends Plan {
  readonly warnings: readonly Problem[]
}

/** What runs, and what is known of it. */
export interface RunningFiles extends Pick<LiveContext, 'gateway' | 'load' | 'sources'> {
  readonly main: string
  readonly files: FileTexts
  readonly version: Version
  readonly history: ConfigHistory
}

/** Makes the edits in memory, and checks what they give. */
export async function tryEdits(request: EditRequest, running: RunningFiles): Promise<TriedEdits> {
  const { edits, objects, ifMatch } = request
  const { gateway, load, sources, main, version, history } = running
  const onDisk = hashOfSet(filesOnDisk(running.files))
  const present = onDisk === version.hash ? gateway.config : load().config
  if (ifMatch !== undefined && !(ifMatch === version.hash && present === gateway.config)) {
    const known = history.versions.findLast(({ hash }) => hash === ifMatch)
    const seen = known && load(await history.filesOf(known)).config
    assertSame(objects, seen, present, version)
  }
  const files = new EditedFiles(main, sources)
  await makeEdits(await edits(files, present), files)
  const { changes } = files
  // To load 50,000 rows takes half a second, and to compare them with what runs another one: others have their turn before and between.
  const slice = new Slice()
  await slice.yield()
  const next = load(new Map(changes.map(({ file, after }) => [file, Buffer.from(after)])))
  await slice.yield()
  return { changes, next }
}

/** Throws CONFIG_READ_ONLY, with a patch, where one of the files cannot be written. */
export function assertEditable(
  changes: readonly FileChange[],
  configs: readonly Config[],
  sources: Pick<ConfigSources, 'drivers' | 'sinks'>,
): void {
  for (const { file } of changes) {
    const why = whyReadOnly(file)
    if (why !== undefined) throw readOnly(file, why, shownPatch(changes, configs, sources))
  }
}

/** Throws CHANGED_MEANWHILE where a file was written since the edits were made; without its text, in which a new secret may be. */
export function assertUntouched(changes: readonly FileChange[]): void {
  try {
    for (const change of changes) assertUnchanged(change)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new GatewayError(error.code, error.message, { details: { file: error.details.file } })
  }
}

/**
 * The patch of the changes as people may see it: where a secret would be among the lines around a change there are none; a secret in a line
 * that changes is blanked. Secrets are those of the configurations, and what the files themselves call so, comments among it.
 */
export function shownPatch(
  changes: readonly FileChange[],
  configs: readonly Config[],
  sources: Pick<ConfigSources, 'drivers' | 'sinks'>,
): ReturnType<typeof patchOf> {
  const known = configs.flatMap(({ devices, sinks }) =>
    [...devices, ...sinks].flatMap(({ type, options, outside = [] }) =>
      hiddenTexts({ schema: type.options, options, outside }),
    ),
  )
  const secrets = [...new Set([...known, ...changes.flatMap((change) => secretsIn(change, sources))])]
  const blanked = (text: string): string => secrets.reduce(without, hideUrlPasswords(text))
  const { folder, patch } = patchOf(changes)
  if (blanked(patch) === patch) return { folder, patch }
  return { folder, patch: blanked(patchOf(changes, 0).patch) }
}

/** Shorter ones stand within too many words by chance. */
const LEAST_WITHIN = 4

function without(text: string, secret: string): string {
  if (secret.length >= LEAST_WITHIN) return text.replaceAll(secret, BLANK)
  return secret === '' || !text.includes(secret) ? text : text.replace(new RegExp(`(?<!\\w)${RegExp.escape(secret)}(?!\\w)`, 'g'), BLANK) // prettier-ignore
}

/** What is not shown of a YAML file, line by line. A tag list has no column for a secret. */
function secretsIn({ file, was, after }: FileChange, sources: Pick<ConfigSources, 'drivers' | 'sinks'>): string[] {
  if (!isYamlFile(file)) return []
  return [was, after].flatMap((text) =>
    maskText(file, text, { ...sources, secrets: [] }).masks.flatMap(({ from, to }) =>
      text
        .slice(from, to)
        .split('\n')
        .map((line) => line.trim())
        // The head of a block of lines is no secret.
        .filter((line) => !/^[|>][-+0-9]*$/.test(line)),
    ),
  )
}

/** Throws CHANGED_MEANWHILE where one of the objects is not as it was `seen`; undefined: that version is not kept any more. */
export function assertSame(
  objects: readonly Seen[],
  seen: Config | undefined,
  present: Config,
  { number, user, time, hash }: Version,
): void {
  const now = `version ${number}, by ${user}, ${time}`
  if (seen === undefined)
    throw new GatewayError(
      'CHANGED_MEANWHILE',
      `what you have seen is no version that is kept; ${now} runs; nothing was changed`,
      { details: { hash, version: number } },
    )
  const differences = compareConfigs(seen, present).filter((one) => objects.some((object) => isAbout(one, object)))
  if (differences.length === 0) return
  const names = [...new Set(differences.map(({ kind, name }) => `${kind} ${name}`))]
  const what = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
  throw new GatewayError(
    'CHANGED_MEANWHILE',
    `${what}: somebody else has changed this since you have seen it (${now}); nothing was changed`,
    { details: { hash, version: number, diff: differenceLines(differences).join('\n') } },
  )
}

/** A tag is gone, too, where its device is. */
function isAbout({ sign, kind, name }: Difference, object: Seen): boolean {
  if (object.kind !== 'tag' && object.kind !== 'tags') return kind === object.kind && name === object.name
  if (kind === 'device') return name === object.device && sign !== '~'
  if (object.kind === 'tags') return kind === 'tag' && name.startsWith(`${object.device}/`)
  return kind === 'tag' && `tag ${name}` === formatObject(object)
}
