/**
 * Telegraf: `inputs.modbus` in its three styles and `inputs.opcua`, TOML. The format is documented in the README of each plug-in
 * (plugins/inputs/modbus, plugins/inputs/opcua of influxdata/telegraf). Everything else in the file is another program's business.
 */
import { parse } from 'smol-toml'
import { messageOf } from '../core/errors.ts'
import { Harvest } from './harvest.ts'
import type { Importer, SourceFile } from './importer.ts'
import { beginningOf, get, goDurationMs, isObject, listOf, refuse, textOf, type Json } from './source-text.ts'
import { readModbus } from './telegraf-modbus.ts'
import { readOpcua } from './telegraf-opcua.ts'

export const telegraf: Importer = {
  name: 'telegraf',
  summary: 'Telegraf: inputs.modbus (register, request and metric style) and inputs.opcua, TOML',
  looksLike: (file) => /^\s*\[\[?inputs\.(modbus|opcua)/m.test(beginningOf(file)),
  read(file) {
    const document = tomlOf(file)
    const inputs = get(document, 'inputs')
    const harvest = new Harvest()
    const everyMs = goDurationMs(get(get(document, 'agent'), 'interval'))
    const plugIns = isObject(inputs) ? Object.entries(inputs) : []
    let found = 0
    for (const [name, list] of plugIns) {
      for (const [at, plugIn] of listOf(list).entries()) {
        const place = `inputs.${name}[${at}]`
        if (name !== 'modbus' && name !== 'opcua' && name !== 'opcua_listener') {
          harvest.leave(place, `input "${name}"`, 'only modbus and opcua are read', 'Keep Telegraf for it.')
          continue
        }
        found++
        if (isObject(plugIn) && name === 'modbus') readModbus(plugIn, place, everyMs, harvest)
        else if (isObject(plugIn)) readOpcua(plugIn, place, everyMs, harvest)
      }
    }
    if (found === 0) throw refuse(file, 'there is no [[inputs.modbus]] or [[inputs.opcua]] in it')
    for (const name of Object.keys(isObject(get(document, 'outputs')) ? (get(document, 'outputs') as Json) : {}))
      harvest.leave(
        `outputs.${name}`,
        `output "${name}"`,
        'outputs are not read',
        'Add a sink: see docs/reference/sinks.md.',
      )
    return harvest.done()
  },
}

function tomlOf(file: SourceFile): unknown {
  const text = textOf(file)
  try {
    return parse(text)
  } catch (error) {
    const { line, column } = error as { line?: number; column?: number }
    const place = line === undefined ? '' : `${line}:${column ?? 1}: `
    throw refuse(file, `${place}not TOML: ${messageOf(error).split('\n')[0]}`)
  }
}
