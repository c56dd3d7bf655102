/** The first administrator of a set-up without people: BIFROST_ADMIN_PASSWORD (or _FILE), BIFROST_ADMIN_USER where it is not `admin`. */
import { readVariable, type Environment } from './environment.ts'

export function initialAdmin(env: Environment): { readonly name: string; readonly password: string } | undefined {
  const password = readVariable('BIFROST_ADMIN_PASSWORD', env)
  if (password === undefined || password === '') return undefined
  const name = readVariable('BIFROST_ADMIN_USER', env)
  return { name: name === undefined || name === '' ? 'admin' : name, password }
}
