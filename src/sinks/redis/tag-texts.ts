/** What the commands of a tag have in common, as bytes: made once a tag, kept by tag id while its settings stay the same. */
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { Template } from '../encode/template.ts'
import { isAscii } from './command-text.ts'
import { keyOf, names, parseKey } from './keys.ts'
import type { RedisOptions } from './options.ts'
import { argument } from './resp.ts'

/** A stream, shared by its tags. */
export interface Stream {
  readonly key: string
  /** Its last id, as far as we know; undefined: it has to be asked for. */
  top: { ms: number; sub: number } | undefined
  /** The last write that trimmed it. */
  trimmed: number
}

/** A hash of latest samples, shared by its tags. */
export interface LatestHash {
  readonly key: string
  /** Rows of this write that go into it. */
  readonly rows: number[]
}

export interface TagText {
  readonly info: TagInfo
  readonly stream: Stream | undefined
  /** `XADD key`, then the id. */
  readonly add: string
  /** The same, with `MAXLEN ~ n` before the id. */
  readonly addAndTrim: string
  /** The fields before the sample. */
  readonly fields: string
  readonly latest: LatestHash | undefined
  /** The field of the hash, as an argument. */
  readonly field: string
  /** `PUBLISH channel`. */
  readonly publish: string | undefined
  readonly channel: string
  /** All of these texts are ASCII. */
  readonly isAscii: boolean
}

export class TagTexts {
  readonly #options: RedisOptions
  readonly #tags: TagTable
  readonly #log: string
  readonly #stream: Template
  readonly #latest: Template
  readonly #channel: Template
  readonly #texts: (TagText | undefined)[] = []
  readonly #streams = new Map<string, Stream>()
  readonly #hashes = new Map<string, LatestHash>()

  constructor(options: RedisOptions, tags: TagTable, log: string) {
    this.#options = options
    this.#tags = tags
    this.#log = log
    this.#stream = parseKey(options.stream)
    this.#latest = parseKey(options.latest)
    this.#channel = parseKey(options.channel)
  }

  /** Undefined for a tag that is no longer configured. */
  of(tag: number): TagText | undefined {
    const info = this.#tags.get(tag)
    const known = this.#texts[tag]
    if (info === undefined || known?.info === info) return info && known
    return (this.#texts[tag] = this.#make(info))
  }

  /** The last ids are asked for again: after a new connection, and after a write that failed. */
  forgetTops(): void {
    for (const stream of this.#streams.values()) stream.top = undefined
  }

  #make(info: TagInfo): TagText {
    const { stream, latest, channel, maxLength } = this.#options
    const streamKey = keyOf(this.#stream, info, this.#log)
    const channelName = keyOf(this.#channel, info, this.#log)
    const fields = fieldsOf(info, this.#stream)
    const count = 3 + fields.length + 2
    const head = (more: number) => `*${count + more}\r\n${argument('XADD')}${argument(streamKey)}`
    const trim = maxLength === 0 ? head(0) : `${head(3)}${['MAXLEN', '~', `${maxLength}`].map(argument).join('')}`
    return {
      info,
      stream: stream === '' ? undefined : kept(this.#streams, streamKey, (key) => ({ key, top: undefined, trimmed: 0 })), // prettier-ignore
      add: head(0),
      addAndTrim: trim,
      fields: [...fields, 'd'].map(argument).join(''),
      latest: latest === '' ? undefined : kept(this.#hashes, keyOf(this.#latest, info, this.#log), (key) => ({ key, rows: [] })), // prettier-ignore
      field: argument(fieldOf(info, this.#latest)),
      publish: channel === '' ? undefined : `*3\r\n${argument('PUBLISH')}${argument(channelName)}`,
      channel: channelName,
      isAscii: isAscii(`${head(0)}${fields.join('')}${channelName}`),
    }
  }
}

/** An entry names what the key does not: `device`, `tag`. */
function fieldsOf({ device, settings }: TagInfo, key: Template): string[] {
  return [...(names(key, 'device') ? [] : ['device', device]), ...(names(key, 'tag') ? [] : ['tag', settings.name])]
}

/** The field of a hash: the tag, with its device where the key does not say it. */
const fieldOf = ({ device, settings }: TagInfo, key: Template): string =>
  names(key, 'device') ? settings.name : `${device}/${settings.name}`

function kept<T>(map: Map<string, T>, key: string, make: (key: string) => T): T {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make(key)))
  return value
}
