/**
 * Where a device or sink goes that nobody has a place for: `conf.d/ui.yaml` beside the configuration. Where `include` does not reach that
 * file, one line is added to the first file of the configuration: it names this file alone, so that nothing else is drawn in.
 */
import { dirname, join, relative, resolve } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import type { EditedFiles } from './edited-files.ts'
import { blockText } from './scalar-text.ts'
import type { Plain } from './yaml-edit.ts'

/** The file for what was made through page, API and command line, relative to the configuration. */
export const UI_FILE = 'conf.d/ui.yaml'

const HEAD = `# Devices and sinks that were made through the page, the API or the command line. Edit it by hand as you like.\n`

/** Adds a device or sink to `into` (absolute), or to `conf.d/ui.yaml`. */
export function addObject(
  kind: 'device' | 'sink',
  entry: { readonly [key: string]: Plain },
  into: string | undefined,
  files: EditedFiles,
): void {
  const main = resolve(files.main)
  const file = into ?? join(dirname(main), UI_FILE)
  const list = kind === 'device' ? 'devices' : 'sinks'
  const part = files.parts.find((one) => one.file === file)
  const shown = part?.source.file ?? relative(process.cwd(), file)
  const text = files.textOf(file)
  if (text === undefined || part?.source.root === null || part?.source.root === undefined) {
    if (text !== undefined && text.trim() !== '' && part === undefined)
      throw new GatewayError(
        'CONFLICT',
        `${shown} is there, and the configuration does not include it: include it, or name another file`,
      )
    const before = text ?? HEAD
    const gap = before === '' || before.endsWith('\n') ? '' : '\n'
    files.write(file, `${before}${gap}${blockText({ [list]: [entry] }, '', '\n')}\n`)
  } else files.editYaml(file, shown, [{ kind: 'insert', path: [list], value: entry }])
  if (files.parts.some((one) => one.file === file)) return
  includeFile(relative(dirname(main), file), files)
}

/** `include: conf.d/ui.yaml`, or a further name in the list that is there. */
function includeFile(named: string, files: EditedFiles): void {
  const [main] = files.parts
  const { include } = main.root
  const path = ['include']
  const shown = main.source.file
  if (include === undefined || include === null)
    files.editYaml(main.file, shown, [{ kind: 'set', path, value: named, after: 'version' }])
  else if (Array.isArray(include)) files.editYaml(main.file, shown, [{ kind: 'insert', path, value: named }])
  else files.editYaml(main.file, shown, [{ kind: 'set', path, value: [include as Plain, named] }])
}
