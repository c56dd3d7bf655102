/** Objects / Gateway: what is said of the gateway itself. `LastGap` is the last stretch of samples that was lost, as JSON. */
import { DataType } from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import { ROLE, type Access } from './access.ts'

type Space = NonNullable<OPCUAServer['engine']['addressSpace']>

export class GatewayNode {
  readonly #lastGap

  constructor(space: Space, namespaceUri: string, access: Access) {
    const namespace = space.getNamespace(namespaceUri)
    const gateway = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: 'Gateway', nodeId: 'i=3' })
    this.#lastGap = namespace.addVariable({
      componentOf: gateway,
      browseName: 'LastGap',
      nodeId: 'i=4',
      dataType: 'String',
      accessLevel: 'CurrentRead',
      minimumSamplingInterval: 0,
      description: 'The last stretch of samples that was lost before it came here, as JSON; empty: none.',
      value: { dataType: DataType.String, value: '' },
    })
    access.guard(this.#lastGap, { readers: ROLE.viewer | ROLE.operator, writers: 0 })
  }

  tellGap(text: string): void {
    this.#lastGap.setValueFromSource({ dataType: DataType.String, value: text })
  }
}
