/**
 * The environment in a configuration: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${secret:name}` and `$$` for a dollar sign, inside
 * scalar values only and after the YAML is parsed, so that a value can never add structure. Every NAME has a twin:
 * when NAME is not set, the file that NAME_FILE names is read instead (as container and Kubernetes secrets come).
 */
import { readFileSync } from 'node:fs'
import { GatewayError, messageOf } from '../core/errors.ts'
import { secretRead } from './file-reading.ts'
import type { SecretFiles } from './secret-files.ts'
import { markParameter } from './templates/reference.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A value after substitution; `substituted` tells whether anything came from outside the file. */
export interface Substitution {
  readonly text: string
  readonly substituted: boolean
}

const REFERENCE =
  /\$(?:\$|\{param:([A-Za-z][\w-]*)\}|\{secret:([^}]*)\}|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?\}|\{[^}]*\}?)/g

/** Replaces the references in `text`; throws CONFIG_INVALID with a sentence when one cannot be. */
export function substitute(text: string, env: Environment, secrets?: Pick<SecretFiles, 'read'>): Substitution {
  if (!text.includes('$')) return { text, substituted: false }
  let substituted = false
  const result = text.replace(
    REFERENCE,
    (whole, parameter?: string, secret?: string, name?: string, operator?: string, operand?: string) => {
      if (whole === '$$') return '$'
      if (parameter !== undefined) return markParameter(parameter)
      if (secret !== undefined && secrets !== undefined) {
        substituted = true
        return secrets.read(secret)
      }
      if (name === undefined) {
        throw new GatewayError(
          'CONFIG_INVALID',
          `${whole} is not understood: write \${NAME}, \${NAME:-default} or \${NAME:?message}, \${secret:name}, \${param:name} in a template, and $$ for a dollar sign`,
        )
      }
      substituted = true
      return resolve(name, operator, operand, env)
    },
  )
  return { text: result, substituted }
}

/** The value of NAME, or what is in the file that NAME_FILE names; undefined when neither is set. */
export function readVariable(name: string, env: Environment): string | undefined {
  const value = env[name]
  if (value !== undefined) return value
  const file = env[`${name}_FILE`]
  return file === undefined || file === '' ? undefined : readSecretFile(file, `${name}_FILE`)
}

/** The one line that a secret's file holds; a newline at its end is dropped. `what` names the setting in errors. */
export function readSecretFile(file: string, what: string): string {
  let text: string
  secretRead(file, null)
  try {
    text = readFileSync(file, 'utf8')
    secretRead(file, text)
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `the file of ${what} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const line = text.replace(/\r?\n$/, '')
  if (/[\r\n\0]/.test(line))
    throw new GatewayError('CONFIG_INVALID', `the file of ${what} holds more than one line: ${file}`)
  return line
}

function resolve(name: string, operator: string | undefined, operand: string | undefined, env: Environment): string {
  const value = readVariable(name, env)
  if (value !== undefined && /[\r\n\0]/.test(value)) {
    throw new GatewayError('CONFIG_INVALID', `the environment variable ${name} holds a line break, which no value may`)
  }
  // As in a shell: `:-` and `:?` take an empty variable for an unset one.
  if (value !== undefined && (value !== '' || operator === undefined)) return value
  if (operator === ':-') return operand ?? ''
  if (operator === ':?')
    throw new GatewayError('CONFIG_INVALID', `${name} is not set: ${operand === '' ? 'it is required' : operand}`)
  throw new GatewayError(
    'CONFIG_INVALID',
    `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
  )
}
