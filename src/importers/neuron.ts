/**
 * Neuron: the JSON of its API and exports (`/api/v2/global/drivers`, `/api/v2/global/config`, the tags of a group) and the XLSX of its tag
 * lists. Numbers of types and attributes are those of its API documentation (Data Types).
 */
import { Harvest } from './harvest.ts'
import type { Importer } from './importer.ts'
import { addDriver, type NeuronGroup } from './neuron-device.ts'
import { beginningOf, get, jsonOf, listOf, refuse, textAt } from './source-text.ts'
import { isZip, sheetsOf, type SheetRow } from './sheet.ts'

export const neuron: Importer = {
  name: 'neuron',
  summary: 'Neuron: JSON of its API and exports, or its tag lists as XLSX',
  looksLike: (file) =>
    isZip(file) || (/"(groups?|tags)"/.test(beginningOf(file)) && /"attribute"/.test(beginningOf(file)) && /"address"/.test(beginningOf(file))), // prettier-ignore
  async read(file) {
    const harvest = new Harvest()
    const name = file.name.replace(/\.[^.]*$/, '')
    if (isZip(file)) {
      const groups = (await sheetsOf(file)).flatMap((rows) => groupsOfSheet(rows, harvest))
      if (groups.length === 0) throw refuse(file, 'no sheet has the columns name, address and type, so that it is no tag list of Neuron') // prettier-ignore
      addDriver({ name, plugin: undefined, params: undefined, groups, place: file.name }, harvest)
      return harvest.done()
    }
    const document = jsonOf(file)
    const drivers = get(document, 'drivers')
    const [nodes, groups, tags] = ['nodes', 'groups', 'tags'].map((key) => get(document, key))
    if (Array.isArray(drivers))
      for (const [at, driver] of drivers.entries())
        addDriver({ name: textAt(driver, 'name') ?? 'driver', plugin: textAt(driver, 'plugin'), params: get(driver, 'params'), groups: groupsOf(get(driver, 'groups'), `drivers[${at}].groups`), place: `drivers[${at}]` }, harvest) // prettier-ignore
    else if (Array.isArray(nodes)) addConfig(document, harvest)
    else if (Array.isArray(groups) || Array.isArray(tags))
      addDriver({ name: textAt(document, 'node') ?? name, plugin: undefined, params: undefined, groups: Array.isArray(groups) ? groupsOf(groups, 'groups') : groupsOf([document], ''), place: file.name }, harvest) // prettier-ignore
    else throw refuse(file, 'it has none of drivers, nodes, groups and tags, so that it is no export of Neuron')
    return harvest.done()
  },
}

function groupsOf(list: unknown, place: string): NeuronGroup[] {
  return listOf(list).map((group, at) => {
    const where = place === '' ? 'tags' : `${place}[${at}].tags`
    return {
      name: textAt(group, 'group') ?? textAt(group, 'name') ?? '',
      everyMs: Number(get(group, 'interval') ?? 0) || undefined,
      tags: listOf(get(group, 'tags')).map((tag, n) => ({ tag, place: `${where}[${n}]` })),
    }
  })
}

/** The whole configuration: nodes, groups, tags and settings in lists of their own, by the name of the driver. */
function addConfig(document: unknown, harvest: Harvest): void {
  const groups = listOf(get(document, 'groups'))
  const tags = listOf(get(document, 'tags'))
  const settings = listOf(get(document, 'settings'))
  for (const [at, node] of listOf(get(document, 'nodes')).entries()) {
    const name = textAt(node, 'name') ?? ''
    const own = groups.filter((group) => (textAt(group, 'driver') ?? textAt(group, 'node')) === name)
    const found = own.map((group): NeuronGroup => {
      const title = textAt(group, 'group') ?? textAt(group, 'name') ?? ''
      const members = tags.flatMap((one, n) => {
        if (textAt(one, 'driver') !== name || textAt(one, 'group') !== title) return []
        const inner = get(one, 'tags')
        return Array.isArray(inner) ? inner.map((tag, m) => ({ tag, place: `tags[${n}].tags[${m}]` })) : [{ tag: one, place: `tags[${n}]` }] // prettier-ignore
      })
      return { name: title, everyMs: Number(get(group, 'interval') ?? 0) || undefined, tags: members }
    })
    const params = get(
      settings.find((one) => textAt(one, 'node') === name),
      'params',
    )
    addDriver({ name, plugin: textAt(node, 'plugin'), params: params ?? get(node, 'params'), groups: found, place: `nodes[${at}]` }, harvest) // prettier-ignore
  }
}

/** A sheet with a header; a row whose name, address or type is a formula says nothing that can be relied on. */
function groupsOfSheet([header, ...rows]: SheetRow[], harvest: Harvest): NeuronGroup[] {
  const names = header?.cells.map((cell) => cell.toLowerCase()) ?? []
  if (!['name', 'address', 'type'].every((name) => names.includes(name))) return []
  const byGroup = new Map<
    string,
    { name: string; everyMs: number | undefined; tags: { tag: unknown; place: string }[] }
  >()
  for (const { cells, place, formulas } of rows) {
    const formula = ['name', 'address', 'type'].find((name) => formulas.has(names.indexOf(name)))
    const tag = Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']))
    if (formula !== undefined) {
      harvest.leave(place, `tag "${tag.name ?? ''}"`, `its ${formula} is a formula`, 'Replace the formula by its value (copy, paste values).') // prettier-ignore
      continue
    }
    const title = tag.group ?? ''
    const group = byGroup.get(title) ?? { name: title, everyMs: Number(tag.interval ?? 0) || undefined, tags: [] }
    byGroup.set(title, group)
    group.tags.push({ tag, place })
  }
  return [...byGroup.values()]
}
