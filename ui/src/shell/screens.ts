/**
 * THE LIST of screens: address, words, who may see it, and its code, which is fetched when it is first shown. The navigation, the tests and
 * the pictures are made of it; a new screen is one line here and a folder in `screens/`.
 */
import type { ComponentType, LazyExoticComponent } from 'react'
import { lazyPart } from '../lazy-part.ts'
import { shellStrings as strings } from '../strings/shell.ts'
import type { Permission } from './permissions.ts'

export interface Screen {
  readonly path: string
  readonly title: string
  /** Under which heading of the navigation; undefined: reached by links only. */
  readonly group: keyof typeof strings.groups | undefined
  /** Who lacks it does not see the way there. */
  readonly permission: Permission | undefined
  readonly Component: LazyExoticComponent<ComponentType>
}

const { titles } = strings

export const SCREENS: readonly Screen[] = [
  screen('/', titles.overview, 'watch', 'view', () => import('../screens/overview/index.tsx')),
  screen('/values', titles.values, 'watch', 'view', () => import('../screens/values/index.tsx')),
  screen('/topics', titles.topics, 'watch', 'view', () => import('../screens/topics/index.tsx')),
  screen('/devices', titles.devices, 'connect', 'view', () => import('../screens/devices/index.tsx')),
  screen('/device', titles.device, undefined, 'view', () => import('../screens/device/index.tsx')),
  screen('/add-device', titles.addDevice, 'connect', 'config.write', () => import('../screens/add-device/index.tsx')),
  screen('/discovery', titles.discovery, 'connect', 'scan', () => import('../screens/discovery/index.tsx')),
  screen('/browse', titles.browse, 'connect', 'diagnose', () => import('../screens/browse/index.tsx')),
  screen('/tags', titles.tags, 'connect', 'config.read', () => import('../screens/tags/index.tsx')),
  screen('/sinks', titles.sinks, 'connect', 'view', () => import('../screens/sinks/index.tsx')),
  screen('/explain', titles.explain, 'examine', 'diagnose', () => import('../screens/explain/index.tsx')),
  screen('/trace', titles.trace, 'examine', 'diagnose', () => import('../screens/trace/index.tsx')),
  screen('/logs', titles.logs, 'examine', 'diagnose', () => import('../screens/logs/index.tsx')),
  screen('/diagnostics', titles.diagnostics, 'examine', 'view', () => import('../screens/diagnostics/index.tsx')),
  screen(
    '/configuration',
    titles.configuration,
    'manage',
    'config.read',
    () => import('../screens/configuration/index.tsx'),
  ),
  screen(
    '/certificates',
    titles.certificates,
    'manage',
    'certificates.manage',
    () => import('../screens/certificates/index.tsx'),
  ),
  screen('/people', titles.access, 'manage', undefined, () => import('../screens/people/index.tsx')),
  screen('/audit', titles.audit, 'manage', 'audit.read', () => import('../screens/audit/index.tsx')),
  screen('/backup', titles.backup, 'manage', 'config.read', () => import('../screens/backup/index.tsx')),
  screen('/first-steps', titles.firstSteps, undefined, 'view', () => import('../screens/first-steps/index.tsx')),
]

/** The screen at this path. */
export const screenAt = (path: string): Screen | undefined =>
  SCREENS.find((one) => one.path === path || (path !== '/' && path.replace(/\/$/, '') === one.path))

function screen(
  path: string,
  title: string,
  group: Screen['group'],
  permission: Screen['permission'],
  load: () => Promise<{ default: ComponentType }>,
): Screen {
  return { path, title, group, permission, Component: lazyPart(load) }
}
