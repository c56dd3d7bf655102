/** Where things are on a box that `deploy/edge/install.sh` set up; below another root in tests (BIFROST_UPDATE_ROOT). */
import { existsSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { isVersion } from './version.ts'

export interface Box {
  /** Versions side by side, and `current`, the link to the one that runs. */
  readonly prefix: string
  /** What the updater knows: the trial, bad versions, history, copies of the configuration (FORMAT.md). */
  readonly state: string
  /** The folder of the configuration. */
  readonly etc: string
  /** It lies below another root: that of a test, or of an image. */
  readonly isElsewhere: boolean
}

export const boxAt = (root = ''): Box => ({
  prefix: `${root}/opt/bifrost`,
  state: `${root}/var/lib/bifrost-update`,
  etc: `${root}/etc/bifrost`,
  isElsewhere: root !== '',
})

export const versionFolder = (box: Box, version: string): string => join(box.prefix, 'versions', version)
export const commandOf = (box: Box, version: string): string => join(versionFolder(box, version), 'bin', 'bifrost')
export const configFileOf = (box: Box): string => join(box.etc, 'bifrost.yaml')

/** The version that `current` shows; throws where this program was not put there by the installer. */
export function installedVersion(box: Box): string {
  const link = join(box.prefix, 'current')
  let version: string | undefined
  try {
    version = basename(readlinkSync(link))
  } catch {
    version = undefined
  }
  if (version === undefined || !isVersion(version) || !existsSync(commandOf(box, version)))
    throw new GatewayError(
      'UPDATE_FAILED',
      `${link} leads to no version: only what deploy/edge/install.sh installed is updated by this command; a Debian package is updated by apt, a container by a new image`,
    )
  return version
}
