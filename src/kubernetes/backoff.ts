const FIRST_MILLISECONDS = 100

/** How long to wait after so many failures in a row, in milliseconds: at random, so that gates do not come all at once. */
export const toBackoff = (failures: number, greatest: number, random: () => number = Math.random): number => {
  const bound = Math.min(greatest, FIRST_MILLISECONDS * 2 ** Math.min(failures - 1, 30))
  return bound / 2 + (bound / 2) * random()
}
