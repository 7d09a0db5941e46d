// Nobody works at a browser that is not registered, or blocked: node workstations.mjs ADDRESS OPERATORS.json OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'

const [base, operators, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const faults = []
const officer = 'questura-viterbo.bianchi'
const chief = 'questura-viterbo.neri'

function must (right, what) {
  if (!right) throw new Error(what)
}

const path = desk => new URL(desk.page.url()).pathname

async function tries (desk) {
  await desk.page.goto(`${base}/sign-in`)
  await desk.page.fill('#officer', officer)
  await desk.page.fill('#password', known[officer])
  await desk.press('form[action="/sign-in"] button')
  return path(desk) === '/'
}

const browser = await Desk.browser()
const desk = await Desk.open(browser, base, out, 'it')
must(!await tries(desk), 'somebody works at a browser that is not registered')
must((await desk.page.textContent('main')).includes('postazione'), 'nobody said why')
await desk.look('not-registered')

// Who administers the site registers the browser at which the page is open.
await desk.signIn(chief, known[chief])
await desk.go('/oversight/workstations')
await desk.page.fill('#name', 'Sportello 3')
await desk.press('form[action="/oversight/workstations"] button')
must((await desk.page.textContent('main')).includes('Sportello 3'), 'it is not registered')
await desk.look('registered')
await desk.press('form[action="/sign-out"] button')
must(await tries(desk), 'nobody works at a registered browser')
await desk.press('form[action="/sign-out"] button')

const other = await Desk.open(browser, base, out, 'it')
must(!await tries(other), 'another browser is not registered')
await other.signIn(chief, known[chief])
await other.go('/oversight/workstations')
must(!(await other.page.locator('tbody td').allTextContents()).slice(1, 3).includes('-'), 'nobody noted the sign-in')
await other.press('form:has(input[value=block]) button')
await other.look('blocked')
must(!await tries(desk), 'somebody works at a blocked browser')
await other.go('/oversight/workstations')
await other.press('form:has(input[value=open]) button')
must(await tries(desk), 'nobody works where it was opened again')
faults.push(...desk.faults, ...other.faults)
await browser.close()
finish(join(out, 'journey.json'), faults, 'a workstation was registered, blocked and opened again')
