/** What a configuration can't have in Sparkplug (ids with +, / or #), and what it should not have (Sparkplug 3.0, 5.2). */
import { idProblem } from './topics.ts'

type Named = readonly { device: string; name: string }[]

/** Devices whose name cannot be an id, each as a sentence. */
export function conflicts(tags: Named): string[] {
  const sentences: string[] = []
  for (const device of new Set(tags.map((tag) => tag.device))) {
    const problem = idProblem(device)
    if (problem !== undefined) sentences.push(`device "${device}" cannot be a Sparkplug device: ${problem}`)
  }
  return sentences
}

/** Names that differ in upper and lower case only: many hosts cannot tell them apart. */
export function cautions(tags: Named): string[] {
  const alike = new Map<string, Set<string>>()
  const add = (key: string, name: string) => {
    const names = alike.get(key)
    if (names === undefined) alike.set(key, new Set([name]))
    else names.add(name)
  }
  for (const { device, name } of tags) {
    add(device.toLowerCase(), device)
    add(`${device}/${name.toLowerCase()}`, `${device}/${name}`)
  }
  const sentence = (names: Set<string>) =>
    `${[...names].map((name) => `"${name}"`).join(' and ')} differ in upper and lower case only: many Sparkplug hosts take them for one`
  return [...alike.values()].filter((names) => names.size > 1).map(sentence)
}
