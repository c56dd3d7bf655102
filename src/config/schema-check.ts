/**
 * Checks a part of a YAML file by a zod schema and says every complaint at its place. Unknown keys are refused at every
 * depth, whether or not the schema is strict, with the nearest known one; values from the environment take the type that the
 * schema wants; an option marked `secret` may be given as `<option>File` and is warned about in plain text.
 */
import { z } from 'zod'
import type { $ZodIssue } from 'zod/v4/core'
import { messageOf } from '../core/errors.ts'
import { INSECURE_WARNING, isInsecure } from '../core/tls-options.ts'
import { readSecretFile } from './environment.ts'
import { describeIssue, show, typeWord } from './issue-words.ts'
import type { NamedFiles } from './named-files.ts'
import { isSecret, isSecretAt, layersOf, objectIn, optionOf } from './option-marks.ts'
import type { ProblemList } from './problem.ts'
import { refuseStraySecrets } from './secret-places.ts'
import { closest } from './suggestion.ts'
import type { Path, Places } from './places.ts'
import { formatPath, retype, UNRESOLVED, type YamlMapping } from './yaml-source.ts'

/** A value of the file, with the path that leads to it. */
export interface Located {
  readonly source: Places
  readonly path: Path
  readonly value: unknown
}

/** The parsed value, or undefined when there are problems (which are in the list then). `files`: where those that it names are. */
export function checkSchema<Schema extends z.ZodType>(
  schema: Schema,
  { source, path, value }: Located,
  problems: ProblemList,
  files?: NamedFiles,
): z.output<Schema> | undefined {
  const before = problems.count
  const root = readSecrets(schema, { source, path, value }, problems, (file) => files?.resolve(file) ?? file)
  const context: CheckContext = { source, path, problems, root }
  refuseUnknownKeys(schema, root, [], context)
  warnOfPlainSecrets(schema, context)
  refuseStraySecrets(schema, context)
  files?.check(schema, root, path, source, problems)
  let result = schema.safeParse(root)
  if (!result.success && retypeSubstituted(result.error.issues, context)) result = schema.safeParse(root)
  if (result.success) {
    files?.place(schema, result.data)
    warnOfInsecure(result.data, context)
    return problems.count === before ? result.data : undefined
  }
  for (const issue of result.error.issues) reportIssue(issue, schema, context)
  return undefined
}

interface CheckContext extends Omit<Located, 'value'> {
  readonly problems: ProblemList
  readonly root: unknown
}

/** Puts the content of `passwordFile` in the place of `password`, for each option that is marked secret. */
function readSecrets(
  schema: z.ZodType,
  { source, path, value }: Located,
  problems: ProblemList,
  resolveFile: (file: string) => string,
): unknown {
  const shape = objectIn(schema)?.shape
  if (shape === undefined || !isMapping(value)) return value
  const moves = new Map<string, { from: string; value: unknown }>()
  for (const name of Object.keys(shape)) {
    const from = `${name}File`
    const file = value[from]
    if (!isSecret(shape[name]) || from in shape || file === undefined || file === UNRESOLVED) continue
    const at = [...path, from]
    if (value[name] !== undefined)
      problems.add(source.within(value, [from], 'key'), formatPath(at), `give either ${name} or ${from}, not both`)
    moves.set(name, {
      from,
      value: readSecretOption(
        file,
        from,
        (message) => problems.add(source.within(value, [from]), formatPath(at), message),
        resolveFile,
      ),
    })
  }
  return moves.size === 0 ? value : source.derive(value, moves)
}

function readSecretOption(
  file: unknown,
  name: string,
  complain: (message: string) => void,
  resolveFile: (file: string) => string,
): unknown {
  if (typeof file !== 'string') {
    complain(`expected the path of a file, got ${show(file)}`)
    return UNRESOLVED
  }
  try {
    return readSecretFile(resolveFile(file), name)
  } catch (error) {
    complain(messageOf(error))
    return UNRESOLVED
  }
}

/** Loud at the check, whichever plug-in has the option; one meaning for all (`core/tls-options.ts`). */
function warnOfInsecure(parsed: unknown, { root, source, path, problems }: CheckContext): void {
  if (!isInsecure(parsed)) return
  const at = (parsed as { insecure?: unknown }).insecure === true ? ['insecure'] : ['tls', 'insecure']
  problems.warn(source.within(root, at), formatPath([...path, ...at]), INSECURE_WARNING)
}

function refuseUnknownKeys(schema: z.core.$ZodType, value: unknown, path: Path, context: CheckContext): void {
  const list = layersOf(schema).at(-1)
  if (list instanceof z.ZodArray && Array.isArray(value)) {
    value.forEach((item, index) => refuseUnknownKeys(list.element, item, [...path, index], context))
    return
  }
  const object = objectIn(schema)
  if (object === undefined || !isMapping(value)) return
  const open = object._zod.def.catchall !== undefined && !(object._zod.def.catchall instanceof z.ZodNever)
  for (const key of Object.keys(value)) {
    const inner = optionOf(object.shape, key)
    if (inner !== undefined) refuseUnknownKeys(inner, value[key], [...path, key], context)
    else if (!open)
      reportUnknownKey(key, path.length === 0 ? knownKeys(object) : Object.keys(object.shape), value, path, context)
  }
}

/** The keys that may be written: those of the schema, and `<option>File` for each secret. */
function knownKeys(object: z.ZodObject): string[] {
  return Object.keys(object.shape).flatMap((key) => (isSecret(object.shape[key]) ? [key, `${key}File`] : [key]))
}

function reportUnknownKey(
  key: string,
  known: readonly string[],
  value: object,
  path: Path,
  context: CheckContext,
): void {
  const nearest = closest(key, known)
  const message = `unknown key "${key}"${nearest === undefined ? `; known are ${known.join(', ')}` : ''}`
  const place = context.source.within(value, [key], 'key')
  context.problems.add(
    place,
    formatPath([...context.path, ...path, key]),
    message,
    nearest === undefined ? undefined : `"${nearest}"`,
  )
}

function warnOfPlainSecrets(schema: z.ZodType, { root, source, path, problems }: CheckContext): void {
  const shape = objectIn(schema)?.shape
  if (shape === undefined || !isMapping(root)) return
  for (const [key, value] of Object.entries(root)) {
    const inner = optionOf(shape, key)
    if (inner === undefined || typeof value !== 'string' || value === '' || source.isSubstitutedWithin(root, [key]))
      continue
    const place = source.within(root, [key])
    if (isSecret(inner)) {
      problems.warn(
        place,
        formatPath([...path, key]),
        `a secret in plain text; write ${key}: \${secret:name} or \${NAME}, or ${key}File: and the path of a file`,
      )
    } else if (/^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:[^/@\s]+@/i.test(value)) {
      problems.warn(
        place,
        formatPath([...path, key]),
        'a password in plain text inside a URL; take it from the environment: ${NAME}',
      )
    }
  }
}

/** Gives values from the environment the type their text would have in YAML, where the schema refused the text. */
function retypeSubstituted(issues: readonly $ZodIssue[], { root, source }: CheckContext): boolean {
  let changed = false
  for (const issue of issues) {
    const key = issue.path.at(-1)
    const parent = valueAt(root, issue.path.slice(0, -1))
    if (
      key === undefined ||
      !source.isSubstitutedWithin(root, issue.path) ||
      typeof parent !== 'object' ||
      parent === null
    )
      continue
    const given = (parent as Record<PropertyKey, unknown>)[key]
    const typed = typeof given === 'string' ? retype(given) : given
    if (typed === given) continue
    ;(parent as Record<PropertyKey, unknown>)[key] = typed
    changed = true
  }
  return changed
}

function reportIssue(issue: $ZodIssue, schema: z.core.$ZodType, context: CheckContext): void {
  // Unknown keys are told by refuseUnknownKeys, at every depth.
  if (issue.code === 'unrecognized_keys') return
  const { source, root, path, problems } = context
  const given = valueAt(root, issue.path)
  if (given === UNRESOLVED) return
  const place = source.knows(root) ? source.within(root, issue.path) : source.placeOf(path)
  const whole = formatPath([...path, ...issue.path])
  if (
    given === undefined &&
    issue.path.length > 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')
  ) {
    problems.add(
      place,
      whole,
      `${String(issue.path.at(-1))} is missing${issue.code === 'invalid_type' ? `: expected ${typeWord(issue.expected)}` : ''}`,
    )
    return
  }
  const secret = isSecretAt(schema, issue.path)
  const kind = secret ? `a ${typeof given === 'string' ? 'text' : typeof given}` : show(given)
  const shown = source.isSubstitutedWithin(root, issue.path) ? 'the value from the environment' : kind
  problems.add(place, whole, `${describeIssue(issue)}, got ${shown}`, suggestionFor(issue, given))
}

function suggestionFor(issue: $ZodIssue, given: unknown): string | undefined {
  if (issue.code !== 'invalid_value' || typeof given !== 'string') return undefined
  if (issue.values.some((value) => typeof value !== 'string' && String(value) === given))
    return `${given} without quotes`
  const nearest = closest(given, issue.values.map(String))
  return nearest === undefined ? undefined : `"${nearest}"`
}

const isMapping = (value: unknown): value is YamlMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
    root,
  )
