// A question from a page, its answer, the answer among all answers, news of the centre: node help.mjs ADDRESS OPERATORS.json OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'

const [base, operators, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const browser = await Desk.browser()
const faults = []

async function as (officer, work, language = 'it') {
  const desk = await Desk.open(browser, base, out, language)
  await desk.signIn(officer, known[officer])
  const result = await work(desk)
  faults.push(...desk.faults)
  await desk.context.close()
  return result
}

const text = async desk => await desk.page.locator('main').innerText()

async function says (desk, words, not = false) {
  if ((await text(desk)).includes(words) === not) throw new Error(`${desk.page.url()} ${not ? 'says' : 'does not say'} ${words}: ${await text(desk)}`)
}

const clerk = 'questura-viterbo.bianchi'
const question = 'La pratica non si invia: che cosa manca?'

const asked = await as(clerk, async desk => {
  await desk.go('/desk/office/dossier')
  await desk.press('footer a[href^="/help/ask"]')
  if (await desk.page.locator('#page').inputValue() !== '/desk/office/dossier') throw new Error('the page is not attached')
  await desk.page.fill('#text', 'Δ')
  await desk.press('main form button')
  await says(desk, 'Latin letters')
  await desk.page.fill('#text', question)
  await desk.press('main form button')
  await says(desk, question)
  return new URL(desk.page.url()).pathname
})

await as('gendarmeria.bianchi', async desk => {
  if (await desk.go(asked) !== 404) faults.push('somebody else sees the case')
})

await as('questura-viterbo.neri', async desk => {
  await desk.go('/help')
  await desk.press(`main a[href="${asked}"]`)
  await desk.page.fill('#text', 'Manca la firma di un secondo operatore.')
  await desk.press('main form button[value=false]')
  await says(desk, 'con risposta')
  await desk.press('main a[href^="/help/publish"]')
  if (!(await desk.page.locator('#text_it').inputValue()).startsWith(question)) throw new Error('the question is not in the form')
  if (desk.page.url().includes('pratica')) throw new Error('what a case says is in an address')
  await desk.page.fill('#title_it', 'Invio di una pratica')
  await desk.press('main form button')
  await says(desk, 'Invio di una pratica')
  // What the desk cannot answer goes on to the centre.
  await desk.go(asked)
  await desk.page.fill('#text', 'Con la firma non basta: chiedo al centro.')
  await desk.press('main form button[name=pass]')
  await says(desk, 'Passata al centro')
  await desk.look('case-passed')
})

await as('centre.auditor', async desk => {
  for (let tries = 0; tries < 100; tries += 1) {
    await desk.go('/help')
    if ((await text(desk)).includes('bianchi')) break
  }
  await desk.press('main li:has-text("bianchi") a')
  await says(desk, 'chiedo al centro')
  await desk.look('case-at-centre')
  await desk.page.fill('#text', 'Aggiornare il pacchetto della postazione.')
  await desk.press('main form button[value=false]')
  await says(desk, 'con risposta')
}, 'it')

await as(clerk, async desk => {
  for (let tries = 0; tries < 100; tries += 1) {
    await desk.go(asked)
    if ((await text(desk)).includes('Aggiornare il pacchetto')) break
  }
  await says(desk, 'secondo operatore')
  await says(desk, 'Aggiornare il pacchetto')
  await desk.look('case-answered')
  await desk.press('main form button[value=true]')
  await says(desk, 'chiusa')
  await desk.go('/help?q=invio%20manca')
  await says(desk, 'Invio di una pratica')
  await says(desk, 'Acquisire le impronte', true)
})

// Whoever sits there for long hears that the session will end, and goes on without losing what is typed.
await as(clerk, async desk => {
  await desk.page.clock.install()
  await desk.go('/help/ask')
  await desk.page.fill('#text', question)
  await desk.page.clock.fastForward('26:50')
  if (await desk.page.locator('#idle').isVisible()) throw new Error('the warning came too early')
  await desk.page.clock.fastForward('00:15')
  await desk.page.locator('#idle').waitFor({ state: 'visible' })
  await desk.page.screenshot({ path: join(out, 'idle.png') })
  await Promise.all([desk.page.waitForResponse(`${base}/account/alive`), desk.page.keyboard.press('Enter')])
  await desk.page.locator('#idle').waitFor({ state: 'hidden' })
  if (await desk.page.locator('#text').inputValue() !== question) throw new Error('what was typed is gone')
  if (!await desk.page.locator('#text').evaluate(one => one === document.activeElement)) throw new Error('the place at the keyboard is lost')
  await desk.page.clock.fastForward('30:05')
  const text = await desk.page.locator('#idle').innerText()
  if (!text.includes('La sessione è finita')) throw new Error(`nobody said that it is over: ${text}`)
})

const news = await as('centre.auditor', async desk => {
  await desk.go('/help/publish')
  await desk.page.selectOption('#channel', 'news')
  await desk.page.fill('#title_it', 'Manutenzione domenica')
  await desk.page.fill('#text_it', 'Dalle 6 alle 8 il centro è fermo.')
  await desk.page.setInputFiles('#file', { name: 'avviso.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') })
  await desk.press('main form button')
  await desk.look('published')
  return new URL(desk.page.url()).pathname
})

await as(clerk, async desk => {
  for (let tries = 0; tries < 100; tries += 1) {
    await desk.go('/')
    if ((await text(desk)).includes('Manutenzione domenica')) break
  }
  await desk.look('news')
  await desk.press(`main a[href="${news}"]`)
  await says(desk, 'il centro è fermo')
  const file = await desk.page.request.get(`${base}${news}/file`)
  if (!(await file.body()).toString().startsWith('%PDF-')) throw new Error('the file did not come')
}, 'it')

await as('centre.auditor', async desk => {
  await desk.go(news)
  await desk.press('main form button')
  await says(desk, 'Manutenzione domenica', true)
})

await browser.close()
finish(join(out, 'journey.json'), faults, 'a question was asked, answered and published')
