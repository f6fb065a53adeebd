import type { Stream } from './stream.ts'

/** The open streams of one connection, by their numbers. */
export interface StreamTable {
  readonly get: (id: number) => Stream | undefined
  readonly add: (stream: Stream) => void
  readonly remove: (stream: Stream) => void
  readonly size: () => number
  readonly all: () => Stream[]
}

/** A power of two: numbers that a client gives one after the other fall into places one after the other. */
const PLACES = 1_024
/** Moves each run of as many numbers by a secret step: else a client could put all its streams into one place, to be searched. */
const moves = crypto.getRandomValues(new Uint16Array(2 * PLACES))

const toPlace = (id: number): number =>
  ((id >>> 1) + (moves[(id >>> 11) % PLACES] as number) + (moves[PLACES + (id >>> 21)] as number)) % PLACES

/**
 * Not a Map, which makes itself anew every few streams: what it was before points to what it is now, so once one of all these has
 * grown old, V8 takes it and all after it, with the requests they held, for alive until it next looks at all that is old.
 */
export const createStreamTable = (): StreamTable => {
  const first: (Stream | undefined)[] = new Array(PLACES).fill(undefined)
  let size = 0

  return {
    get: (id) => {
      let stream = first[toPlace(id)]
      while (stream && stream.id !== id) stream = stream.next
      return stream
    },
    add: (stream) => {
      const place = toPlace(stream.id)
      stream.next = first[place]
      first[place] = stream
      size += 1
    },
    remove: (stream) => {
      const place = toPlace(stream.id)
      let before: Stream | undefined
      let at = first[place]
      while (at && at !== stream) {
        before = at
        at = at.next
      }
      if (!at) return
      if (before) before.next = stream.next
      else first[place] = stream.next
      stream.next = undefined
      size -= 1
    },
    size: () => size,
    all: () => {
      const streams: Stream[] = []
      for (let stream of first) for (; stream; stream = stream.next) streams.push(stream)
      return streams
    },
  }
}
