/** What the work comes to; undefined when it takes longer than that many milliseconds. The work itself goes on. */
export const within = async <T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    // After a stall of our own the answer may be there already, unread: what has come in is looked at first.
    timer = setTimeout(() => setImmediate(resolve, undefined), Math.max(0, milliseconds))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
