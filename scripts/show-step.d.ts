/** Runs one step and shows it if it takes longer than a moment: its title, the seconds, and what `report` was last told. */
export type ShowStep = <T>(title: string, work: (report: (detail: string) => void) => Promise<T>) => Promise<T>
export const showStep: ShowStep
