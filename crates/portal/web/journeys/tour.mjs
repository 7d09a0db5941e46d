// Every page of every desk, in both languages: node tour.mjs ADDRESS OPERATORS.json OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'

const [base, operators, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))

// The first thing of a list, by the link that names it.
async function first (desk, list) {
  await desk.go(list)
  const link = desk.page.locator('main th[scope=row] a').first()
  return await link.count() ? await link.getAttribute('href') : null
}

const TOURS = {
  'questura-viterbo.bianchi': {
    pages: ['/', '/desk/office/dossier', '/desk/office/dossier?state=enrolled', '/desk/office/consignment', '/desk/office/waiting', '/desk/office/sheet',
      '/desk/office/legacy-file', '/desk/office/attestation', '/desk/office/loss-report', '/do/report-loss', '/do/open-dossier', '/do/receive-sheets', '/do/note-legacy-file',
      '/help', '/help?q=impronte', '/help/ask?page=%2Fdesk%2Foffice%2Fdossier&code=circuit.state', '/help/cases/help-000001', '/help/articles/centre-N000002'],
    things: ['/desk/office/dossier?state=enrolled', '/desk/office/dossier?state=examination', '/desk/office/dossier?state=at-office'],
    inside: ['/enrol/person', '/enrol/document', '/enrol/portrait', '/enrol/fingers', '/enrol/signature', '/enrol/proof', '/receipt']
  },
  'centre.examiner': {
    pages: ['/', '/desk/centre/queue', '/desk/centre/dossier', '/desk/centre/dossier?state=examination'],
    things: ['/desk/centre/dossier?state=examination', '/desk/centre/dossier?state=refused']
  },
  'centre.director': { pages: ['/', '/desk/centre/dossier?state=proposed'], things: ['/desk/centre/dossier?state=proposed'] },
  'centre.revoker': { pages: ['/', '/desk/centre/document'], things: ['/desk/centre/document?state=in-force'] },
  'centre.watcher': { pages: ['/desk/centre/watch-entry', '/do/enter-watch'], things: [] },
  'works.keeper': {
    pages: ['/', '/desk/works/order', '/desk/works/blank', '/desk/works/consignment', '/do/receive-blanks', '/do/take-stock', '/desk/works/stock-take', '/do/dispatch', '/do/close-day'],
    things: ['/desk/works/order', '/desk/works/blank']
  },
  'registry.clerk': {
    pages: ['/desk/registry/registration', '/desk/registry/access-grant', '/do/grant-access', '/do/look-up'],
    things: ['/desk/registry/registration']
  },
  'centre.auditor': {
    pages: ['/account', '/account/substitute', '/account/emergency', '/oversight/grants', '/oversight/workstations', '/oversight/cards', '/oversight/certificates', '/help', '/help/publish', '/help/articles/centre-N000001', '/desk/centre/works', '/do/stop-works', '/oversight', '/statistics', '/inspection', '/oversight/centre/officers/new', '/oversight/centre/journal', '/oversight/centre/messages', '/oversight/centre/jobs', '/oversight/centre/officers'],
    things: []
  }
}

const browser = await Desk.browser()
const faults = []
let pages = 0
let checks = 0
for (const language of ['it', 'en']) {
  for (const [officer, tour] of [[null, { pages: ['/sign-in', '/status', '/accessibility'], things: [] }], ...Object.entries(TOURS)]) {
    const folder = join(out, language)
    const desk = await Desk.open(browser, base, folder, language)
    if (officer) await desk.signIn(officer, known[officer])
    const paths = [...tour.pages]
    for (const list of tour.things) {
      const thing = await first(desk, list)
      if (!thing) continue
      paths.push(thing)
      if (list.includes('enrolled')) paths.push(...(tour.inside ?? []).map(step => thing + step))
      await desk.go(thing)
      for (const step of await desk.page.locator('main .site-actions a').evaluateAll(all => all.map(one => one.getAttribute('href')))) {
        if (!paths.includes(step)) paths.push(step)
      }
    }
    for (const path of paths) {
      const status = await desk.go(path)
      if (status !== 200) faults.push(`${officer}: ${path} answered ${status}`)
      const name = `${officer ?? 'anybody'}${path}`.replace(/[^a-z0-9.]+/gi, '_')
      checks += await desk.look(name)
      const said = await desk.page.locator('html').getAttribute('lang')
      if (said !== language) faults.push(`${path} is in ${said}, not ${language}`)
      pages += 1
    }
    faults.push(...desk.faults)
    await desk.context.close()
  }
}
await browser.close()
finish(join(out, 'journey.json'), faults, `${pages} pages, ${checks} checks passed`)
