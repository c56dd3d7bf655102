/**
 * What every importer speaks: a file of another gateway comes in, devices with their tags come out, and beside them a list of all that
 * has no place here. Nothing is dropped in silence: what is not a tag afterwards is in `leftOut`, with where it stood, why, and what to do.
 */
import type { DataType } from '../core/value.ts'

/** A file as it was given; `name` is for messages. */
export interface SourceFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** A tag in our words. `place`: where it stood in the source, a row or a path. */
export interface ImportedTag {
  readonly name: string
  readonly address: string
  readonly type: DataType
  readonly order?: string | undefined
  readonly length?: number | undefined
  readonly unit?: string | undefined
  readonly everyMs?: number | undefined
  readonly low?: number | undefined
  readonly high?: number | undefined
  readonly scale?: number | undefined
  readonly offset?: number | undefined
  readonly clamp?: boolean | undefined
  /** It could be written there; here it is not unless the person asks for that. */
  readonly wasWritable?: boolean | undefined
  readonly description?: string | undefined
  readonly place: string
}

export interface ImportedDevice {
  readonly name: string
  readonly driver: 'modbus' | 'opcua'
  readonly options: Readonly<Record<string, unknown>>
  readonly everyMs: number
  readonly enabled: boolean
  readonly place: string
  readonly tags: readonly ImportedTag[]
}

/** Something that has no place here. */
export interface LeftOut {
  readonly place: string
  readonly what: string
  readonly why: string
  readonly next: string
}

/** Something that came over otherwise than it stood there: another name, an assumed type. */
export interface Changed {
  readonly place: string
  readonly what: string
}

export interface Imported {
  readonly devices: readonly ImportedDevice[]
  readonly leftOut: readonly LeftOut[]
  readonly changed: readonly Changed[]
}

/** One kind of file. */
export interface Importer {
  readonly name: string
  readonly summary: string
  /** True when the file looks like this kind; cheap, throws nothing. Used to say what a file is that was taken for another kind. */
  looksLike(file: SourceFile): boolean
  /** Throws CONFIG_INVALID where the file is not of this kind or is broken. */
  read(file: SourceFile): Promise<Imported> | Imported
}
