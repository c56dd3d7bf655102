/** The same rules for Kubernetes: as an object of the Prometheus Operator, and as the folder of a plain Prometheus. */
import { parse, stringify } from 'yaml'
import { rulesYaml } from './render.ts'
import type { RuleFile } from './rule.ts'

const COMPONENTS = 'deploy/kubernetes/components'
const MADE = 'Made from scripts/monitoring/rules by `npm run docs`; edit the table, not this file.'

/** Two files, by their path in the tree. */
export function kubernetesFiles(files: readonly RuleFile[]): Record<string, string> {
  const texts = files.map((file) => [`${file.name}.yml`, rulesYaml(file)] as const)
  const groups = texts.flatMap(([, text]) => (parse(text) as { groups: unknown[] }).groups)
  const operator = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'bifrost' },
    spec: { groups },
  }
  const folder = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'prometheus-rules' },
    data: Object.fromEntries(texts),
  }
  const yaml = (value: object): string =>
    `# ${MADE}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`
  return {
    [`${COMPONENTS}/monitoring/rules.yaml`]: yaml(operator),
    [`${COMPONENTS}/prometheus/rules.yaml`]: yaml(folder),
  }
}
