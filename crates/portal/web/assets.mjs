// Collects what the pages need from the packages and from here, each file also compressed: node assets.mjs OUT
import { brotliCompressSync, constants } from 'node:zlib'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const out = process.argv[2]
const kit = join(here, 'node_modules/bootstrap-italia/dist')

const icons = ['it-arrow-right', 'it-calendar', 'it-camera', 'it-card', 'it-check', 'it-check-circle', 'it-chevron-left',
  'it-chevron-right', 'it-clock', 'it-close-circle', 'it-download', 'it-error', 'it-file', 'it-flag', 'it-folder',
  'it-help-circle', 'it-inbox', 'it-info-circle', 'it-key', 'it-locked', 'it-pa', 'it-print', 'it-search', 'it-settings',
  'it-user', 'it-warning-circle']

function sprite () {
  const source = readFileSync(join(kit, 'svg/sprites.svg'), 'utf8')
  const symbols = icons.map(id => {
    const found = source.match(new RegExp(`<symbol id="${id}"[^]*?</symbol>`))
    if (!found) throw new Error(`bootstrap-italia has no icon ${id}`)
    return found[0]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`
}

// Without the font that the kit carries for its video player: no page may load one from inside a style.
const kitStyle = readFileSync(join(kit, 'css/bootstrap-italia.min.css'), 'utf8')
  .replace(/\n?\/\*# sourceMappingURL[^]*?\*\//, '')
  .replace(/@font-face\{[^}]*VideoJS[^}]*\}/g, '')
const font = name => readFileSync(join(kit, 'fonts/Titillium_Web', name))
const files = {
  'kit.css': kitStyle,
  'site.css': readFileSync(join(here, 'site.css')),
  'capture.js': readFileSync(join(here, 'capture.js')),
  'passkey.js': readFileSync(join(here, 'passkey.js')),
  'bridge.js': readFileSync(join(here, 'bridge.js')),
  'preview.js': readFileSync(join(here, 'preview.js')),
  'session.js': readFileSync(join(here, 'session.js')),
  'icons.svg': sprite(),
  'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#06c"/><path d="M4 5h8v6H4z" fill="#fff"/></svg>\n',
  'titillium-web-regular.woff2': font('titillium-web-v10-latin-ext_latin-regular.woff2'),
  'titillium-web-600.woff2': font('titillium-web-v10-latin-ext_latin-600.woff2'),
  'titillium-web-700.woff2': font('titillium-web-v10-latin-ext_latin-700.woff2')
}
mkdirSync(out, { recursive: true })
for (const [name, content] of Object.entries(files)) {
  const bytes = Buffer.from(content)
  writeFileSync(join(out, name), bytes)
  if (!name.endsWith('.woff2')) {
    writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
  }
}
