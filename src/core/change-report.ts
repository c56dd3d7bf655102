/** What became of a new configuration in the running gateway: for people, for the audit, and for those who plan it. */

/** One device or sink that is another than before. */
export interface ChangedPart {
  readonly name: string
  /** `kept`: its connection stayed; `restarted`: it ended and began anew. */
  readonly how: 'kept' | 'restarted'
  /** What differs: `options.host`, `enabled`, `tags`. */
  readonly what: readonly string[]
  /** How many tags came, changed and went; absent for sinks. */
  readonly tags?: { readonly added: number; readonly changed: number; readonly removed: number }
}

export interface PartChanges {
  readonly added: readonly string[]
  readonly changed: readonly ChangedPart[]
  readonly removed: readonly string[]
  /** How many go on as they are. */
  readonly untouched: number
}

export interface ChangeReport {
  readonly devices: PartChanges
  readonly sinks: PartChanges
  /** Settings that hold from now on: `log.level`. */
  readonly settings: readonly string[]
  /** Settings that the file has otherwise than what runs: they hold after the next start. */
  readonly needsRestart: readonly string[]
  /** How long it took, from the first comparison to the last part that began, ms. */
  readonly durationMs: number
}

/** Nothing is to be done, now or at the next start. */
export const isUnchanged = ({ devices, sinks, settings, needsRestart }: ChangeReport): boolean =>
  [devices, sinks].every(({ added, changed, removed }) => added.length + changed.length + removed.length === 0) &&
  settings.length + needsRestart.length === 0

/** One line a part, with + ~ and − before it. */
export function changeLines({ devices, sinks, settings, needsRestart }: ChangeReport): string[] {
  return [
    ...partLines('device', devices),
    ...partLines('sink', sinks),
    ...settings.map((setting) => `~ ${setting}`),
    ...needsRestart.map((setting) => `! ${setting}: needs a restart of the gateway`),
  ]
}

function partLines(kind: string, { added, changed, removed }: PartChanges): string[] {
  return [
    ...added.map((name) => `+ ${kind} ${name}`),
    ...changed.map((part) => `~ ${kind} ${part.name}: ${wordsOf(part)}`),
    ...removed.map((name) => `- ${kind} ${name}`),
  ]
}

function wordsOf({ how, what, tags }: ChangedPart): string {
  const counts = tags === undefined ? '' : tagWords(tags)
  const differs = [...what.filter((one) => one !== 'tags'), ...(counts === '' ? [] : [counts])].join(', ')
  return how === 'restarted' ? `${differs} (restarted)` : `${differs} (connection kept)`
}

function tagWords({ added, changed, removed }: NonNullable<ChangedPart['tags']>): string {
  const parts = [
    [added, '+'],
    [changed, '~'],
    [removed, '-'],
  ] as const
  const words = parts.flatMap(([count, sign]) => (count === 0 ? [] : [`${sign}${count}`]))
  return words.length === 0 ? '' : `tags ${words.join(' ')}`
}
