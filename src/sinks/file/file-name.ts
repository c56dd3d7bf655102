/**
 * Names of files from a template, and back: which files of the folder are ours, and what they say. Nothing that a device is called leads
 * out of the folder.
 */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import { fillTemplate, parseTemplate, type Template } from '../encode/template.ts'

const TIME_PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
const PLACEHOLDERS = ['device', 'sink', 'log', 'seq', ...TIME_PARTS] as const
/** Names sort by it. */
const SEQ_DIGITS = 12
/** A file system takes 255 bytes; the rest of a name has some too. */
const MOST_BYTES = 120

/** Parses a template; CONFIG_INVALID with what is wrong with it. */
export function parseName(text: string): Template {
  const template = parseTemplate(text, PLACEHOLDERS)
  const invalid = (why: string) => new GatewayError('CONFIG_INVALID', `"${text}": ${why}`)
  const literal = template.filter((_, at) => at % 2 === 0).join('')
  if (/[\p{Cc}\\:*?"<>|{}]/u.test(literal)) throw invalid('it holds a character that no file name should have')
  if (text.startsWith('/') || text.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw invalid('it is a path below the folder, without . and ..')
  const names = template.filter((_, at) => at % 2 === 1)
  if (names.filter((name) => name === 'seq').length !== 1)
    throw invalid('it must hold {seq} once, so that no file takes the place of another')
  if (names.filter((name) => name === 'device').length > 1) throw invalid('it holds {device} more than once')
  return template
}

/** A part of a path for any device's name; two that differ only in what no file name may hold share theirs. */
export function pathPart(name: string): string {
  const clean = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Noncharacter_Code_Point}/\\:*?"<>|]/gu, '_')
    .replace(/^\.+|[. ]+$/g, '_')
  if (clean === '') return '_'
  if (Buffer.byteLength(clean) <= MOST_BYTES) return clean
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  let short = clean.slice(0, MOST_BYTES)
  while (Buffer.byteLength(short) > MOST_BYTES) short = short.slice(0, -1)
  return `${short.toWellFormed()}-${hash}`
}

/** One of our files, as its name says. */
export interface KnownFile {
  /** Below the folder. */
  readonly path: string
  /** `pathPart` of the device; '' where the template has none. */
  readonly device: string
  readonly seq: number
  readonly format: string
  readonly state: 'part' | 'making' | 'finished'
}

export class FileNames {
  readonly #template: Template
  readonly #fields: { sink: string; log: string }
  readonly #ours: RegExp

  constructor(text: string, sink: string, log: string) {
    this.#template = parseName(text)
    this.#fields = { sink: pathPart(sink), log }
    const pattern = this.#template.map((piece, at) => (at % 2 === 0 ? escape(piece) : this.#patternOf(piece))).join('')
    this.#ours = new RegExp(
      `^${pattern}(?:~\\d+)?\\.(?<format>ndjson|csv|parquet)(?:\\.gz|\\.zst)?(?:\\.(?<state>part|making))?$`,
      'u',
    )
  }

  get hasDevice(): boolean {
    return this.#template.some((piece, at) => at % 2 === 1 && piece === 'device')
  }

  /** The name of a file that begins now, without its ending. */
  stem(device: string, now: number, seq: number): string {
    return fillTemplate(this.#template, (name) => this.#fill(name, device, now, seq))
  }

  /** The folder of a file that would begin now: when it is another one, a file is finished. */
  folder(device: string, now: number): string {
    return posix.dirname(this.stem(device, now, 0))
  }

  /** What a path below the folder says; undefined for what is not ours. */
  read(path: string): KnownFile | undefined {
    const groups = this.#ours.exec(path)?.groups
    if (groups === undefined) return undefined
    const state = (groups.state ?? 'finished') as KnownFile['state']
    return { path, device: groups.device ?? '', seq: Number(groups.seq), format: groups.format!, state }
  }

  #fill(name: string, device: string, now: number, seq: number): string {
    if (name === 'device') return device
    if (name === 'seq') return String(seq).padStart(SEQ_DIGITS, '0')
    if (name === 'sink' || name === 'log') return this.#fields[name]
    const at = TIME_PARTS.indexOf(name as (typeof TIME_PARTS)[number])
    return new Date(now).toISOString().split(/[-T:.]/)[at]!
  }

  #patternOf(name: string): string {
    if (name === 'device') return '(?<device>[^/]+)'
    if (name === 'seq') return '(?<seq>\\d+)'
    if (name === 'sink') return escape(this.#fields.sink)
    // What an earlier log wrote is ours too.
    if (name === 'log') return '[^/]+'
    return name === 'year' ? '\\d{4}' : '\\d\\d'
  }
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
