import { allocateShared } from './shared-memory.ts'
/**
 * A hash table of numbers, in memory that threads share: open addressing, at most half full. What the numbers stand for,
 * and when two are the same, is known to the caller alone.
 */
export type NumberTable = Uint32Array

/** An empty table with room for so many. */
export const createNumberTable = (count: number): NumberTable => {
  const slots = 2 ** Math.ceil(Math.log2(Math.max(1, count) * 2))
  return new Uint32Array(allocateShared(4 * slots), 0, slots)
}

/** The slot of the number for which `isSame` holds, or the free slot where it would stand. */
export const findSlot = (table: NumberTable, hash: number, isSame: (number: number) => boolean): number => {
  const mask = table.length - 1
  let slot = hash & mask
  for (let held = table[slot]; held; held = table[slot]) {
    if (isSame(held - 1)) return slot
    slot = (slot + 1) & mask
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
