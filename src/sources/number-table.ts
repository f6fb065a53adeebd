import { allocateShared } from './shared-memory.ts'

/**
 * A hash table of numbers, in memory that threads share: open addressing, at most two thirds full. What the numbers stand
 * for, and when two are the same, is known to the caller alone.
 */
export type NumberTable = Uint32Array

/** An empty table with room for so many. */
export const createNumberTable = (count: number): NumberTable => {
  const slots = Math.ceil(1.5 * count) + 1
  return new Uint32Array(allocateShared(4 * slots), 0, slots)
}

/** The slot of the number for which `isSame` holds, or the free slot where it would stand. `hash` has 32 bits. */
export const findSlot = (table: NumberTable, hash: number, isSame: (number: number) => boolean): number => {
  let slot = Math.floor((hash / 2 ** 32) * table.length)
  for (let held = table[slot]; held; held = table[slot]) {
    if (isSame(held - 1)) return slot
    slot = slot + 1 === table.length ? 0 : slot + 1
  }
  return slot
}

/** The number in a slot; undefined when the slot is free. */
export const readSlot = (table: NumberTable, slot: number): number | undefined => {
  const held = table[slot]
  return held ? held - 1 : undefined
}

export const fillSlot = (table: NumberTable, slot: number, number: number): void => {
  // Zero is a free slot.
  table[slot] = number + 1
}
