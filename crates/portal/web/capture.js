// Camera and signature pad: both fill the file field of their form, which works without them as well.

function offer (canvas, input, name, done) {
  canvas.toBlob(blob => {
    const files = new DataTransfer()
    files.items.add(new File([blob], name, { type: 'image/png' }))
    input.files = files.files
    done()
  }, 'image/png')
}

function camera (box) {
  const input = document.getElementById(box.dataset.input)
  const [start, shoot] = box.querySelectorAll('button')
  const video = box.querySelector('video')
  const said = box.querySelector('[role=status]')
  box.hidden = !navigator.mediaDevices
  start.addEventListener('click', async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 960 } })
      video.hidden = shoot.hidden = false
      await video.play()
      shoot.focus()
    } catch {
      said.textContent = box.dataset.failed
    }
  })
  shoot.addEventListener('click', () => {
    const canvas = document.createElement('canvas')
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    canvas.getContext('2d').drawImage(video, 0, 0)
    for (const track of video.srcObject.getTracks()) track.stop()
    video.hidden = shoot.hidden = true
    offer(canvas, input, 'portrait.png', () => { said.textContent = box.dataset.done })
  })
}

function pad (box) {
  const input = document.getElementById(box.dataset.input)
  const canvas = box.querySelector('canvas')
  const said = box.querySelector('[role=status]')
  const pen = canvas.getContext('2d')
  let drawn = false
  box.hidden = false
  const clear = () => {
    pen.fillStyle = '#fff'
    pen.fillRect(0, 0, canvas.width, canvas.height)
    pen.strokeStyle = '#000'
    pen.lineWidth = 3
    pen.lineCap = 'round'
    input.value = ''
    drawn = false
    said.textContent = ''
  }
  clear()
  const at = event => {
    const frame = canvas.getBoundingClientRect()
    return [(event.clientX - frame.left) * canvas.width / frame.width, (event.clientY - frame.top) * canvas.height / frame.height]
  }
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId)
    pen.beginPath()
    pen.moveTo(...at(event))
  })
  canvas.addEventListener('pointermove', event => {
    if (event.buttons) {
      pen.lineTo(...at(event))
      pen.stroke()
      drawn = true
    }
  })
  canvas.addEventListener('pointerup', () => {
    if (drawn) offer(canvas, input, 'signature.png', () => { said.textContent = box.dataset.done })
  })
  box.querySelector('button').addEventListener('click', clear)
}

document.querySelectorAll('[data-camera]').forEach(camera)
document.querySelectorAll('[data-pad]').forEach(pad)
