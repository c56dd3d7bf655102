/**
 * The token with which programs of the gateway's own user on this machine ask it: `DATA/run/host.json`, mode 0600, with a random token
 * of this life, and a link to it by port in a folder that is this user's alone. Who may read it could read the data folder anyway.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { isAlive, processIdentity, type ProcessIdentity } from '../../core/process-identity.ts'

export interface HostToken {
  readonly token: string
  /** Whose file it will be. */
  readonly user: string
}

export interface HostFile {
  readonly url: string
  readonly token: string
  readonly process: ProcessIdentity
}

export const createHostToken = (): HostToken => ({
  token: `bfh_${randomBytes(32).toString('base64url')}`,
  user: nameOfUser(),
})

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** Writes file and link; what it returns takes both away. Throws what the file system says. */
export function writeHostFile(
  { data, url, port, token }: { data: string; url: string; port: number; token: string },
  env: NodeJS.ProcessEnv = process.env,
): () => void {
  const folder = join(data, 'run')
  const path = join(folder, 'host.json')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const content: HostFile = { url, token, process: processIdentity(process.pid) }
  replace(path, (fresh) => writeFileSync(fresh, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' }))
  const links = ownFolder(env)
  sweep(links)
  const link = join(links, `${port}.json`)
  replace(link, (fresh) => symlinkSync(path, fresh))
  return () => {
    if (linkTarget(link) === path && readHostFile(path)?.token === token) rmSync(link, { force: true })
    if (readHostFile(path)?.token === token) rmSync(path, { force: true })
  }
}

/** What a living gateway of this user wrote for this port; files of dead ones are taken away. */
export function findHostFile(port: number, env: NodeJS.ProcessEnv): HostFile | undefined {
  for (const folder of placesOf(env)) {
    if (!isOwnFolder(folder)) continue
    const link = join(folder, `${port}.json`)
    const target = linkTarget(link)
    const found = target === undefined ? undefined : readHostFile(target)
    if (found !== undefined && isAlive(found.process) && portOf(found.url) === port) return found
    if (target !== undefined) rmSync(link, { force: true })
  }
  return undefined
}

/** The port of an address, that of its scheme where it names none. */
export const portOf = (url: string): number => {
  const { port, protocol } = new URL(url)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

const uid = (): number => process.getuid?.() ?? 0

/** By the XDG Base Directory Specification, else a folder of this user below that of temporary files. */
function placesOf({ XDG_RUNTIME_DIR: runtime }: NodeJS.ProcessEnv): readonly string[] {
  const runtimes = [runtime, `/run/user/${uid()}`].filter((path) => path !== undefined && isAbsolute(path))
  return [...new Set([...runtimes.map((path) => join(path!, 'bifrost')), join(tmpdir(), `bifrost-${uid()}`)])]
}

/** The first place of these that is ours, made where it is not there. Throws where none is. */
function ownFolder(env: NodeJS.ProcessEnv): string {
  const runtime = env.XDG_RUNTIME_DIR
  const temporary = join(tmpdir(), `bifrost-${uid()}`)
  const places = runtime !== undefined && isAbsolute(runtime) ? [join(runtime, 'bifrost'), temporary] : [temporary]
  const mine = places.find((folder) => {
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch {
      // It is there already, which is well, or cannot be made, which the next line says.
    }
    return isOwnFolder(folder)
  })
  if (mine === undefined)
    throw new Error(`${temporary} is not a folder that only this user may enter; remove it, or set XDG_RUNTIME_DIR`)
  return mine
}

/** Not one that somebody else made before us, and into which they could put what they want. */
function isOwnFolder(folder: string): boolean {
  try {
    const stat = lstatSync(folder)
    return stat.isDirectory() && stat.uid === uid() && (stat.mode & 0o077) === 0
  } catch {
    return false
  }
}

/** Undefined where it is not there, not a file of this user alone, or of another form. */
function readHostFile(path: string): HostFile | undefined {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = fstatSync(file)
    if (!stat.isFile() || stat.uid !== uid() || (stat.mode & 0o077) !== 0 || stat.size > 10_000) return undefined
    const content = JSON.parse(readFileSync(file, 'utf8')) as HostFile
    return typeof content.token === 'string' && URL.canParse(content.url) && Number.isInteger(content.process?.pid)
      ? content
      : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Links of gateways that ended without taking theirs away. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => /^\d+\.json$/.test(each))) {
    const target = linkTarget(join(folder, name))
    const found = target === undefined ? undefined : readHostFile(target)
    if (found === undefined || !isAlive(found.process)) rmSync(join(folder, name), { force: true })
  }
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

/** Nobody ever sees a half of it. */
function replace(path: string, make: (fresh: string) => void): void {
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    make(fresh)
    renameSync(fresh, path)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
}
