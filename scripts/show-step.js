/**
 * Runs one step and shows it on the terminal if it takes longer than a moment: its title, the seconds while it lasts, and
 * how long it took. `work` gets a function that tells what it is doing now. Plain JavaScript: it works before the install.
 *
 * @template T
 * @param {string} title
 * @param {(report: (detail: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function showStep(title, work) {
  const started = performance.now()
  const show = process.stdout.isTTY ? showInPlace : (text) => console.log(text.trimEnd())
  let detail = ''
  const tick = () => show(`… ${title}: ${toSeconds(started)}${detail && `, ${detail}`}`)
  let timer
  const moment = setTimeout(() => {
    tick()
    timer = setInterval(tick, process.stdout.isTTY ? 500 : 10_000)
  }, 500)
  const end = (mark) => {
    clearTimeout(moment)
    clearInterval(timer)
    if (timer) show(`${mark} ${title}: ${toSeconds(started)}\n`)
  }
  try {
    const result = await work((text) => {
      detail = text.trim()
      if (timer && process.stdout.isTTY) tick()
    })
    end('✓')
    return result
  } catch (error) {
    end('✗')
    throw error
  }
}

const toSeconds = (started) => `${Math.round((performance.now() - started) / 1000)} s`

/** Writes over the current line, cut to the width of the terminal so that it stays one line. */
function showInPlace(text) {
  const end = text.endsWith('\n') ? '\n' : ''
  process.stdout.write(`\r\u001b[K${text.trimEnd().slice(0, (process.stdout.columns || 80) - 1)}${end}`)
}
