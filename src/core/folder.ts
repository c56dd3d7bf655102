/**
 * Makes a folder with those above it, one by one from the nearest that exists. Node's own recursive mkdir never comes back where a
 * file system says ENOENT to a new folder in one that exists, as /proc does.
 */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from './errors.ts'

/** Resolves to the folders that were missing and are there now, outermost first; rejects with what the system said. */
export async function makeFolders(folder: string): Promise<string[]> {
  const missing: string[] = []
  let nearest = folder
  while (!(await isFolder(nearest)) && dirname(nearest) !== nearest) {
    missing.unshift(nearest)
    nearest = dirname(nearest)
  }
  for (const path of missing) await makeOne(path)
  return missing
}

/** Why a folder could not be made, in words for people. */
export function folderProblem(error: unknown): string {
  const { code, path } = error as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : REASONS[code]
  return reason === undefined || path === undefined ? messageOf(error) : `${reason(path)} (${code})`
}

const REASONS: Readonly<Record<string, (path: string) => string>> = {
  EEXIST: (path) => `${path} exists and is not a folder`,
  ENOTDIR: (path) => `${path} or a part of it exists and is not a folder`,
  ENOENT: (path) => `${dirname(path)} takes no new folders`,
  EACCES: (path) => `this user may not make ${path}`,
  EPERM: (path) => `the system does not allow ${path} to be made`,
  EROFS: (path) => `${path} lies on a file system that is read-only`,
  ENOSPC: (path) => `there is no space left for ${path}`,
  ENAMETOOLONG: (path) => `the name ${path} is too long`,
  ELOOP: (path) => `the links in ${path} go round in a circle`,
}

async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
  throw Object.assign(new Error(`${path} is not a folder`), { code: 'EEXIST', path, syscall: 'mkdir' })
}

/** Another process may make the same folder at the same moment. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isFolder(path))) throw error
  }
}
