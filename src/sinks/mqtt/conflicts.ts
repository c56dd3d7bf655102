/** What `bifrost check` says of options and tags together: tags that would share a topic, and what works and is better avoided. */
import { parsePayload, PAYLOAD_PRESETS } from '../encode/payload.ts'
import { parseTopic, topicConflicts, topicName, topicTooLong, type Publication } from '../encode/topic.ts'
import { filterOf, matches } from './command-topics.ts'
import { topicFault } from './presets/presets.ts'
import { isShared, type MqttSettings } from './settings.ts'

type Tags = readonly { readonly device: string; readonly name: string }[]

/** Two tags in one topic, or a topic that is too long, each as a sentence. Unit and type are not known here and don't tell tags apart. */
export function conflicts(settings: MqttSettings, tags: Tags): readonly string[] {
  const grouped = settings.payload === 'neuron-tags'
  const publications = [...placesOf(settings, tags)].map(({ device, name, topic }) => ({
    what: grouped ? `device "${device}"` : `"${device}/${name}"`,
    topic,
  }))
  const shared = isShared(settings) ? topicTooLong(publications) : topicConflicts(publications)
  const { commands, replies } = commandsOf(settings, tags)
  return [
    ...shared,
    ...presetConflicts(settings, [...publications, ...commands, ...replies]),
    ...commandConflicts(settings, tags, commands, replies),
  ]
}

/** Topics that the cloud would not take, each once. */
function presetConflicts(settings: MqttSettings, publications: readonly Publication[]): string[] {
  const own = [settings.statusTopic, settings.gapTopic]
    .filter((topic) => topic !== '')
    .map((topic) => ({ what: 'the gateway', topic }))
  const seen = new Set<string>()
  return [...publications, ...own].flatMap(({ what, topic }) => {
    const fault = seen.has(topic) ? undefined : topicFault(settings, topic)
    seen.add(topic)
    return fault === undefined ? [] : [`${fault}: "${topic}" of ${what}`]
  })
}

/** Where each tag takes commands and gives its answers; nothing where there are no commands. */
function commandsOf(settings: MqttSettings, tags: Tags): { commands: Publication[]; replies: Publication[] } {
  if (settings.commands === undefined) return { commands: [], replies: [] }
  const { topic, replyTopic } = settings.commands
  const placed = (what: string, template: string) =>
    [...placesOf({ ...settings, topic: template }, tags)].map(({ device, name, topic: filled }) => ({
      what: `${what} of "${device}/${name}"`,
      topic: filled,
    }))
  const commands = placed('commands', topic)
  if (replyTopic === '') return { commands, replies: [] }
  const behind = commands.map((one) => ({ what: one.what, topic: `${one.topic}/reply` }))
  return { commands, replies: replyTopic === undefined ? behind : placed('answers', replyTopic) }
}

/** Two tags by one command, or topics of our own that would come back as commands. */
function commandConflicts(
  settings: MqttSettings,
  tags: Tags,
  commands: readonly Publication[],
  replies: readonly Publication[],
): string[] {
  if (settings.commands === undefined) return []
  const { slashes, statusTopic, gapTopic } = settings
  const template = parseTopic(settings.commands.topic)
  const sentences = topicConflicts(commands)
  const filters = new Set(tags.map(({ device, name }) => filterOf(template, { device, tag: name }, slashes)))
  const others: readonly (readonly [what: string, topics: Iterable<string>])[] = [
    ['samples', [...placesOf(settings, tags)].map(({ topic }) => topic)],
    ['the status', [statusTopic]],
    ['gaps', [gapTopic]],
    ['answers', replies.map(({ topic }) => topic)],
  ]
  for (const [what, own] of others) {
    const back = firstMatch(filters, own)
    if (back !== undefined)
      sentences.push(`${what} in "${back}" would come back as commands: give commands another topic`)
  }
  return sentences
}

function firstMatch(filters: ReadonlySet<string>, topics: Iterable<string>): string | undefined {
  for (const topic of topics) for (const filter of filters) if (topic !== '' && matches(filter, topic)) return topic
  return undefined
}

export function cautions(settings: MqttSettings, tags: Tags): readonly string[] {
  if (!isShared(settings)) return []
  return [...retainCaution(settings), ...nameCaution(settings, tags)]
}

const retainCaution = ({ retain }: MqttSettings): string[] =>
  retain
    ? ['retain: true with samplesPerMessage keeps the last message of a topic, which has some of its tags and not all']
    : []

/** A template that does not say whose sample it is, in a topic of several tags. */
function nameCaution(settings: MqttSettings, tags: Tags): string[] {
  if (isPreset(settings.payload)) return []
  const names = parsePayload(settings.payload).filter((_, at) => at % 2 === 1)
  const owners = new Map<string, string>()
  for (const { device, name, topic } of placesOf(settings, tags)) {
    const owner = [names.includes('device') ? device : '', names.includes('tag') ? name : ''].join('\n')
    const key = `${topic}\n${owner}`
    const other = owners.get(key)
    if (other !== undefined)
      return [
        `"${other}" and "${device}/${name}" share the topic "${topic}", and the payload template does not tell them apart: name {device} and {tag} in it`,
      ]
    owners.set(key, `${device}/${name}`)
  }
  return []
}

/** How many topics these tags go to. */
export const topicCount = (settings: MqttSettings, tags: Tags): number =>
  new Set([...placesOf(settings, tags)].map(({ topic }) => topic)).size

const isPreset = (payload: string): boolean => (PAYLOAD_PRESETS as readonly string[]).includes(payload)

function* placesOf({ topic, slashes }: MqttSettings, tags: Tags) {
  const template = parseTopic(topic)
  for (const { device, name } of tags)
    yield { device, name, topic: topicName(template, { device, tag: name }, slashes) }
}
