import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { auditEvents } from '../testing/audit-lines.ts'
import { startPlant, type Credentials, type Plant } from '../testing/people.ts'

interface Row {
  readonly n: number
  readonly level: string
  readonly component: string | null
  readonly device: string | null
  readonly message: string
  readonly fields: Record<string, unknown>
}
interface Page {
  readonly records: Row[]
  readonly next: string | null
  readonly newest: number
}

const people = async (plant: Plant) => ({
  admin: await plant.person('anna', 'admin'),
  engineer: await plant.person('emil', 'engineer'),
  crew: await plant.person('carl', 'press-crew'),
})

async function rig(t: TestContext) {
  const plant = await startPlant(t)
  const who = await people(plant)
  const { log } = plant.gateway
  const press = log.child({ component: 'polling' }).child({ device: 'press-1' })
  const oven = log.child({ component: 'polling' }).child({ device: 'oven' })
  return { plant, who, log, press, oven }
}

test('the log comes in pages, newest first, and each record once', async (t) => {
  const { plant, who, log } = await rig(t)
  for (let n = 0; n < 25; n++) log.child({ component: 'count' }).info({ n }, `count ${n}`)
  const seen: string[] = []
  let query = ''
  for (let pages = 0; pages < 10; pages++) {
    const page = await plant.json<Page>(`/api/v1/logs?component=count&limit=10${query}`, who.engineer)
    seen.push(...page.records.map(({ message }) => message))
    if (page.next === null) break
    // What is said between two pages changes none of them.
    log.child({ component: 'count' }).info({}, 'later')
    query = `&cursor=${page.next}`
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, n) => `count ${24 - n}`),
  )
  const { records, newest } = await plant.json<Page>('/api/v1/logs?q=COUNT 7&component=count', who.engineer)
  assert.deepEqual(
    records.map(({ fields }) => fields),
    [{ 'event.sequence': 7 }],
  )
  assert.deepEqual((await plant.json<Page>(`/api/v1/logs?after=${newest}`, who.engineer)).records, [])
})

test('who may diagnose some devices sees the records of these, and nothing of the whole', async (t) => {
  const { plant, who, log, press, oven } = await rig(t)
  press.warn({}, 'of the press')
  oven.warn({}, 'of the oven')
  log.warn({}, 'of the whole')
  const seen = async (credentials: Credentials) =>
    (await plant.json<Page>('/api/v1/logs?level=warn', credentials)).records.map(({ message }) => message)
  assert.deepEqual(await seen(who.crew), ['of the press'])
  assert.deepEqual((await seen(who.engineer)).slice(0, 3), ['of the whole', 'of the oven', 'of the press'])
  const file = await (await plant.ask('/api/v1/logs/export', who.crew)).text()
  assert.match(file, /^\S+Z WARN {2}\[polling press-1\] of the press\n$/m)
  assert.doesNotMatch(file, /oven|whole/)
  for (const init of [{}, plant.body('PUT', { level: 'debug', device: 'press-1' }), { method: 'DELETE' }])
    assert.equal((await plant.ask('/api/v1/logs/levels', who.crew, init)).status, 403)
})

test('the file is oldest first, as text and as NDJSON, and what a device sends cannot move a cursor', async (t) => {
  const { plant, who, press } = await rig(t)
  press.warn({}, 'one\u001b[2J\nline')
  press.warn({ samples: 5 }, 'two')
  const text = await plant.ask('/api/v1/logs/export?device=press-1&level=warn', who.engineer)
  assert.match(text.headers.get('content-disposition')!, /bifrost-log\.txt/)
  const [one, two] = (await text.text()).trim().split('\n')
  assert.match(one!, /one\\u001b\[2J\\nline$/)
  assert.match(two!, /two {2}\{"bifrost\.samples":5\}$/)
  const lines = await plant.ask('/api/v1/logs/export?device=press-1&level=warn&format=ndjson', who.engineer)
  const rows = (await lines.text()).trim().split('\n').map((line) => JSON.parse(line) as Row) // prettier-ignore
  assert.deepEqual(
    rows.map(({ message }) => message),
    ['one\u001b[2J\nline', 'two'],
  )
})

/** Reads a live tail until `enough`. */
async function tail(
  plant: Plant,
  path: string,
  who: Credentials,
  enough: (rows: Row[]) => boolean,
  onOpen: () => void,
) {
  const abort = new AbortController()
  const answer = await plant.ask(path, who, { headers: { accept: 'application/x-ndjson' }, signal: abort.signal })
  assert.equal(answer.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
  onOpen()
  const rows: Row[] = []
  const reader = answer.body!.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  while (!enough(rows)) {
    const { value, done } = await reader.read()
    assert.equal(done, false, 'the tail ended')
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = lines.pop()!
    rows.push(...lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row))
  }
  abort.abort()
  return rows
}

test('with Accept NDJSON records come as they are said, after a number and by the filter', async (t) => {
  const { plant, who, press, oven } = await rig(t)
  press.warn({}, 'before')
  const { newest } = await plant.json<Page>('/api/v1/logs', who.engineer)
  press.warn({}, 'missed meanwhile')
  // The same again would be summarised.
  const say = (time = '') => {
    oven.warn({}, 'of the oven')
    press.info({}, `too little${time}`)
    press.error({}, `now${time}`)
  }
  const path = `/api/v1/logs?level=warn&device=press-1&after=${newest}`
  const rows = await tail(plant, path, who.engineer, (seen) => seen.length >= 2, say)
  assert.deepEqual(
    rows.map(({ message }) => message),
    ['missed meanwhile', 'now'],
  )
  const ofCrew = await tail(
    plant,
    '/api/v1/logs',
    who.crew,
    (seen) => seen.length >= 2,
    () => say(' too'),
  )
  assert.deepEqual(
    ofCrew.map(({ message }) => message),
    ['too little too', 'now too'],
  )
})

test('a tail ends when the rights of its reader end, and readers are limited', { timeout: 30_000 }, async (t) => {
  const { plant, who } = await rig(t)
  const open = () => plant.ask('/api/v1/logs', who.crew, { headers: { accept: 'application/x-ndjson' } })
  const answers = await Promise.all(Array.from({ length: 16 }, open))
  assert.equal((await open()).status, 429)
  const by = plant.accounts.hostPrincipal('root')
  await plant.accounts.users.setRoles('carl', ['viewer'], { by, from: { address: 'host' } })
  // One that goes on does not end before the limit of the test.
  await Promise.all(answers.map((answer) => answer.text()))
  // Other roles end the sessions, too.
  assert.equal((await open()).status, 401)
})

test('a level for a while is asked for, shown, on record, and ended', async (t) => {
  const { plant, who, press, oven } = await rig(t)
  const body = { level: 'debug', device: 'press-1', duration: '5m', reason: 'it flaps' }
  const put = await plant.json('/api/v1/logs/levels', who.engineer, plant.body('PUT', body))
  const { since, until, ...order } = (put.forAWhile as Record<string, unknown>[])[0]!
  assert.deepEqual(order, { component: null, device: 'press-1', sink: null, level: 'debug', by: 'emil', reason: 'it flaps' }) // prettier-ignore
  assert.equal(Date.parse(until as string) - Date.parse(since as string), 300_000)
  assert.deepEqual([put.configured, put.level], ['info', 'info'])
  press.debug({}, 'more of the press')
  oven.debug({}, 'more of the oven')
  const seen = await plant.json<Page>('/api/v1/logs?q=more of', who.engineer)
  assert.deepEqual(
    seen.records.map(({ message }) => message),
    ['more of the press'],
  )
  const ended = await plant.json('/api/v1/logs/levels?device=press-1', who.engineer, { method: 'DELETE' })
  assert.deepEqual(ended.forAWhile, [])
  press.debug({}, 'more again')
  assert.equal((await plant.json<Page>('/api/v1/logs?q=more again', who.engineer)).records.length, 0)
  const events = auditEvents(plant.gateway.config.data).filter(({ action }) => action.startsWith('log.'))
  assert.deepEqual(
    events.map(({ action, user, object, before, after, reason }) => [action, user, object, before, after, reason]),
    [
      ['log.level', 'emil', 'log of device press-1', { level: 'info' }, { level: 'debug', forMs: 300_000 }, 'it flaps'],
      ['log.level.end', 'emil', 'log of device press-1', { level: 'debug' }, { level: 'info' }, null],
    ],
  )
  for (const [wrong, status] of [
    [{ level: 'debug', duration: '2h' }, 400],
    [{ level: 'debug', device: 'none' }, 404],
    [{ level: 'debug', device: 'oven', component: 'polling' }, 400],
    [{ level: 'silent' }, 400],
  ] as const)
    assert.equal((await plant.ask('/api/v1/logs/levels', who.engineer, plant.body('PUT', wrong))).status, status)
})
