/** One node with its value and all its attributes, as they are now. */
import { useEffect } from 'react'
import { Elapsed } from '../elapsed.tsx'
import { Panel } from '../panel.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { pointStrings } from '../../strings/points.ts'
import type { ToolRunner } from './tool-runner.ts'
import type { BrowsedNode } from './tree-state.ts'
import { useWork } from './use-work.ts'

interface Details {
  readonly attributes: Readonly<Record<string, string>>
}

export function NodeFacts({ node, runner }: { node: BrowsedNode; runner: ToolRunner }) {
  const { run, data, busy, error } = useWork<Details>()
  useEffect(() => {
    void run(async (signal) => (await runner('node', { node: node.node }, signal)) as Details)
  }, [run, runner, node.node])
  return (
    <Panel title={node.displayName} className="node-facts">
      {busy && <Elapsed label={pointStrings.asking} />}
      <ProblemNote error={error} />
      {data !== undefined && (
        <dl className="facts">
          {Object.entries(data.attributes).map(([name, value]) => (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  )
}
