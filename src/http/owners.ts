/** Who owns a device or a sink: the file and the line of the configuration that describe it. */
import type { Config } from '../config/config.ts'
import { whyReadOnly } from '../config/history/file-set.ts'
import { showOwner, type Origin } from '../config/origin.ts'

interface Owners {
  readonly device: ReadonlyMap<string, string>
  readonly sink: ReadonlyMap<string, string>
}

/** By configuration: the running gateway gets a new one whenever it changes. */
const KNOWN = new WeakMap<Config, Owners>()

/** `conf.d/presses.yaml:12`; null for what no file describes, such as a device of another gateway. */
export function ownerOf(config: Config, kind: keyof Owners, name: string): string | null {
  let owners = KNOWN.get(config)
  if (owners === undefined) {
    owners = { device: toOwners(config.devices, config), sink: toOwners(config.sinks, config) }
    KNOWN.set(config, owners)
  }
  return owners[kind].get(name) ?? null
}

/** Where objects are written, from which template, and why they cannot be changed from here; each file is looked at once. */
export function ownerships({ file }: Config) {
  const known = new Map<string, string | null>()
  const reasonOf = (path: string): string | null => {
    const reason = known.has(path) ? known.get(path)! : (whyReadOnly(path) ?? null)
    known.set(path, reason)
    return reason
  }
  return (origin: Origin | undefined) => ({
    owner: origin === undefined ? null : showOwner(origin, file),
    template: origin?.via?.template ?? null,
    readOnly: origin === undefined ? 'it stands in no file' : reasonOf(origin.file),
  })
}

const toOwners = (list: Config['devices'] | Config['sinks'], { file }: Config): ReadonlyMap<string, string> =>
  new Map(list.flatMap(({ name, origin }) => (origin === undefined ? [] : [[name, showOwner(origin, file)] as const])))
