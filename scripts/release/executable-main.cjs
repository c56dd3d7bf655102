/**
 * The main script of the single executable. It carries the whole product as one compressed archive (an asset), puts it once into a
 * folder of the person who runs it, and starts it from there: worker threads and native parts are files, which the virtual file system
 * of Node 26 does not give them (docs/decisions/0029-what-a-release-holds.md).
 */
'use strict'
const fs = require('node:fs')
const { createRequire } = require('node:module')
const os = require('node:os')
const path = require('node:path')
const process = require('node:process')
const sea = require('node:sea')
const { zstdDecompressSync } = require('node:zlib')

const BLOCK = 512

// glibc: one heap for all threads; it counts only before a process starts.
if (process.env.MALLOC_ARENA_MAX === undefined && process.execve !== undefined)
  process.execve(process.execPath, [process.execPath, ...process.argv.slice(2)], {
    ...process.env,
    MALLOC_ARENA_MAX: '1',
  })

try {
  start(unpacked(sea.getAsset('id', 'utf8')))
} catch (error) {
  process.stderr.write(`bifrost: ${error.message}\n`)
  process.exitCode = 1
}

function start(folder) {
  process.env.NODE_COMPILE_CACHE ??= path.join(folder, '.cache', 'compiled')
  const first = process.argv[2]
  // A simulator, which the program starts as a process of its own by the name of its file.
  const program =
    first !== undefined && path.dirname(first) === path.join(folder, 'dist', 'simulators') ? first : undefined
  if (program !== undefined) process.argv.splice(1, 2, program)
  createRequire(path.join(folder, 'dist', 'start.cjs'))('./start.cjs')(program ?? path.join(folder, 'dist', 'main.js'))
}

/** The folder of this build, made when it is missing. Its name is the hash of what it holds. */
function unpacked(id) {
  const base = homes().find(isUsable)
  if (base === undefined)
    throw new Error(
      `there is no folder to unpack to that is yours and that nobody else may write (tried ${homes().join(', ')}); name one with BIFROST_UNPACK=/path`,
    )
  const folder = path.join(base, id)
  if (!fs.existsSync(folder)) unpackTo(folder)
  const { uid, mode } = fs.lstatSync(folder)
  if (uid !== process.getuid() || (mode & 0o022) !== 0)
    throw new Error(`${folder} can be changed by others: remove it, or name another place with BIFROST_UNPACK=/path`)
  return folder
}

function homes() {
  const { BIFROST_UNPACK, CACHE_DIRECTORY, XDG_CACHE_HOME, HOME } = process.env
  if (BIFROST_UNPACK) return [BIFROST_UNPACK]
  return [
    CACHE_DIRECTORY && path.join(CACHE_DIRECTORY.split(':')[0], 'program'),
    XDG_CACHE_HOME && path.join(XDG_CACHE_HOME, 'bifrost'),
    HOME && path.join(HOME, '.cache', 'bifrost'),
    path.join(os.tmpdir(), `bifrost-${process.getuid()}`),
  ].filter(Boolean)
}

/** Whose folder it is can exchange what lies in it, whoever that belongs to: it must be ours, for us alone to write, and no link. */
function isUsable(folder) {
  try {
    makeFolder(folder)
    fs.accessSync(folder, fs.constants.W_OK)
    const about = fs.lstatSync(folder)
    return about.isDirectory() && about.uid === process.getuid() && (about.mode & 0o022) === 0
  } catch {
    return false
  }
}

/** Not `recursive`: Node tries for ever where a file system refuses with ENOENT, as /proc does. */
function makeFolder(folder) {
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (error.code === 'EEXIST') return
    if (error.code !== 'ENOENT' || path.dirname(folder) === folder) throw error
    makeFolder(path.dirname(folder))
    fs.mkdirSync(folder, { mode: 0o700 })
  }
}

/** Beside it, then moved into place: a second process, a full disk or a kill leaves no half of it. */
function unpackTo(folder) {
  const fresh = fs.mkdtempSync(`${folder}.`)
  try {
    const tar = zstdDecompressSync(Buffer.from(sea.getRawAsset('product')))
    for (let at = 0; at < tar.length && tar[at] !== 0;) at = unpackEntry(tar, at, fresh)
    fs.renameSync(fresh, folder)
  } catch (error) {
    fs.rmSync(fresh, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')
      throw new Error(`${folder} cannot be written: ${error.message}`, { cause: error })
  }
}

/** POSIX.1-1988 ustar, as ./archive.ts writes it. */
function unpackEntry(tar, at, folder) {
  const text = (from, to) => tar.toString('utf8', at + from, at + to).replace(/\0[^]*$/, '')
  const prefix = text(345, 500)
  const name = path.join(folder, prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)
  const size = Number.parseInt(text(124, 136), 8)
  const mode = Number.parseInt(text(100, 108), 8)
  if (text(156, 157) === '5') fs.mkdirSync(name, { recursive: true, mode: 0o700 })
  // On the disk before the folder has its name: a power cut leaves no half of it either.
  else fs.writeFileSync(name, tar.subarray(at + BLOCK, at + BLOCK + size), { mode: mode & 0o755, flush: true })
  return at + BLOCK + Math.ceil(size / BLOCK) * BLOCK
}
