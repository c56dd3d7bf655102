/** The topic namespace (Sparkplug 3.0, 4.1): spBv1.0/{group}/{message type}/{edge node}[/{device}]. Ids hold no +, / or #. */

/** `+`, `/`, `#` (4.1), and what no topic may hold (MQTT 5.0, 1.5.4). */
const RESERVED = /[+/#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u

/** Why this can't be the id of a group, an edge node, a device or a host; undefined when it can. */
export function idProblem(id: string): string | undefined {
  if (id === '') return 'an id has at least one character'
  const reserved = RESERVED.exec(id)
  return reserved === null ? undefined : `an id may not contain ${JSON.stringify(reserved[0])}`
}

export interface DeviceTopics {
  readonly birth: string
  readonly data: string
  readonly death: string
}

/** All topics of one edge node. */
export class Topics {
  readonly nodeBirth: string
  readonly nodeData: string
  readonly nodeDeath: string
  readonly nodeCommand: string
  /** The filter for the commands to all devices. */
  readonly deviceCommands: string
  readonly #of: (type: string) => string

  constructor(group: string, node: string) {
    this.#of = (type) => `spBv1.0/${group}/${type}/${node}`
    this.nodeBirth = this.#of('NBIRTH')
    this.nodeData = this.#of('NDATA')
    this.nodeDeath = this.#of('NDEATH')
    this.nodeCommand = this.#of('NCMD')
    this.deviceCommands = `${this.#of('DCMD')}/+`
  }

  device(id: string): DeviceTopics {
    return {
      birth: `${this.#of('DBIRTH')}/${id}`,
      data: `${this.#of('DDATA')}/${id}`,
      death: `${this.#of('DDEATH')}/${id}`,
    }
  }

  /** The device that a topic commands; undefined for any other topic. */
  commanded(topic: string): string | undefined {
    const before = this.deviceCommands.slice(0, -1)
    return topic.startsWith(before) ? topic.slice(before.length) : undefined
  }
}
