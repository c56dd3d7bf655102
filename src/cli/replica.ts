/**
 * Keeps a second replica from running. Each gateway polls every device of its configuration: two with the same one would ask every machine
 * twice and store every sample twice. Kubernetes tells each pod of a StatefulSet its place by a label, the manifests hand it on as
 * BIFROST_REPLICA. Goes when devices are shared out among gateways (docs/decisions/0032-kubernetes.md).
 */
import { readVariable } from '../config/environment.ts'
import { GatewayError } from '../core/errors.ts'

/** Throws CONFIG_INVALID in every replica but the first. */
export function assertFirstReplica(env: NodeJS.ProcessEnv): void {
  const place = readVariable('BIFROST_REPLICA', env)?.trim() ?? ''
  if (place === '' || place === '0') return
  throw new GatewayError(
    'CONFIG_INVALID',
    `BIFROST_REPLICA is ${place}: this is a second replica. Gateways do not share their devices yet, so that it would poll every device once more. Scale to one: kubectl scale statefulset/bifrost --replicas=1`,
    { details: { variable: 'BIFROST_REPLICA', value: place } },
  )
}
