/**
 * Who holds a TCP port: looked up in Linux's /proc (proc(5): net/tcp lists sockets with their inode, fd/ of a process the
 * inodes it has open). Only processes that this user may look into are found.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface PortHolder {
  readonly pid: number
  readonly command: string
}

const LISTEN = '0A'

/** The process that listens on `port`, or undefined when it cannot be told. */
export function findPortHolder(port: number): PortHolder | undefined {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(readLines(table), port)),
  )
  if (inodes.size === 0) return undefined
  for (const name of list('/proc')) {
    const pid = Number(name)
    if (Number.isInteger(pid) && holdsOneOf(pid, inodes)) return { pid, command: commandOf(pid) }
  }
  return undefined
}

/** The inodes of sockets that listen on `port`, from the lines of /proc/net/tcp. */
function listeningInodes(lines: readonly string[], port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === LISTEN)
    .map((fields) => fields[9]!)
}

function holdsOneOf(pid: number, inodes: ReadonlySet<string>): boolean {
  return list(`/proc/${pid}/fd`).some((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
    return inode !== undefined && inodes.has(inode)
  })
}

function commandOf(pid: number): string {
  const words = readLines(`/proc/${pid}/cmdline`).join('').split('\0').filter(Boolean)
  const text = words.join(' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

// A process may end, or belong to someone else, while it is looked at: then it has nothing to tell.
function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
