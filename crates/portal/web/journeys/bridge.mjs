// What helps at a desk: an old document fills the first form, names are shown as they will be read, fingers come from the
// scanner, a chip is judged:
// node bridge.mjs ADDRESS OPERATORS.json CARD OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'

const [base, operators, card, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const printed = JSON.parse(readFileSync(join(card, 'document.json'), 'utf8'))
const browser = await Desk.browser()
const clerk = 'gendarmeria.bianchi'
const desk = await Desk.open(browser, base, out)
await desk.signIn(clerk, known[clerk])
const text = async () => await desk.page.locator('main').innerText()
const waitFor = async selector => await desk.page.locator(selector).waitFor({ state: 'visible' })

await desk.go('/do/open-dossier')
await desk.page.selectOption('#f-profile', 'sm-permit')
await desk.page.selectOption('#f-reason', 'first')
await desk.press('main > form[method=post] button[type=submit]')
const steps = new URL(desk.page.url()).pathname.replace(/person$/, '')
await desk.page.locator('summary').first().focus()
await desk.page.keyboard.press('Enter')
await waitFor('[data-chip] button')
await desk.page.fill('#can', printed.can)
await desk.look('old-document')
await desk.press('[data-chip] button')
const name = await desk.page.locator('#f-person-surname').inputValue()
if (!printed.mrz.join('').includes(name.replaceAll(' ', '<').toUpperCase()) || !name) throw new Error(`the chip gave no name: '${name}'`)

// The zone is shown while the name is typed, as long as it is in the document.
await desk.page.fill('#f-person-surname', 'Papandropoulous')
await desk.page.fill('#f-person-given_names', 'Jürgen Alec Trevor')
await desk.page.locator('[data-zone] code', { hasText: 'PAPANDROPOULOUS<<J' }).waitFor()
const zone = await desk.page.locator('[data-zone]').innerText()
if (!zone.includes("più lungo")) throw new Error(`nobody says that the name is cut: ${zone}`)
await desk.look('zone')

for (const taken of [1, 2]) {
  await desk.go(`${steps}fingers`)
  await waitFor('[data-scanner] button')
  await desk.look(`scanner-${taken}`)
  await desk.press('[data-scanner] button')
  const prints = await desk.page.locator('.site-prints img').count()
  if (prints !== taken) throw new Error(`${prints} prints in the place of ${taken}: ${await text()}`)
}

// The registry of residents knows who stands there, by the fiscal code; nobody else is asked about.
const registrar = await Desk.open(browser, base, out)
await registrar.signIn('comune-ravenna.bianchi', known['comune-ravenna.bianchi'])
await registrar.go('/do/open-dossier')
await registrar.page.selectOption('#f-profile', 'it-cie')
await registrar.page.selectOption('#f-reason', 'first')
await registrar.press('main > form[method=post] button[type=submit]')
const ask = async code => {
  await registrar.page.locator('summary').nth(1).focus()
  await registrar.page.keyboard.press('Enter')
  await registrar.page.fill('#resident', code)
  await registrar.press('main details[open] button[type=submit]')
}
await ask('RSSMRA80A01H501U')
if (!(await registrar.page.locator('main').innerText()).includes("L'anagrafe non conosce nessuno")) throw new Error('the registry knew somebody it does not')
await ask('dllgli93h58e506p')
if (await registrar.page.locator('#f-person-surname').inputValue() !== "Dell'Acqua-Nardò") throw new Error('the registry gave no name')
if (await registrar.page.locator('#f-person-birth_date').inputValue() !== '1993-06-18') throw new Error('the registry gave no date')
await registrar.look('residents')
await registrar.go(`/language?to=en&back=${encodeURIComponent(new URL(registrar.page.url()).pathname)}`)
await registrar.look('residents-en')

await desk.go('/inspection')
await waitFor('[data-chip] button')
// Another key opens nothing, and says so.
await desk.page.fill('#can', printed.can === '000000' ? '111111' : '000000')
await desk.press('[data-chip] button')
if (!(await desk.page.locator('.alert-danger').count())) throw new Error(`a wrong key opened the chip: ${await text()}`)
await desk.look('chip-closed')
await waitFor('[data-chip] button')
await desk.page.fill('#can', printed.can)
await desk.press('[data-chip] button')
if (!(await text()).includes('Il documento è autentico')) throw new Error(await text())
const live = await desk.page.locator('tbody tr', { hasText: 'chip' }).locator('.bg-success').count()
if (live < 1) throw new Error(`the chip proved nothing: ${await text()}`)
await desk.look('chip')

// The holder reads the same chip, without an account.
const holder = await Desk.open(browser, base, out)
await holder.go('/own-document')
await holder.page.waitForSelector('[data-chip] button', { state: 'visible' })
await holder.page.fill('#can', printed.can)
await holder.press('[data-chip] button')
const own = await holder.page.locator('main').innerText()
if (!own.includes('Il documento è autentico')) throw new Error(own)
await holder.look('own-document')
// Nothing of a holder stays on the screen for the next one.
await holder.press('main a[href="/own-document"]')
if (await holder.page.locator('.site-portrait').count()) throw new Error('the data stay on the screen')
await holder.go('/language?to=en&back=%2Fown-document')
await holder.look('own-document-en')

await browser.close()
finish(join(out, 'journey.json'), [...desk.faults, ...registrar.faults, ...holder.faults], 'chips and fingers at a desk')
