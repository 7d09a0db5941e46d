// Before a session ends that nobody uses, whoever sits at the desk hears of it and can go on: what is typed is not lost.

const box = document.getElementById('idle')
const [said, go] = [box.querySelector('p'), box.querySelector('button')]
const BEFORE = 120
const others = new BroadcastChannel('rilascio-session')
let end = 0
let waits = []
let before = null

function wait (seconds) {
  waits.forEach(clearTimeout)
  if (!box.hidden) {
    box.hidden = true
    before?.focus()
  }
  end = Date.now() + seconds * 1000
  // A shift that ends cannot go on: that is said once, and takes nobody's place at the keyboard.
  if (seconds <= BEFORE) return last()
  waits = [setTimeout(warn, (seconds - BEFORE) * 1000)]
}

// A computer that slept wakes up late: the end is a time, not a wait.
function warn () {
  const left = end - Date.now()
  if (left <= 0) return over()
  show(box.dataset.ends, true)
  before = document.activeElement
  // In the page that somebody looks at, and in no other.
  if (document.hasFocus()) go.focus()
  waits.push(setTimeout(over, left))
}

function last () {
  show(box.dataset.last, false)
  waits = [setTimeout(over, Math.max(0, end - Date.now()))]
}

function show (text, more) {
  const at = new Date(end).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' })
  go.hidden = !more
  box.hidden = false
  said.textContent = `${text} ${at}.`
}

function over () {
  const held = document.activeElement === go
  go.hidden = true
  box.hidden = false
  said.textContent = box.dataset.over
  if (held) box.focus()
}

go.addEventListener('click', async () => {
  const answer = await fetch('/account/alive', { method: 'POST' }).catch(() => null)
  if (answer?.ok && answer.headers.get('content-type')?.includes('json')) {
    const { ends_in_s: seconds } = await answer.json()
    wait(seconds)
    others.postMessage(seconds)
  } else {
    over()
  }
})

// Another page of the same browser was opened, or went on.
others.addEventListener('message', event => wait(event.data))
const seconds = Number(box.dataset.seconds)
wait(seconds)
others.postMessage(seconds)
