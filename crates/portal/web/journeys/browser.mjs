// A browser for the journeys: every page that it opens is looked at by axe, in both languages, and photographed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']

// Every page that was looked at, by its address, in which language, and what axe tried.
const looked = []
let version = ''

export class Desk {
  constructor (base, out, context, page, faults) {
    Object.assign(this, { base, out, context, page, faults })
  }

  static async browser () {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--no-first-run', '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream']
    })
    version = browser.version()
    return browser
  }

  // A desk of its own: one officer, or nobody, with or without JavaScript.
  static async open (browser, base, out, language = 'it', javaScriptEnabled = true, more = {}) {
    const context = await browser.newContext({
      locale: language, javaScriptEnabled, reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...more
    })
    const page = await context.newPage()
    const faults = []
    page.on('pageerror', why => faults.push(`${page.url()}: ${why}`))
    page.on('console', said => {
      // A refused command is a page like any other.
      if (said.type() === 'error' && !said.text().includes('Failed to load resource')) faults.push(`${page.url()}: ${said.text()}`)
    })
    page.on('request', request => {
      const address = request.url()
      const near = [base, process.env.BRIDGE, 'data:', 'blob:']
      if (!near.some(place => place && address.startsWith(place))) faults.push(`a request left the host: ${address}`)
    })
    page.on('response', response => {
      if (response.status() >= 500) faults.push(`${response.status()} ${response.url()}`)
    })
    return new Desk(base, out, context, page, faults)
  }

  async signIn (officer, password) {
    await this.page.goto(`${this.base}/sign-in`)
    await this.page.fill('#officer', officer)
    await this.page.fill('#password', password)
    await this.press('form[action="/sign-in"] button')
    if (new URL(this.page.url()).pathname !== '/') throw new Error(`${officer} could not sign in: ${this.page.url()}`)
  }

  // By keyboard, as all that a journey presses.
  async press (selector) {
    const target = this.page.locator(selector).first()
    await target.focus()
    await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), this.page.keyboard.press('Enter')])
  }

  async go (path) {
    const response = await this.page.goto(this.base + path)
    return response.status()
  }

  // What axe says of this page, and its picture.
  async look (name) {
    mkdirSync(this.out, { recursive: true })
    await this.page.screenshot({ path: join(this.out, `${name}.png`), fullPage: true })
    await this.page.evaluate(axe + ';0')
    const found = await this.page.evaluate(tags => axe.run(document, { runOnly: { type: 'tag', values: tags } }), TAGS)
    for (const violation of found.violations) {
      for (const node of violation.nodes.slice(0, 5)) this.faults.push(`${name} (${this.page.url()}): ${violation.id}: ${node.target.join(' ')}: ${violation.help}`)
    }
    looked.push({ path: new URL(this.page.url()).pathname, language: await this.page.locator('html').getAttribute('lang'), violations: found.violations.length, axe: found.testEngine.version })
    const wider = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (wider > 0) this.faults.push(`${name}: ${wider} pixels wider than the window`)
    return found.passes.length
  }
}

// What a journey saw, for the declaration; its faults are its end.
export function finish (file, faults, said) {
  writeFileSync(file, JSON.stringify({ browser: version, standard: TAGS, looked, faults }, null, 2) + '\n')
  console.log(`${said}, ${faults.length} faults`)
  for (const fault of faults) console.log(fault)
  process.exit(faults.length ? 1 : 0)
}
