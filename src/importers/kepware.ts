/**
 * Kepware: the CSV of the tags of a device, and the JSON project of the Configuration API (channels, devices, tag groups, tags). The
 * properties are documented in the manuals of the server and of its drivers (Modbus TCP/IP Ethernet, OPC UA Client).
 */
import { Harvest } from './harvest.ts'
import type { Importer } from './importer.ts'
import { readKepwareCsv } from './kepware-csv.ts'
import { readKepwareProject } from './kepware-project.ts'
import { beginningOf, jsonOf } from './source-text.ts'

export const kepware: Importer = {
  name: 'kepware',
  summary: 'Kepware: tags of a device as CSV, or the JSON project with its Modbus TCP and OPC UA client channels',
  looksLike: (file) => {
    const text = beginningOf(file)
    return /"servermain\.|"common\.ALLTYPES_NAME"/.test(text) || /^\W*Tag Name\W+Address\W/i.test(text)
  },
  read(file) {
    const harvest = new Harvest()
    if (/^[\s\uFEFF]*[{[]/.test(beginningOf(file, 200))) readKepwareProject(file, jsonOf(file), harvest)
    else readKepwareCsv(file, harvest)
    return harvest.done()
  },
}
