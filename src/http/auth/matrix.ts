/** Reads `matrix.txt`: what each route asks, written by hand, for the test that holds the code to it and the page that shows it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RoleName } from '../../core/permissions.ts'
import type { RoutePermission } from './permission.ts'

export interface MatrixRow {
  readonly method: string
  /** As in the OpenAPI document. */
  readonly path: string
  readonly permission: RoutePermission
  /** The least of the built-in roles that may. */
  readonly least: RoleName | 'everybody'
}

export function readMatrix(): readonly MatrixRow[] {
  return readFileSync(join(import.meta.dirname, 'matrix.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [method, path, permission, least] = line.split(/\s+/)
      return { method, path, permission, least } as MatrixRow
    })
}
