/**
 * Who owns an object of the configuration: the file and line where it is written, so that people find it there and an edit goes to that
 * very file. Absolute files inside; people see them relative to the configuration.
 */
import { dirname, relative, resolve } from 'node:path'
import type { Place } from './problem.ts'

/** Where an object is written. */
export interface Origin {
  /** Absolute. */
  readonly file: string
  /** Line and column count from 1. */
  readonly line: number
  readonly column: number
  /** The template that it was made from. */
  readonly via?: { readonly template: string; readonly place: string }
}

/** The tags of a device: where their list is written. */
export interface TagListOrigin extends Origin {
  /** `inline`: in the YAML file; `csv`: in a file of its own; `template`: in the template, with changes where the device is. */
  readonly kind: 'inline' | 'csv' | 'template'
}

/** The origin of what stands at a place whose file is named as people gave it. */
export function toOrigin({ file, line, column }: Place, via?: Origin['via']): Origin {
  return { file: resolve(file), line, column, ...(via === undefined ? {} : { via }) }
}

/** `conf.d/ui.yaml:12`: the owner as API, page and command line show it; `config` is the file that was named. */
export function showOwner({ file, line }: Pick<Origin, 'file' | 'line'>, config: string): string {
  return `${showFile(file, config)}:${line}`
}

/** A file relative to the folder of the configuration; one far away stays absolute. */
export function showFile(file: string, config: string): string {
  const near = relative(dirname(config), file)
  return near.startsWith('../../') ? file : near
}
