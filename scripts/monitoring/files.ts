/** Every file that the table of rules makes, by its path in the tree. */
import { kubernetesFiles } from './kubernetes.ts'
import { alertPage, pageIndex, rulesYaml, testsYaml } from './render.ts'
import { alertRules, ruleFiles } from './rules/index.ts'

export const RULES = 'deploy/monitoring/rules'
export const PAGES = 'docs/runbooks/alerts'

export function monitoringFiles(): Record<string, string> {
  return {
    ...Object.fromEntries(ruleFiles.map((file) => [`${RULES}/${file.name}.yml`, rulesYaml(file)])),
    ...Object.fromEntries(
      ruleFiles.flatMap((file) =>
        Object.entries(testsYaml(file)).map(([name, text]) => [`${RULES}/tests/${name}`, text]),
      ),
    ),
    ...Object.fromEntries(alertRules.map((rule) => [`${PAGES}/${rule.alert}.md`, alertPage(rule)])),
    [`${PAGES}/README.md`]: pageIndex(alertRules),
    ...kubernetesFiles(ruleFiles),
  }
}
