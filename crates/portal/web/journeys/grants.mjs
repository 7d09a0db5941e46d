// A stand-in is asked for, approved and used; a right is taken in an emergency, alarms and is looked at: node grants.mjs ADDRESS OPERATORS.json OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'

const [base, operators, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const browser = await Desk.browser()
const faults = []

async function as (officer, work) {
  const desk = await Desk.open(browser, base, out, 'it')
  await desk.signIn(officer, known[officer])
  const result = await work(desk)
  faults.push(...desk.faults)
  await desk.context.close()
  return result
}

async function says (desk, words, not = false) {
  const text = await desk.page.locator('main').innerText()
  if (text.includes(words) === not) throw new Error(`${desk.page.url()} ${not ? 'says' : 'does not say'} ${words}: ${text}`)
}

const day = days => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10)

await as('questura-viterbo.rossi', async desk => {
  await desk.go('/account')
  await desk.press('main a[href="/account/substitute"]')
  await desk.page.fill('#substitute', 'questura-viterbo.rossi')
  await desk.page.fill('#from', day(-1))
  await desk.page.fill('#until', day(2))
  await desk.page.locator('#r-approve').press('Space')
  await desk.press('main form button')
  // Nobody stands in for themselves, and nothing that was typed is lost.
  await says(desk, 'due persone')
  if (!await desk.page.locator('#r-approve').isChecked()) throw new Error('the tick is gone')
  await desk.look('substitute-refused')
  await desk.page.fill('#substitute', 'questura-viterbo.bianchi')
  await desk.press('main form button')
  await says(desk, 'richiesta')
  if (await desk.page.locator('main button:has-text("Approva")').count()) throw new Error('whoever is away could approve it')
})

await as('questura-viterbo.neri', async desk => {
  await desk.go('/oversight/grants')
  await says(desk, 'questura-viterbo.bianchi')
  await desk.look('asked')
  await desk.press('main button:has-text("Approva")')
  await says(desk, 'in vigore')
})

await as('questura-viterbo.bianchi', async desk => {
  await desk.go('/account')
  await says(desk, 'in vigore')
  await desk.look('stand-in')
})

await as('centre.examiner', async desk => {
  await desk.go('/account/emergency')
  await desk.page.selectOption('#right', 'decide')
  await desk.page.fill('#minutes', '5')
  await desk.page.fill('#reason', 'Il dirigente non risponde, il richiedente parte stasera.')
  await desk.press('main form button')
  await says(desk, 'Emergenza')
  await says(desk, 'in vigore')
})

await as('centre.auditor', async desk => {
  await desk.go('/')
  await says(desk, 'nessuno ha esaminato')
  await desk.look('alarm')
  await desk.press('main .alert a')
  await says(desk, 'parte stasera')
  await desk.press('main button:has-text("Termina")')
  await desk.press('main button:has-text("esaminata")')
  await says(desk, 'Esaminata da centre.auditor')
  await desk.look('reviewed')
  await desk.go('/')
  await says(desk, 'nessuno ha esaminato', true)
})

await browser.close()
finish(join(out, 'journey.json'), faults, 'somebody stood in for somebody, and an emergency was looked at')
