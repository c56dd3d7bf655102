/** Writes `ui/src/api/operations.ts`, the types of the client; `npm run docs` does, and a test holds it to the code. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { clientTypes } from './client-types.ts'
import { openapiDocument } from './openapi-document.ts'

const FILE = join(import.meta.dirname, '..', 'ui', 'src', 'api', 'operations.ts')

/** The module as it shall be. */
export async function clientModule(): Promise<string> {
  return format(clientTypes(await openapiDocument()), { ...(await resolveConfig(FILE)), filepath: FILE })
}

/** Returns whether it had to be written. */
export async function writeClient(isCheck: boolean): Promise<boolean> {
  const text = await clientModule()
  if (readFileSync(FILE, { encoding: 'utf8', flag: 'a+' }) === text) return false
  if (!isCheck) writeFileSync(FILE, text)
  return true
}
