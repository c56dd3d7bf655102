/**
 * Edits of a configuration that people write by hand: each goes to the very file that owns the object, by replacing only the characters
 * that change, and the result is loaded and checked before anybody writes it (`write-changes.ts`).
 */
import { dirname, resolve } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import { Slice } from '../../core/slice.ts'
import type { Config, ConfigSources } from '../config.ts'
import { BLANK } from '../plan/shown-options.ts'
import { TAG_COLUMN_NAMES } from '../tag-columns.ts'
import { EditedFiles, type FileChange } from './edited-files.ts'
import { addObject } from './new-object.ts'
import { formatObject, type ConfigEdit, type EditChoice, type Setting } from './object-name.ts'
import { ownerOf, placeOf, sectionOwner, tagsOwner, type Entry } from './owner.ts'
import type { Plain, YamlEdit } from './yaml-edit.ts'

/** What the edits come to. Nothing is written yet. */
export interface EditedConfig {
  /** The files that change, in the order in which they are to be written; none where everything is so already. */
  readonly changes: readonly FileChange[]
  /** The configuration with the edits made, checked. */
  readonly config: Config
}

/** The most edits at once: each edit of a YAML file reads that file again, and a row that goes is looked for. */
const MOST_EDITS = 10_000
/** Rows of a tag list that change or come: a list of 50,000 tags comes at once. Those that stand in YAML are fewer (`compare-list.ts`). */
const MOST_TAG_EDITS = 200_000

/**
 * Makes the edits in memory, one after the other, on the configuration that `file` names.
 * Throws NOT_FOUND (no such object), CONFLICT (it does not stand in one place that may be changed: the message names file, line and what to
 * edit instead; `details.choices` lists what may be answered as `choice`), INVALID_REQUEST, and ConfigError (CONFIG_INVALID, with every
 * problem) where the result would not load.
 */
export async function editConfig(
  file: string,
  edits: readonly ConfigEdit[],
  sources: ConfigSources,
): Promise<EditedConfig> {
  const files = new EditedFiles(file, sources)
  await makeEdits(edits, files)
  return { changes: files.changes, config: files.load() }
}

/** As `editConfig`, of files at hand; the result is not loaded. In slices: 50,000 rows take half a second. */
export async function makeEdits(edits: readonly ConfigEdit[], files: EditedFiles): Promise<void> {
  const ofTags = edits.filter(isOfRow).length
  const [count, most] =
    edits.length - ofTags > MOST_EDITS ? [edits.length - ofTags, MOST_EDITS] : [ofTags, MOST_TAG_EDITS]
  if (count > most) throw new GatewayError('INVALID_REQUEST', `${count} edits at once: the most is ${most}`)
  const slice = new Slice()
  for (const edit of edits) {
    make(edit, files)
    if (slice.spent) await slice.yield()
  }
}

const isOfRow = (edit: ConfigEdit): boolean =>
  edit.do === 'add' ? edit.kind === 'tag' : edit.do !== 'remove' && edit.object.kind === 'tag'

function make(edit: ConfigEdit, files: EditedFiles): void {
  if (holdsBlank(edit.do === 'add' ? edit.entry : edit.do === 'set' ? edit.value : null))
    throw new GatewayError('INVALID_REQUEST', `${BLANK} stands for a secret that is not shown: leave that setting out`)
  if (edit.do === 'add') {
    if (edit.kind === 'tag') addTag(edit, files)
    else addObject(edit.kind, edit.entry, edit.into === undefined ? undefined : besideMain(edit.into, files), files)
    return
  }
  const { object } = edit
  if (object.kind === 'tag') return edit.do === 'remove' ? removeTag(edit, files) : changeTag(edit, files)
  const entry = object.kind === 'section' ? sectionOwner(object.name, files) : ownerOf(object.kind, object.name, files)
  if (edit.do === 'remove') return apply(entry, { kind: 'delete', path: entry.path }, files)
  if (edit.setting.length === 0)
    throw new GatewayError('INVALID_REQUEST', `${formatObject(object)}: which setting? Name one`)
  if ('template' in entry.mapping) refuseOfTemplate(edit, entry)
  if (object.kind === 'section' && edit.do === 'set' && !Object.hasOwn(entry.part.root, object.name)) {
    const whole = { part: entry.part, path: [], mapping: entry.part.root }
    return apply(whole, settingEdit({ ...edit, setting: [object.name, ...edit.setting] }, whole), files)
  }
  apply(entry, settingEdit(edit, entry), files)
}

/** What was shown in place of a secret, or of the password of a URL, comes back from a form: it must not become the secret. */
const holdsBlank = (value: Plain): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value as object).some(holdsBlank)
    : value === BLANK || (typeof value === 'string' && URL_BLANK.test(value))

const URL_BLANK = /:\/\/[^\s/]*:\*\*\*@/

/** A file of the configuration, or a new one below its folder. */
function besideMain(named: string, { main, parts }: EditedFiles): string {
  const folder = dirname(resolve(main))
  const file = resolve(folder, named)
  if (parts.some((part) => part.file === file)) return file
  if (file.startsWith(`${folder}/`) && /^[^\0\r\n*?]+\.ya?ml$/.test(file)) return file
  throw new GatewayError('INVALID_REQUEST', `${named} is no YAML file of this configuration, nor one below its folder`)
}

const apply = ({ part }: Entry, edit: YamlEdit, files: EditedFiles): void =>
  files.editYaml(part.file, part.source.file, [edit])

type Change = Extract<ConfigEdit, { do: 'set' | 'unset' }>

/** The edit of the mapping; what a setting stands in is made along where it is missing. */
function settingEdit(edit: Change, { path, mapping }: Entry): YamlEdit {
  const { setting } = edit
  if (edit.do === 'unset') return { kind: 'delete', path: [...path, ...setting] }
  let [depth, inner] = [0, mapping as unknown]
  while (depth < setting.length - 1) {
    inner = (inner as Record<PropertyKey, unknown> | undefined)?.[setting[depth]!]
    if (typeof inner !== 'object' || inner === null) break
    depth++
  }
  const at = [...path, ...setting.slice(0, depth + 1)]
  const choice = edit.choice === 'shared' ? undefined : edit.choice
  return { kind: 'set', path: at, value: nested(setting.slice(depth + 1), edit.value), choice }
}

const nested = (setting: Setting, value: Plain): Plain =>
  setting.reduceRight<Plain>((inner, step) => ({ [step]: inner }), value)

/** A device of a template: what its own entry says may be changed there; what the template says, only on purpose. */
function refuseOfTemplate(edit: Change, entry: Entry): void {
  const { setting } = edit
  let inner: unknown = entry.mapping
  const isThere = setting.every((step) => {
    const has = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step)
    inner = has ? (inner as Record<PropertyKey, unknown>)[step] : undefined
    return has
  })
  const own = ['name', 'enabled', 'area', 'parameters', 'template'].includes(String(setting[0]))
  if (isThere || (own && edit.do === 'set') || (edit.do === 'set' && edit.choice === 'override')) return
  throw new GatewayError(
    'CONFLICT',
    `${placeOf(entry)}: ${setting.join('.')} of device "${String(entry.mapping.name)}" comes from its template "${String(entry.mapping.template)}": edit the template for all its devices, or give this device a value of its own`,
    { details: { file: entry.part.file, choices: edit.do === 'set' ? ['override'] : [] } },
  )
}

type OfTag = Extract<ConfigEdit, { object: unknown }>

/** The list of a device, whatever the number of the other devices among which it is. */
const listOf = (device: string, choice: EditChoice | undefined, files: EditedFiles) =>
  files.once(JSON.stringify(['list', device, choice]), () => {
    const entry = ownerOf('device', device, files)
    return { entry, owner: tagsOwner(entry, files, choice) }
  })

/** A tag in its list: the row of a CSV file, or a mapping. */
function tagOf({ object, choice }: OfTag, files: EditedFiles) {
  if (object.kind !== 'tag') throw new GatewayError('INVALID_REQUEST', 'expected a tag')
  const { device, name } = object
  const { entry, owner } = listOf(device, choice, files)
  if (owner.kind === 'csv') {
    const list = files.list(owner.file, owner.shown)
    if (!list.has(name)) throw missing(name, entry, files)
    return { name, list, row: undefined }
  }
  const row = owner.rows.find(({ mapping }) => String(mapping.name) === name)
  if (row === undefined) throw missing(name, entry, files)
  return { name, list: undefined, row }
}

/** Why a tag that the device may well have is in no row of its list. */
function missing(name: string, entry: Entry, files: EditedFiles): GatewayError {
  const device = String(entry.mapping.name)
  const known = files.load().devices.find((one) => one.name === device)?.tags ?? []
  const isThere = known.some(({ settings }) => settings.name === name)
  if (!isThere) return new GatewayError('NOT_FOUND', `there is no tag "${name}" of device "${device}"`)
  const [, array] = /^(.*)\[\d+\]$/.exec(name) ?? []
  const why =
    'template' in entry.mapping
      ? `comes from its template "${String(entry.mapping.template)}": edit the template for all its devices, or add a tag of this name under \`tags\` at ${placeOf(entry)}, where devices say what differs`
      : array === undefined
        ? `is made by another entry of its list, at ${placeOf(entry, ['tags'])}: edit that one`
        : `is a member of the tag "${array}": edit that one`
  return new GatewayError('CONFLICT', `the tag "${name}" of device "${device}" ${why}`, { details: { choices: [] } })
}

function changeTag(edit: Change, files: EditedFiles): void {
  const [column] = edit.setting
  if (edit.setting.length !== 1 || !TAG_COLUMN_NAMES.includes(String(column)))
    throw new GatewayError(
      'INVALID_REQUEST',
      `"${edit.setting.join('.')}" is no setting of a tag: known are ${TAG_COLUMN_NAMES.join(', ')}`,
    )
  const { name, list, row } = tagOf(edit, files)
  const isEmpty = edit.do === 'unset' || edit.value === null
  if (list !== undefined) return list.set(name, String(column), isEmpty ? '' : cellText(edit.value, edit.setting))
  if (isEmpty) return apply(row, { kind: 'delete', path: [...row.path, String(column)] }, files)
  apply(row, settingEdit(edit, row), files)
}

function removeTag(edit: OfTag, files: EditedFiles): void {
  const { name, list, row } = tagOf(edit, files)
  if (list !== undefined) return list.remove(name)
  apply(row, { kind: 'delete', path: row.path }, files)
}

function addTag({ device, entry, choice }: Extract<ConfigEdit, { kind: 'tag' }>, files: EditedFiles): void {
  const { entry: owner, owner: tags } = listOf(device, choice, files)
  const unknown = Object.keys(entry).find((key) => !TAG_COLUMN_NAMES.includes(key))
  if (unknown !== undefined)
    throw new GatewayError(
      'INVALID_REQUEST',
      `"${unknown}" is no setting of a tag: known are ${TAG_COLUMN_NAMES.join(', ')}`,
    )
  if (tags.kind === 'inline') {
    const value = Object.fromEntries(Object.entries(entry).filter(([, given]) => given !== null))
    return apply(owner, { kind: 'insert', path: [...owner.path, 'tags'], value }, files)
  }
  const cells = Object.entries(entry).map(([key, value]) => [key, value === null ? '' : cellText(value, [key])])
  files.list(tags.file, tags.shown).add(Object.fromEntries(cells) as Record<string, string>)
}

function cellText(value: Plain, setting: Setting): string {
  if (typeof value !== 'object') return String(value)
  throw new GatewayError('INVALID_REQUEST', `${setting.join('.')}: expected one value`)
}
