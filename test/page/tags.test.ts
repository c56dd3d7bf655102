/** The tag table: 50,000 rows, editing by keyboard and mouse, what is unsaved, saving in one step, lists from files. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const MANY = 50_000

function manyTags(): string {
  const rows = ['name,address,type,unit,every,low,high,description']
  for (let n = 1; n <= MANY; n++) rows.push(`tag_${n},constant:value=${n % 100},float64,m,10m,0,100,place ${n % 7}`)
  return `${rows.join('\n')}\n`
}

/** Scrolls for two seconds; the median of frames a second. */
const SCROLL = `(async () => {
  const box = document.querySelector('.tag-grid')
  const gaps = []
  const end = performance.now() + 2000
  let last = performance.now()
  while (performance.now() < end) {
    box.scrollTop += 60
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    gaps.push(now - last)
    last = now
  }
  box.scrollTop = 0
  gaps.sort((a, b) => a - b)
  return 1000 / gaps[Math.floor(gaps.length / 2)]
})()`

/** From the key to the count that is drawn anew. */
const FILTER = `(async () => {
  const input = document.querySelector('.filter input')
  const count = document.querySelector('[data-testid=tag-count]')
  const before = count.textContent
  const begin = performance.now()
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, 'place 3')
  input.dispatchEvent(new Event('input', { bubbles: true }))
  while (count.textContent === before && performance.now() - begin < 5000) await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  return performance.now() - begin
})()`

/** As the clipboard gives it to the grid. */
const PASTE = (text: string) => `(() => {
  const data = new DataTransfer()
  data.setData('text/plain', ${JSON.stringify(text)})
  document.querySelector('.tag-grid').dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
  )
})()`

const yamlOf = (file: string) => `devices:\n  - { name: plc, driver: simulated, every: 1s, tags: ${file} }\n`

test('50,000 tags: deep link, filter, the keyboard to both ends', { skip, timeout: 240_000 }, async (t) => {
  const { page, complaints } = await openStage(t, {
    yaml: yamlOf('plc.csv'),
    files: { 'plc.csv': manyTags() },
    path: '/tags?device=plc',
  })
  const grid = page.getByRole('grid', { name: 'Tags of plc' })
  await grid.waitFor()
  assert.match(await page.getByTestId('tag-count').innerText(), /50.000 of 50.000/)
  assert.ok((await page.getByRole('row').count()) < 100, 'only what is in sight exists')
  await grid.focus()
  await page.keyboard.press('Control+End')
  await grid.getByRole('gridcell', { name: 'tag_50000', exact: true }).waitFor()
  await page.keyboard.press('Control+Home')
  await grid.getByRole('gridcell', { name: 'tag_1', exact: true }).waitFor()
  const fps = await page.evaluate<number>(SCROLL)
  const filterMs = await page.evaluate<number>(FILTER)
  t.diagnostic(`50,000 rows: scrolling ${fps.toFixed(0)} frames/s in the median, filter ${filterMs.toFixed(0)} ms`)
  // The figures are the benchmark's; here is what even a machine that does other things as well must give.
  assert.ok(fps >= 12 && filterMs <= 1000, `${fps} frames/s, ${filterMs} ms`)
  await page.getByPlaceholder(/name, address/).fill('tag_4999')
  await eventually('the filter', async () => (await page.getByTestId('tag-count').innerText()).startsWith('11 of'))
  await page.reload()
  await eventually('the filter is in the address', async () =>
    (await page.getByTestId('tag-count').innerText()).startsWith('11 of'),
  )
  await assertAccessible(page, 'tags')
  assert.deepEqual(complaints, [])
})

const LIST = `name,address,type,unit,low,high
level,constant:value=1,float64,m,0,10
speed,constant:value=2,float64,,,
door,constant:value=1,bool,,,
`

test(
  'cells are edited by the keyboard, pasted, filled and taken back; saved as one, with what it comes to first',
  { skip, timeout: 240_000 },
  async (t) => {
    const { page, gateway, complaints } = await openStage(t, {
      yaml: yamlOf('plc.csv'),
      files: { 'plc.csv': LIST },
      path: '/tags?device=plc',
    })
    const grid = page.getByRole('grid', { name: 'Tags of plc' })
    const cell = (row: number, column: string) => grid.locator(`[id="tag-cell-${row}-${column}"]`)
    const unsaved = page.getByTestId('unsaved')
    await grid.focus()
    // Enter edits, Tab goes on to the right, Esc leaves it as it was; typing begins anew.
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('F2')
    await page.keyboard.press('End')
    await page.keyboard.type('_1')
    await page.keyboard.press('Tab')
    assert.match(await cell(1, 'name').innerText(), /speed_1\s*before:\s*speed/, 'the new name and the old one')
    await page.keyboard.type('constant:value=7')
    await page.keyboard.press('Escape')
    assert.equal(await cell(1, 'address').innerText(), 'constant:value=2')
    await cell(1, 'unit').click()
    await page.keyboard.type('rpm')
    await page.keyboard.press('Enter')
    assert.match(await unsaved.innerText(), /1 changed/)
    // What the schema refuses stands at its cell.
    await cell(0, 'low').dblclick()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('0,5')
    await page.keyboard.press('Enter')
    assert.equal(await cell(0, 'low').getAttribute('aria-invalid'), 'true')
    assert.match((await cell(0, 'low').getAttribute('title'))!, /0\.5/)
    await grid.focus()
    await page.keyboard.press('Control+z')
    assert.equal(await cell(0, 'low').innerText(), '0')
    await page.keyboard.press('Control+y')
    await page.keyboard.press('Control+z')
    // Rows of a spreadsheet, by their names.
    await page.evaluate(PASTE('name\taddress\ttype\nnew_1\tconstant:value=5\tint16\nbad\tnowhere\tint16\n'))
    await page.getByText('Pasted: 0 rows changed, 2 new').waitFor()
    await assertAccessible(page, 'unsaved')
    // The gateway refuses one of them: shown at its cell, and nothing is saved.
    await page.getByRole('button', { name: /Review and save 3/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Save tags of plc' })
    await dialog
      .getByTestId('rejected')
      .getByText(/bad, address: .*nowhere/)
      .waitFor()
    assert.equal(await dialog.getByRole('button', { name: /Save 3 changes/ }).isDisabled(), true)
    await assertAccessible(page, 'rejected')
    await dialog.getByRole('button', { name: 'Show' }).click()
    assert.equal(await cell(4, 'address').getAttribute('data-cursor'), 'true')
    assert.match((await cell(4, 'address').getAttribute('title'))!, /nowhere/)
    await page.keyboard.type('constant:value=6')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Control+s')
    await dialog.getByTestId('plan').getByText(/new_1/).waitFor()
    await dialog.getByLabel('Reason (kept in the history)').fill('more of it')
    await dialog.getByRole('button', { name: /Save 3 changes/ }).click()
    await page
      .getByTestId('saved')
      .getByText(/Saved as version 2/)
      .waitFor()
    assert.equal(
      readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'),
      LIST.replace('speed,constant:value=2,float64,,,', 'speed_1,constant:value=2,float64,rpm,,') +
        'new_1,constant:value=5,int16,,,\nbad,constant:value=6,int16,,,\n',
    )
    assert.deepEqual(
      complaints.filter((one) => !/422|400/.test(one)),
      [],
    )
  },
)

test(
  'lists from files: what is wrong stands with line and column, is downloaded, left out; an export comes back unchanged',
  { skip, timeout: 180_000 },
  async (t) => {
    const { page, gateway, complaints } = await openStage(t, {
      yaml: yamlOf('plc.csv'),
      files: { 'plc.csv': LIST },
      path: '/tags?device=plc',
    })
    const dialog = page.getByRole('dialog', { name: 'Import tags of plc' })
    const counts = dialog.getByTestId('counts')
    const give = async (name: string, content: string | Buffer) => {
      await dialog.getByLabel(/^File/).setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })
    }
    await page.getByRole('button', { name: 'Import a file …' }).click()
    // No list of tags at all, and a column that is not known.
    await give('a.csv', 'nmae;address\nx;y\n')
    await dialog
      .getByTestId('problem')
      .getByText(/csv:1:1.*nmae/)
      .first()
      .waitFor()
    await give('a.csv', Buffer.from([0xff, 0xfe, 0x00, 0x41]))
    await dialog.getByTestId('problem').waitFor()
    // Semicolons, a byte order mark, a name that comes twice, a type that is none.
    await give(
      'b.csv',
      '\uFEFFname;address;type;unit\nlevel;constant:value=1;float64;mm\nspeed;constant:value=2;float64;\nextra;constant:value=3;int16;\nextra;constant:value=4;int16;\nwrong;constant:value=5;floot;\n',
    )
    const rows = dialog.getByRole('table', { name: 'What becomes of each row' })
    await rows
      .getByRole('row')
      .filter({ hasText: 'line 5' })
      .getByText(/stands in line 4 already/)
      .waitFor()
    assert.match(
      await rows.getByRole('row').filter({ hasText: 'line 6' }).innerText(),
      /Rejected\s*line 6\s*wrong\s*type\s*unknown type "floot"/,
    )
    assert.match(await counts.innerText(), /New\s*1\s*Changed\s*1\s*Removed\s*0\s*Unchanged\s*1\s*Rejected\s*2/)
    await assertAccessible(page, 'import')
    const take = dialog.getByRole('button', { name: 'Take over 2 changes' })
    assert.equal(await take.isDisabled(), true)
    const [errors] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Download the rejected rows' }).click(),
    ])
    assert.match(
      readFileSync(await errors.path(), 'utf8'),
      /^\uFEFFplace,name,column,reason\r\nline 5,extra,name,.*\r\nline 6,wrong,type,/,
    )
    // A spreadsheet with a formula.
    const { writeXlsx } = await import('hucre/xlsx')
    const cells = new Map([['1,1', { formula: 'CONCAT("constant:value=9")', value: 'constant:value=9' }]])
    const sheet = await writeXlsx({
      sheets: [
        {
          name: 'Tags',
          rows: [
            ['name', 'address', 'type'],
            ['calc', 'constant:value=9', 'int16'],
          ],
          cells,
        },
      ],
    })
    await give('c.xlsx', Buffer.from(sheet))
    await rows.getByText(/formula/).waitFor()
    await give('b2.csv', 'name;address;type\nextra;constant:value=3;int16\nbad;constant:value=3;floot\n')
    await dialog.getByRole('checkbox', { name: 'Leave out the 1 rejected rows' }).check()
    await dialog.getByRole('button', { name: 'Take over 1 changes' }).click()
    await page.getByTestId('saved').waitFor()
    assert.equal(readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'), `${LIST}extra,constant:value=3,int16,,,\n`)
    // Out and in again.
    for (const format of ['CSV', 'XLSX']) {
      const save = async () => {
        const [file] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name: `Export ${format}` }).click(),
        ])
        assert.equal(file.suggestedFilename(), `plc.${format.toLowerCase()}`)
        return readFileSync(await file.path())
      }
      const bytes = await save()
      if (format === 'CSV') assert.deepEqual(await save(), bytes)
      await page.getByRole('button', { name: 'Import a file …' }).click()
      await give(`x.${format.toLowerCase()}`, bytes)
      await dialog.getByText('Every row is as the gateway has it.').waitFor()
      assert.match(await counts.innerText(), /New\s*0\s*Changed\s*0\s*Removed\s*0\s*Unchanged\s*4\s*Rejected\s*0/)
      await dialog.getByRole('button', { name: 'Cancel' }).click()
    }
    assert.deepEqual(
      complaints.filter((one) => !/40\d|42\d/.test(one)),
      [],
    )
  },
)

const RTL = 'خزان_المياه_رقم_واحد'
const EMOJI = '🏭_filler_🚰'
const LONG = `very_${'long_'.repeat(30)}name`

test(
  'many at once: property, series, replace, remove; somebody else saves meanwhile and nothing is lost; odd names',
  { skip, timeout: 180_000 },
  async (t) => {
    const list = `name,address,type,unit\n${[RTL, EMOJI, LONG, 'p_1', 'p_2', 'p_3'].map((name, n) => `${name},constant:value=${n},float64,`).join('\n')}\n`
    const { page, gateway } = await openStage(t, {
      yaml: yamlOf('plc.csv'),
      files: { 'plc.csv': list },
      path: '/tags?device=plc',
    })
    const grid = page.getByRole('grid', { name: 'Tags of plc' })
    const cell = (row: number, column: string) => grid.locator(`[id="tag-cell-${row}-${column}"]`)
    await cell(2, 'name').waitFor()
    await assertFits(page, 'odd names')
    const box = (await cell(0, 'name').boundingBox())!
    assert.equal((await cell(2, 'name').boundingBox())!.width, box.width)
    await cell(3, 'unit').click()
    await cell(5, 'unit').click({ modifiers: ['Shift'] })
    await page.getByRole('button', { name: 'Set property of 3 …' }).click()
    await page.getByRole('dialog').getByLabel('Value').fill('bar')
    await page.getByRole('button', { name: 'Set Unit of 3 rows to bar' }).click()
    await cell(3, 'name').click()
    await cell(5, 'name').click({ modifiers: ['Shift'] })
    await page.getByRole('button', { name: 'Series …' }).click()
    await page.getByRole('dialog').getByLabel('Step').fill('10')
    await page.getByRole('dialog').getByText('p_21').waitFor()
    await page.getByRole('button', { name: 'Fill 3 rows' }).click()
    assert.match(await cell(5, 'name').innerText(), /p_21/)
    await page.getByRole('button', { name: 'Replace …' }).click()
    await page.getByRole('dialog').getByLabel('Find').fill('p_')
    await page.getByRole('dialog').getByLabel('Replace by').fill('pump_')
    await page.getByRole('button', { name: 'Replace in 3 rows' }).click()
    await cell(0, 'name').click()
    await page.getByRole('button', { name: 'Remove 1' }).click()
    // Somebody else changes a row that is changed here, too.
    const other = await fetch(`${gateway.url}/api/v1/config/devices/plc/tags/p_2`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': '*' },
      body: JSON.stringify({ set: { unit: 'Pa' } }),
    })
    assert.equal(other.status, 200, await other.text())
    await page.getByRole('button', { name: /Review and save 4/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog
      .getByTestId('problem')
      .getByText(/unit: .* → Pa/)
      .waitFor()
    await dialog.getByRole('button', { name: 'Take over their changes and keep mine' }).click()
    await cell(4, 'unit').getByText('Pa').waitFor()
    assert.match(await cell(4, 'unit').innerText(), /bar\s*before:\s*Pa/)
    await page.getByRole('button', { name: /Review and save 4/ }).click()
    await dialog.getByTestId('plan').waitFor()
    await dialog.getByRole('button', { name: /Save 4 changes/ }).click()
    await page
      .getByTestId('saved')
      .getByText(/version 3/)
      .waitFor()
    assert.equal(
      readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'),
      `name,address,type,unit\n${EMOJI},constant:value=1,float64,\n${LONG},constant:value=2,float64,\npump_1,constant:value=3,float64,bar\npump_11,constant:value=4,float64,bar\npump_21,constant:value=5,float64,bar\n`,
    )
    await page.setViewportSize({ width: 390, height: 844 })
    await assertFits(page, 'tags on a phone')
  },
)

test(
  'with something unsaved Back asks, and staying keeps it; a new tag called like another one is refused',
  { skip, timeout: 240_000 },
  async (t) => {
    const { page, gateway, complaints } = await openStage(t, {
      yaml: yamlOf('plc.csv'),
      files: { 'plc.csv': LIST },
      path: '/tags',
    })
    await page.getByRole('link', { name: 'plc', exact: true }).click()
    const grid = page.getByRole('grid', { name: 'Tags of plc' })
    const unsaved = page.getByTestId('unsaved')
    await grid.waitFor()
    await grid.focus()
    await page.evaluate(PASTE('name\taddress\ttype\nhigh\tcounter\tuint16\n'))
    await unsaved.getByText(/1 new/).waitFor()
    // To the list of devices it is the same path, with another query.
    await page.goBack()
    await page.getByRole('dialog').getByRole('button', { name: 'Stay here' }).click()
    assert.match(page.url(), /\/tags\?device=plc$/)
    await unsaved.getByText(/1 new/).waitFor()
    // One letter after the other: the new row is called as the first one.
    await grid.locator('[id="tag-cell-3-name"]').dblclick()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('level')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /^Review and save 1/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByTestId('rejected').getByText('Another tag of this device has this name.').waitFor()
    assert.ok(await dialog.getByRole('button', { name: /^Save 1/ }).isDisabled())
    await page.keyboard.press('Escape')
    await page.goBack()
    await page.getByRole('dialog').getByRole('button', { name: 'Leave and lose it' }).click()
    await page.getByRole('link', { name: 'plc', exact: true }).waitFor()
    assert.equal(readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'), LIST)
    assert.deepEqual(complaints, [])
  },
)
