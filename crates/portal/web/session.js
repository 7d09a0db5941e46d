// Before a session ends that nobody uses, whoever sits at the desk hears of it and can go on: what is typed is not lost.

const box = document.getElementById('idle')
const [said, go] = [box.querySelector('p'), box.querySelector('button')]
const BEFORE = 120
const others = new BroadcastChannel('rilascio-session')
let end = 0
let waits = []

function wait (seconds) {
  waits.forEach(clearTimeout)
  box.hidden = true
  end = Date.now() + seconds * 1000
  waits = [setTimeout(warn, Math.max(0, seconds - BEFORE) * 1000)]
}

// A computer that slept wakes up late: the end is a time, not a wait.
function warn () {
  const left = end - Date.now()
  if (left <= 0) return over()
  const at = new Date(end).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' })
  said.textContent = `${box.dataset.ends} ${at}.`
  go.hidden = false
  box.hidden = false
  go.focus()
  waits.push(setTimeout(over, left))
}

function over () {
  said.textContent = box.dataset.over
  go.hidden = true
  box.hidden = false
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
