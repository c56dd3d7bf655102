/** Lists of tags out of an address space, each line written out; names that stay; what is compared with them later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsAsyncua, startAsyncuaServer } from '../../../testing/asyncua.ts'
import { pointsOf, tagOf } from '../../../testing/driver-suite.ts'
import { openTools, toolOf } from '../../../testing/opcua-tool-rig.ts'
import { opcua } from '../driver.ts'
import { fits } from './comparison.ts'
import { distinct, nameOf } from './tag-names.ts'

const skip = needsAsyncua()

test('tags: types, units, ranges, words and members as columns of a CSV; YAML as well', { skip }, async (t) => {
  const server = await startAsyncuaServer(t, { hugeArray: 5000 })
  const rig = await openTools(t, server.url)
  const csv = (input: object) => rig.lines('tags', { ...input })
  assert.deepEqual(await csv({ node: '/2:Plant/Analog' }), [
    'name,address,type,unit,low,high,description',
    'Analog,nsu=urn:bifrost:test:plant;s=Analog,float64,°C,0,200,Temperature of the furnace',
  ])
  assert.deepEqual(await csv({ node: '/2:Plant/Enumerations', prefix: 'e.', separator: '.' }), [
    'name,address,type,symbols',
    'e.State,nsu=urn:bifrost:test:plant;s=Enumerations/State,int32,0=Stopped|1=Starting|2=Running|3=Fault',
    'e.ServerState,nsu=urn:bifrost:test:plant;s=Enumerations/ServerState,int32,0=Running|1=Failed|2=NoConfiguration|3=Suspended|4=Shutdown|5=Test|6=CommunicationFault|7=Unknown',
    'e.MultiState,nsu=urn:bifrost:test:plant;s=Enumerations/MultiState,uint32,0=closed|1=open|2=stuck',
  ])
  const structures = await csv({ node: '/2:Plant/Structures' })
  assert.deepEqual(structures.slice(5, 8), [
    'Axis.position,nsu=urn:bifrost:test:plant;s=Structures/Axis :: position,float64,',
    'Axis.mode,nsu=urn:bifrost:test:plant;s=Structures/Axis :: mode,int32,0=Off|1=Jog|2=Automatic',
    'Axis.drive.speed,nsu=urn:bifrost:test:plant;s=Structures/Axis :: drive.speed,float64,',
  ])
  // A union has one of its fields at a time: it stays one tag.
  assert.deepEqual(structures.slice(-1), ['Either,nsu=urn:bifrost:test:plant;s=Structures/Either,string,'])
  assert.ok(structures.includes('Axis.brakes[1].starts,nsu=urn:bifrost:test:plant;s=Structures/Axis :: brakes[1].starts,uint64,')) // prettier-ignore
  const arrays = await rig.run<{ tags: { name: string }[]; notes: string[] }>('tags', { node: '/2:Plant/Arrays' })
  assert.deepEqual(
    arrays.tags.flatMap(({ name }) => (/^(Matrix|Byte|Huge)/.test(name) ? [name] : [])),
    ['Byte[0]', 'Byte[1]', 'Byte[2]', 'Matrix[0,0]', 'Matrix[0,1]', 'Matrix[0,2]', 'Matrix[1,0]', 'Matrix[1,1]', 'Matrix[1,2]', 'Huge'], // prettier-ignore
  )
  assert.ok(arrays.notes.includes('nsu=urn:bifrost:test:plant;s=Arrays/Huge is one tag with JSON: it has 5000 elements, more than 100')) // prettier-ignore
  assert.deepEqual(await rig.lines('tags', { node: '/2:Plant/Arrays', composites: 'skip' }), [''])
  const yaml = await rig.lines('tags', {
    node: '/2:Plant/Writable',
    format: 'yaml',
    writable: true,
    composites: 'skip',
  })
  assert.deepEqual(yaml.slice(0, 2), [
    'tags:',
    '  - { name: "Boolean", address: "nsu=urn:bifrost:test:plant;s=Writable/Boolean", type: "bool", writable: true }',
  ])
  assert.equal(
    (await rig.lines('tags', { node: '/2:Plant/Writable' }))[0],
    'name,address,type,symbols',
    'never by itself',
  )
})

test('tags: what was listed reads well as it stands', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const rig = await openTools(t, server.url)
  const { tags } = await rig.run<{ tags: { name: string; address: string; type: 'uint16' }[] }>('tags', {
    node: '/2:Plant',
  })
  assert.ok(tags.length > 100)
  const points = pointsOf(
    opcua,
    tags.map(({ address, type }) => tagOf(address, type)),
  )
  const poll = rig.driver.prepare(points as never)
  const bad: string[] = []
  for (let step = 0; step < poll.steps; step++)
    await poll.read(
      step,
      (batch) => {
        for (const { tag, status, value } of batch)
          if (status >= 0x8000_0000 || value === undefined) bad.push(`${tags[tag - 1]!.address} ${status}`)
      },
      AbortSignal.timeout(10_000),
    )
  // Those have no value now: one is null, optional fields are absent, an empty array is an empty list.
  assert.deepEqual(
    bad.map((line) => /s=([^ ]+( :: \w+)?)/.exec(line)![1]),
    ['Scalars/Null', 'Structures/Recipe :: note'],
  )
})

test('names: path or leaf, prefix, strip, separator; those that come twice are told apart by their address', () => {
  const rules = { naming: 'path', names: 'browse', separator: '/', prefix: '', strip: '' } as const
  assert.equal(nameOf(['Line1', 'Press', 'Level'], '', rules), 'Line1/Press/Level')
  assert.equal(nameOf(['Line1', 'Press'], 'axis.speed', { ...rules, separator: '.' }), 'Line1.Press.axis.speed')
  assert.equal(nameOf(['Line1', 'Press'], '[3].speed', { ...rules, prefix: 'a/', strip: 'Line1/' }), 'a/Press[3].speed')
  assert.equal(nameOf(['Line1'], '', { ...rules, strip: 'Line1' }), 'Line1', 'a name is never stripped to nothing')
  assert.equal(nameOf([' Tank\n1 '], '', rules), 'Tank 1')
  const entry = (name: string, address: string) => ({ name, address })
  const two = [entry('Level', 'i=1'), entry('Speed', 'i=2'), entry('Level', 'i=3')]
  const { names, clashes } = distinct(two)
  assert.deepEqual([names, clashes], [['Level~3762', 'Speed', 'Level~ac5d'], 2])
  // In another order, each still has its name.
  assert.deepEqual(distinct([...two].reverse()).names, ['Level~ac5d', 'Speed', 'Level~3762'])
  const long = distinct([entry('x'.repeat(300), 'i=4')]).names[0]!
  assert.equal(long.length, 256)
  // One whose own name is like that of another with its suffix.
  const three = distinct([...two, entry('Level~3762', 'i=5')]).names
  assert.equal(new Set(three).size, 4)
})

test('compare: with configured tags: what vanished, what changed its type, what is new', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const rig = await openTools(t, server.url)
  const plant = (name: string) => `nsu=urn:bifrost:test:plant;s=${name}`
  const points = pointsOf(opcua, [
    tagOf(plant('Scalars/Int16'), 'int16'),
    tagOf('/2:Plant/Scalars/Double', 'float64'),
    tagOf('ns=2;s=Scalars/UInt32', 'int64'),
    tagOf(plant('Scalars/String'), 'float64', { name: 'text' }),
    tagOf(plant('Scalars/Gone'), 'int16', { name: 'gone' }),
    tagOf(plant('Structures/Axis :: drive.speed'), 'float64'),
    tagOf(plant('Structures/Axis :: drive.power'), 'float64', { name: 'power' }),
    tagOf(plant('Arrays/Int32 :: [9]'), 'int32', { name: 'ninth' }),
  ])
  const compare = () => rig.run<Compared>('compare', { knownOnly: true }, points)
  const { summary, differences } = await compare()
  assert.equal(summary, '3 nodes vanished, 0 new, 1 changed its type, of 8 nodes')
  assert.deepEqual(differences, [
    { kind: 'changed', name: 'text', node: plant('Scalars/String'), what: 'is String now, which a tag of the type float64 cannot hold', isType: true },
    { kind: 'vanished', name: 'gone', node: plant('Scalars/Gone') },
    { kind: 'vanished', name: 'power', node: plant('Structures/Axis :: drive.power') },
    { kind: 'vanished', name: 'ninth', node: plant('Arrays/Int32 :: [9]') },
  ]) // prettier-ignore
  assert.equal(toolOf('compare').isDifferent!((await compare()) as never), true)
  // What is new is looked for below what all tags have in common: here Scalars.
  const scalars = await rig.run<Compared>('compare', {}, points.slice(0, 3))
  assert.equal(scalars.summary, '0 nodes vanished, 19 new, 0 changed their type, of 3 nodes')
  await assert.rejects(rig.run('compare'), /there is nothing to compare with/)
})

interface Compared {
  readonly summary: string
  readonly differences: readonly { readonly kind: string; readonly name: string; readonly what?: string }[]
}

test('compare: with a list of tags and with a snapshot', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const rig = await openTools(t, server.url)
  const node = '/2:Plant/Writable'
  const csv = (await rig.lines('tags', { node })).join('\r\n')
  const json = JSON.stringify(await rig.run('browse', { node, depth: 5 }))
  for (const file of [csv, json]) {
    const { summary, differences } = await rig.run<Compared>('compare', { node, with: file })
    assert.match(summary, /^0 nodes vanished, 0 new, 0 changed their type, of \d+ nodes$/)
    assert.equal(toolOf('compare').isDifferent!({ differences } as never), false)
  }
  for (const gone of ['Boolean', 'Byte', 'Int16']) await server.ask('remove', { node: `Writable/${gone}` })
  for (let at = 0; at < 12; at++) await server.ask('add', { node: `Writable/New${at}`, value: at, type: 'Int32' })
  await server.ask('remove', { node: 'Writable/Double' })
  await server.ask('add', { node: 'Writable/Double', value: 'text', type: 'String' })
  const changed = await rig.run<Compared>('compare', { with: json })
  assert.equal(changed.summary, '3 nodes vanished, 12 new, 1 changed its type, of 20 nodes')
  assert.deepEqual(
    changed.differences.flatMap(({ kind, what }) => (kind === 'changed' ? [what] : [])),
    ['was Double, writable, is String'],
  )
  const listed = await rig.run<Compared>('compare', { node, with: csv })
  assert.match(listed.summary, /^3 nodes vanished, 12 new, 1 changed its type, of \d+ nodes$/)
  await assert.rejects(rig.run('compare', { with: 'a,b\n1,2\n' }), /the file has no columns name and address/)
  await assert.rejects(rig.run('compare', { with: '{"nodes": []}' }), /the file is no snapshot/)
  await assert.rejects(rig.run('compare', { with: '{"nodes": [' }), /the file is no JSON/)
  await assert.rejects(rig.run('compare', { with: 'name,address\nx,Nope\n' }), /line 2 of the file: "Nope" is no node/)
})

test('which type of tag can hold every value of which', () => {
  const cases: readonly (readonly [Parameters<typeof fits>[0], Parameters<typeof fits>[1], boolean])[] = [
    ['int16', 'int32', true],
    ['int32', 'int16', false],
    ['uint16', 'int16', false],
    ['uint32', 'float64', true],
    ['uint32', 'float32', false],
    ['int16', 'float32', true],
    ['int64', 'float64', true],
    ['float32', 'float64', true],
    ['float64', 'float32', false],
    ['float64', 'int64', false],
    ['bool', 'uint8', true],
    ['string', 'float64', false],
    ['string', 'bytes', false],
    ['bytes', 'string', true],
  ]
  for (const [own, type, expected] of cases) assert.equal(fits(own, type), expected, `${own} in ${type}`)
})
