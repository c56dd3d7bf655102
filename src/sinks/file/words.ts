/** What the file system says, as what follows from it. */
import { BusyError, GatewayError, isAbort, messageOf, NotConnectedError } from '../../core/errors.ts'

/** How long a full disk is left alone. */
const FULL_MS = 10_000

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined

/** The error for the runner: a full disk needs patience, a missing permission a person, anything else another try. */
export function fileProblem(error: unknown, folder: string): Error {
  if (error instanceof GatewayError || isAbort(error)) return error as Error
  const code = codeOf(error)
  const options = { cause: error, details: { folder, code } }
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT': {
      const what = code === 'ENOSPC' ? 'the disk is full' : 'the quota is used up'
      const next = 'nothing is dropped; make room there, or set keepFiles or keepSize'
      return new BusyError(`${folder}: ${what}; ${next}`, FULL_MS, options)
    }
    case 'EACCES':
    case 'EPERM':
      return new GatewayError('SINK_REFUSED', `${folder}: this user may not write there (${code})`, options)
    case 'EROFS':
      return new GatewayError('SINK_REFUSED', `${folder} lies on a file system that is read-only (EROFS)`, options)
    case 'ENOENT':
    case 'ENOTDIR':
      return new NotConnectedError(`there is no folder ${folder}; make it, or mount what belongs there`, options)
    default:
      return new NotConnectedError(`${folder}: ${messageOf(error)}`, options)
  }
}
