/** The device that is being made: everything that was entered, so that going back loses nothing; and what would stand in the file. */
import type { Operations } from '../../api/operations.ts'
import type { TagRow } from '../../parts/points/tag-rows.ts'
import { asWritten, toTagEntry } from '../../parts/points/tag-rows.ts'
import { allFields, planForm, toOptions, type Drafts, type Field } from '../../parts/schema-form/fields.ts'
import { triedKey } from '../../parts/schema-form/schema-form.tsx'

export type Catalogue = Operations['GET /api/v1/drivers']['answer']
export type DriverInfo = Catalogue['drivers'][number]

export interface Sketch {
  readonly name: string
  /** Undefined: none is chosen yet. */
  readonly driver: string | undefined
  /** Options of each protocol that was looked at. */
  readonly drafts: Readonly<Record<string, Drafts>>
  /** What stands beside the options: `every`, `area`. */
  readonly head: Drafts
  readonly tags: readonly TagRow[]
  /** What is read last by the test. */
  readonly address: string
  /** Of which device a copy was made. */
  readonly copyOf: string | undefined
}

export const EMPTY: Sketch = {
  name: '',
  driver: undefined,
  drafts: {},
  head: {},
  tags: [],
  address: '',
  copyOf: undefined,
}

/** What is asked of every device beside its options. */
export const HEAD = ['every', 'area']

export const draftsOf = ({ driver, drafts }: Sketch): Drafts => drafts[driver ?? ''] ?? {}

const optionFields = ({ options }: DriverInfo): readonly Field[] => allFields(planForm(options))

/** The options as the test and the preview send them: secrets as they were typed. */
export function trialOptions(driver: DriverInfo, drafts: Drafts): Record<string, unknown> {
  const fields = optionFields(driver)
  const typed = fields
    .filter(({ kind, path }) => kind === 'secret' && (drafts[triedKey(path)] ?? '') !== '')
    .map(({ path }) => [path, drafts[triedKey(path)]!] as const)
  return toOptions(fields, { ...drafts, ...Object.fromEntries(typed) })
}

/** Secrets that were typed to be tried, and of which nothing says where the gateway finds them. */
export const unsavedSecrets = (driver: DriverInfo, drafts: Drafts): readonly string[] =>
  optionFields(driver)
    .filter(
      ({ kind, path }) => kind === 'secret' && (drafts[triedKey(path)] ?? '') !== '' && (drafts[path] ?? '') === '',
    )
    .map(({ path }) => path)

/** The entry as it would stand in the file. */
export function entryOf(sketch: Sketch, driver: DriverInfo, catalogue: Catalogue): Record<string, unknown> {
  const options = toOptions(optionFields(driver), draftsOf(sketch))
  const headFields = allFields(planForm(catalogue.device, HEAD))
  const tagFields = allFields(planForm(catalogue.tag))
  return {
    name: sketch.name.trim(),
    driver: driver.name,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...toOptions(headFields, sketch.head),
    tags: sketch.tags.map((row) => asWritten(toTagEntry(row, tagFields))),
  }
}
