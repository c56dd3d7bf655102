/** The where clause as it goes to a server: what a server decides cannot be seen behind what is decided here once more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as library from 'node-opcua-client'
import type { Connection } from './connection.ts'
import { resolveWhere, whereClause } from './event-where.ts'

const connection = {
  library,
  namespaces: ['http://opcfoundation.org/UA/', 'urn:a', 'urn:plant'],
} as unknown as Connection

async function clause(...parts: Parameters<typeof resolveWhere>[1]) {
  const where = await resolveWhere(connection, parts)
  const { elements } = new library.ContentFilter(whereClause(connection, where.parts!))
  return (elements ?? []).map(({ filterOperator, filterOperands }) => [
    library.FilterOperator[filterOperator],
    ...(filterOperands ?? []).map((operand) => {
      if (operand instanceof library.ElementOperand) return operand.index
      if (operand instanceof library.LiteralOperand)
        return [library.DataType[operand.value.dataType], String(operand.value.value)]
      return (operand as library.SimpleAttributeOperand).browsePath?.map(({ name }) => name).join('/')
    }),
  ])
}

test('three conditions are two ANDs, each of the next condition and what follows', async () => {
  const node = { kind: 'id', namespace: 'urn:plant', type: 's', id: 'Pump' } as const
  const filter = await clause(
    { field: 'severity', operator: '>=', value: 500 },
    { field: 'message', text: 'dry' },
    { field: 'type', node: { kind: 'id', namespace: 0, type: 'i', id: '2915' } },
    { field: 'source', node },
  )
  assert.deepEqual(filter, [
    ['And', 1, 2],
    ['GreaterThanOrEqual', 'Severity', ['UInt16', '500']],
    ['And', 3, 4],
    ['OfType', ['NodeId', 'ns=0;i=2915']],
    ['Equals', 'SourceNode', ['NodeId', 'ns=2;s=Pump']],
  ])
})

test('one condition stands alone, and the text of a message is nothing for a server', async () => {
  assert.deepEqual(await clause({ field: 'sourceName', text: 'Pump 1' }), [
    ['Equals', 'SourceName', ['String', 'Pump 1']],
  ])
  assert.deepEqual(await clause({ field: 'message', text: 'dry' }), [])
})
