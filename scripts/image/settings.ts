/**
 * What a container runtime is told about the image. `deploy/docker/Dockerfile` says the same to an engine that builds; a test holds both
 * together.
 */

/** What of the staged product's build.json is said of the image. */
export interface ImageFacts {
  readonly version: string
  readonly commit: string
  readonly builtAt: string
}

/** Nobody on the host: the number that distroless images have for `nonroot`. */
export const USER_ID = 65532
export const DATA = '/var/lib/bifrost'
const NODE = '/opt/bifrost/node/bin/node'
const PROGRAM = '/opt/bifrost/dist/main.js'

/** V8's settings count only before a process starts (docs/decisions/0004-memory.md), and there is no shell that could give them. */
const ENTRYPOINT = [NODE, '--heap-growing-percent=50', '--max-semi-space-size=2', PROGRAM]

/** The command `bifrost` for `podman exec`: the kernel starts it without a shell, and hands over one argument. */
export const COMMAND = `#!${NODE} --heap-growing-percent=50\nawait import('${PROGRAM}')\n`

const SECOND = 1_000_000_000

/** The `config` of Docker Image Specification 1.2; OCI images have all of it but the health check. */
export function imageSettings({ version, commit, builtAt }: ImageFacts) {
  return {
    User: `${USER_ID}:${USER_ID}`,
    ExposedPorts: { '8080/tcp': {} },
    Env: [
      'PATH=/usr/local/bin',
      'MALLOC_ARENA_MAX=1',
      'BIFROST_CONFIG=/etc/bifrost/bifrost.yaml',
      `XDG_RUNTIME_DIR=${DATA}/run`,
    ],
    Entrypoint: ENTRYPOINT,
    Cmd: ['run'],
    Healthcheck: {
      Test: ['CMD', '/usr/local/bin/bifrost', 'health', '--live'],
      Interval: 10 * SECOND,
      Timeout: 6 * SECOND,
      StartPeriod: 30 * SECOND,
      Retries: 3,
    },
    Volumes: { [DATA]: {} },
    WorkingDir: DATA,
    Labels: {
      'org.opencontainers.image.created': builtAt,
      'org.opencontainers.image.description':
        'Industrial gateway: reads PLCs, meters and drives, keeps every value until it is delivered.',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.revision': commit,
      'org.opencontainers.image.title': 'Bifrost',
      'org.opencontainers.image.version': version,
    },
    StopSignal: 'SIGTERM',
  }
}
