/**
 * What of others is in the product: packages whose code went into the bundle or the page, files that were copied, and Node. Their
 * licences ask to come along: `share/licenses` holds a text of each and an index.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ThirdParty {
  readonly name: string
  readonly version: string
  /** SPDX, as the package says. */
  readonly licence: string
  /** Folder in node_modules. */
  readonly folder: string
  /** In the program, the page, or as files below share/vendor. */
  readonly used: readonly ('program' | 'page' | 'files')[]
}

const TEXT = /^(licen[cs]e|copying|notice|unlicense|third[-_]?party)[^/]*$/i

/** The packages of these folders, in order of name and version. */
export function thirdParties(used: Readonly<Record<ThirdParty['used'][number], readonly string[]>>): ThirdParty[] {
  const folders = new Map<string, ThirdParty['used'][number][]>()
  for (const way of ['program', 'page', 'files'] as const)
    for (const folder of used[way]) folders.set(folder, [...(folders.get(folder) ?? []), way])
  return [...folders]
    .map(([folder, ways]) => ({ ...described(folder), folder, used: [...new Set(ways)] }))
    .sort((a, b) => (a.name === b.name ? compare(a.version, b.version) : compare(a.name, b.name)))
}

/** Writes the texts and the index; returns the packages that bring no text of their own. */
export function writeLicences(parties: readonly ThirdParty[], folder: string): string[] {
  mkdirSync(folder, { recursive: true })
  const without: string[] = []
  const lines = parties.map((party) => {
    const texts = readdirSync(party.folder)
      .filter((name) => TEXT.test(name))
      .sort()
    const name = `${party.name.replace('@', '').replace('/', '-')}-${party.version}.txt`
    if (texts.length === 0) without.push(`${party.name}@${party.version}`)
    else
      writeFileSync(
        join(folder, name),
        texts.map((text) => readFileSync(join(party.folder, text), 'utf8')).join('\n\n'),
      )
    return `${party.name} ${party.version}  ${party.licence}  ${texts.length === 0 ? '(no text in the package)' : name}`
  })
  writeFileSync(
    join(folder, 'INDEX.txt'),
    `Packages of others in this product, their licences and the files here that hold them.\n\n${lines.join('\n')}\n`,
  )
  return without
}

function described(folder: string): Pick<ThirdParty, 'name' | 'version' | 'licence'> {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string | { type?: string }
  }
  const licence = (typeof license === 'string' ? license : license?.type) ?? 'UNKNOWN'
  return { name, version, licence }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
