/**
 * A form out of a JSON Schema: a field an option, called as in the file, with its default, its words and, where the gateway refused it, why.
 * What few devices need is behind a heading that says how much of it was given.
 */
import { TextInput } from '@mantine/core'
import { useId, useMemo, type ReactNode } from 'react'
import { schemaFormStrings as strings } from '../../strings/schema-form.ts'
import { SeverityMark } from '../../status-mark.tsx'
import { SelectInput } from '../select-input.tsx'
import '../fields.css'
import './schema-form.css'
import { planForm, type Drafts, type Field, type JsonSchema } from './fields.ts'

interface Props {
  readonly schema: JsonSchema
  readonly drafts: Drafts
  /** Only these properties. */
  readonly only?: readonly string[]
  /** Path to what the gateway said of it. */
  readonly faults?: ReadonlyMap<string, string>
  /** Path to where the value comes from. */
  readonly origins?: ReadonlyMap<string, string>
  /** Secrets are tried as they are typed, and saved as references: two fields. */
  readonly tryingSecrets?: boolean
  onChange(drafts: Drafts): void
}

/** The draft of the value with which a secret is tried: never saved. */
export const triedKey = (path: string): string => `${path} (tried)`

export function SchemaForm(props: Props) {
  const { schema, drafts, only } = props
  const plan = useMemo(() => planForm(schema, only), [schema, only])
  const given = (fields: readonly Field[]) => fields.filter(({ path }) => (drafts[path] ?? '') !== '').length
  const isOpen = (fields: readonly Field[]) => fields.some(({ path }) => props.faults?.has(path) === true)
  return (
    <div className="schema-form">
      <Fields {...props} fields={plan.first} />
      {plan.groups.map(({ name, description, fields }) => (
        <details key={name} open={isOpen(fields) || undefined}>
          <summary>
            <code>{name}</code> {given(fields) > 0 && <span className="quiet">{strings.given(given(fields))}</span>}
            {description !== undefined && <span className="quiet"> {description}</span>}
          </summary>
          <fieldset className="bare">
            <legend className="sr-only">{name}</legend>
            <Fields {...props} fields={fields} />
          </fieldset>
        </details>
      ))}
      {plan.more.length > 0 && (
        <details open={isOpen(plan.more) || undefined}>
          <summary>
            {strings.more(plan.more.length)}{' '}
            {given(plan.more) > 0 && <span className="quiet">{strings.given(given(plan.more))}</span>}
          </summary>
          <Fields {...props} fields={plan.more} />
        </details>
      )}
    </div>
  )
}

function Fields({ fields, drafts, faults, origins, tryingSecrets, onChange }: Props & { fields: readonly Field[] }) {
  const change = (path: string) => (value: string) => onChange({ ...drafts, [path]: value })
  return (
    <div className="fields-grid">
      {fields.map((field) => {
        const { path } = field
        const shared = { field, value: drafts[path] ?? '', fault: faults?.get(path), origin: origins?.get(path) }
        if (field.kind !== 'secret' || tryingSecrets !== true)
          return <OneField key={path} {...shared} onChange={change(path)} />
        const tried = triedKey(path)
        return (
          <SecretField
            key={path}
            {...shared}
            tried={drafts[tried] ?? ''}
            onChange={change(path)}
            onTry={change(tried)}
          />
        )
      })}
    </div>
  )
}

interface FieldProps {
  readonly field: Field
  readonly value: string
  readonly fault: string | undefined
  readonly origin: string | undefined
  onChange(value: string): void
}

function OneField({ field, value, fault, origin, onChange }: FieldProps) {
  const { name, kind, fallback, choices, required, description } = field
  const help = (
    <>
      {description}
      {origin !== undefined && <span className="field-origin">{strings.origin(origin)}</span>}
    </>
  )
  if (kind === 'flag')
    return <FlagField label={name} value={value} fallback={fallback} help={help} fault={fault} onChange={onChange} />
  if (kind === 'textFile') return <FileField label={name} help={help} fault={fault} onChange={onChange} />
  if (kind === 'choice')
    return (
      <div>
        <SelectInput
          label={name}
          description={help}
          value={value}
          choices={[
            ...(required && fallback === '' && value !== '' ? [] : [{ value: '', label: emptyChoice(fallback) }]),
            ...choices.map((one) => ({ value: one, label: one })),
          ]}
          onChange={onChange}
        />
        <Fault text={fault} />
      </div>
    )
  return (
    <TextInput
      size="xs"
      label={name}
      description={help}
      placeholder={kind === 'secret' ? strings.reference : fallback}
      error={fault}
      withAsterisk={required}
      autoComplete="off"
      spellCheck={false}
      inputMode={kind === 'number' ? 'decimal' : 'text'}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

const emptyChoice = (fallback: string): string => (fallback === '' ? strings.notGiven : strings.byDefault(fallback))

interface PlainProps {
  readonly label: string
  readonly help: ReactNode
  readonly fault: string | undefined
  onChange(value: string): void
}

function FlagField({
  label,
  value,
  fallback,
  help,
  fault,
  onChange,
}: PlainProps & { value: string; fallback: string }) {
  const id = useId()
  const on = (value === '' ? fallback : value) === 'true'
  return (
    <div className="field">
      <label className="flag">
        <input
          type="checkbox"
          checked={on}
          aria-describedby={id}
          onChange={(event) => onChange(toggled(event.currentTarget.checked, fallback))}
        />{' '}
        <span className="field-label">{label}</span>
      </label>
      <p id={id} className="field-help">
        {help}
      </p>
      <Fault text={fault} />
    </div>
  )
}

/** What is as by default is not given. */
const toggled = (on: boolean, fallback: string): string => (String(on) === (fallback || 'false') ? '' : String(on))

function FileField({ label, help, fault, onChange }: PlainProps) {
  const id = useId()
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <p className="field-help">{help}</p>
      <input
        id={id}
        type="file"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          if (file === undefined) onChange('')
          else void file.text().then(onChange)
        }}
      />
      <Fault text={fault} />
    </div>
  )
}

/** A secret is typed to be tried, and forgotten; what is saved says where the gateway finds it. */
function SecretField({
  field,
  value,
  tried,
  fault,
  onChange,
  onTry,
}: FieldProps & { tried: string; onTry(value: string): void }) {
  return (
    <div className="field">
      <TextInput
        size="xs"
        type="password"
        autoComplete="off"
        label={strings.tried(field.name)}
        description={strings.triedHelp}
        value={tried}
        error={fault}
        onChange={(event) => onTry(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        mt={4}
        autoComplete="off"
        spellCheck={false}
        label={strings.saved(field.name)}
        description={strings.savedHelp}
        placeholder={strings.reference}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  )
}

function Fault({ text }: { text: string | undefined }) {
  if (text === undefined) return null
  return (
    <p className="field-fault" role="alert">
      <SeverityMark severity="bad" /> {text}
    </p>
  )
}
