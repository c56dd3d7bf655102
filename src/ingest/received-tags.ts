/**
 * The tags of other gateways, as tags of ours. A device that comes belongs to the gateway that brought it first; what belongs to somebody else,
 * or may not be called so, is refused, with its samples. What is known of tags is kept, so that they are there after a restart before
 * their gateway is.
 */
import type { LearnedStore } from '../core/driver.ts'
import { nameFault } from '../core/name.ts'
import type { TagSettings } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'
import type { LinkTag } from '../protocols/bifrost-link/index.ts'
import type { Store, TagDefinition } from '../store/store.ts'

/** What all clients share: which device is whose. */
export interface DeviceOwners {
  /** Devices of our own configuration. */
  readonly configured: ReadonlySet<string>
  /** Device to client. */
  readonly received: Map<string, string>
}

export interface ReceivedTagsContext {
  readonly client: string
  readonly template: string
  readonly maxTags: number
  readonly owners: DeviceOwners
  readonly store: Pick<Store, 'addTags'>
  readonly learned: LearnedStore
}

/** Tag id, or why samples of this tag are not taken. */
export type Admitted = TagId | string

export class ReceivedTags {
  readonly #context: ReceivedTagsContext
  /** By device and name, as here. */
  readonly #known = new Map<string, TagDefinition>()

  constructor(context: ReceivedTagsContext) {
    this.#context = context
  }

  /** Defines the tags that are known from earlier. */
  async restore(): Promise<void> {
    const kept = this.#context.learned.load() as { tags?: readonly TagDefinition[] } | undefined
    const definitions = (kept?.tags ?? []).filter(({ device }) => this.#owns(device) === undefined)
    await this.#context.store.addTags(definitions)
    for (const definition of definitions) this.#note(definition)
  }

  /** Defines tags that the client introduces; what each of them is here, in order. Resolves when that is on the disk. */
  async admit(tags: readonly LinkTag[]): Promise<Admitted[]> {
    const definitions: TagDefinition[] = []
    const admitted = tags.map((tag): string | undefined => {
      const definition = this.#definitionOf(tag)
      if (typeof definition === 'string') return definition
      definitions.push(definition)
      this.#note(definition)
      return undefined
    })
    const ids = (await this.#context.store.addTags(definitions)).values()
    if (definitions.length > 0) this.#context.learned.save({ tags: [...this.#known.values()] })
    return admitted.map((fault) => fault ?? ids.next().value!)
  }

  #definitionOf({ alias: _alias, device: theirs, name, ...rest }: LinkTag): TagDefinition | string {
    const { client, template, maxTags } = this.#context
    const device = template.replaceAll('{gateway}', () => client).replaceAll('{device}', () => theirs)
    const fault = nameFault(device, 'device') ?? nameFault(name, 'tag') ?? this.#owns(device)
    if (fault !== undefined) return fault
    if (!this.#known.has(keyOf(device, name)) && this.#known.size >= maxTags)
      return `more than ${maxTags} tags come from ${client}: raise receive.maxTags`
    const settings: TagSettings = { ...rest, name, address: '', clamp: false, writable: false }
    return { device, settings }
  }

  /** Why a device cannot be this client's; undefined: it is. */
  #owns(device: string): string | undefined {
    const { client, owners } = this.#context
    // Its tags are what we say of it: whether it is here, and which of its numbers are.
    if (device === client)
      return `${client} is the gateway itself here: give the device another name, or receive.devices a {gateway}`
    if (owners.configured.has(device)) return `a device of the name ${device} is configured here`
    const owner = owners.received.get(device)
    return owner === undefined || owner === client ? undefined : `the device ${device} comes from ${owner} already`
  }

  #note(definition: TagDefinition): void {
    const { client, owners } = this.#context
    owners.received.set(definition.device, client)
    this.#known.set(keyOf(definition.device, definition.settings.name), definition)
  }
}

const keyOf = (device: string, name: string): string => `${device}/${name}`
