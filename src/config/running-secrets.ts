/**
 * The secrets that a running configuration holds, as they are in memory: whatever leaves the gateway for other people is searched for them,
 * so that one that got into a message after all stays here.
 */
import { z } from 'zod'
import { oidcSchema } from './access.ts'
import { secretsOfAlerts } from './alerts.ts'
import type { Config } from './config.ts'
import { isSecret, layersOf, optionOf } from './option-marks.ts'
import { receiveClientSchema } from './receive.ts'

/** Shorter ones are parts of other words: to blank them would tell more than it hides. */
const LEAST = 4
/** How many are looked for. */
const MOST = 5000
const URL_SECRET = /[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:([^\s"']*)@/gi
const WITH = '***'

/** What makes of a text one without the secrets of this configuration. */
export function secretEraser(config: Config): (text: string) => string {
  const found = new Set<string>()
  for (const { type, options } of [...config.devices, ...config.sinks]) collect(type.options, options, found)
  collect(oidcSchema, config.access.oidc, found)
  for (const client of config.receive?.clients ?? []) collect(receiveClientSchema, client, found)
  // `Bearer TOKEN`: the token is secret by itself, too.
  for (const value of Object.values(config.tracing?.headers ?? {})) found.add(value).add(value.replace(/^\S+ +/, ''))
  for (const secret of secretsOfAlerts(config.alerts)) found.add(secret)
  const forms = [...found]
    .filter((secret) => secret.length >= LEAST)
    .slice(0, MOST)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
  if (forms.length === 0) return (text) => text
  // The longest first: one may be the begin of another.
  const words = [...new Set(forms)].sort((a, b) => b.length - a.length).map((form) => RegExp.escape(form))
  const pattern = new RegExp(words.join('|'), 'g')
  return (text) => text.replace(pattern, WITH)
}

function collect(schema: z.core.$ZodType | undefined, value: unknown, found: Set<string>, isOfSecret = false): void {
  const isHidden = isOfSecret || (schema !== undefined && isSecret(schema))
  if (typeof value === 'string') {
    if (isHidden) found.add(value)
    else for (const [, password = ''] of value.matchAll(URL_SECRET)) found.add(password).add(decoded(password))
    return
  }
  if (value instanceof URL) return collect(schema, value.href, found, isHidden)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const inner = schema && layersOf(schema).at(-1)
  for (const [key, one] of Object.entries(value)) collect(innerSchema(inner, key), one, found, isHidden)
}

function decoded(password: string): string {
  try {
    return decodeURIComponent(password)
  } catch {
    return password
  }
}

function innerSchema(inner: z.core.$ZodType | undefined, key: string): z.core.$ZodType | undefined {
  if (inner instanceof z.ZodObject) return optionOf(inner.shape, key)
  if (inner instanceof z.ZodArray) return inner.element
  return inner instanceof z.ZodRecord ? inner.valueType : undefined
}
