import { join } from 'node:path'
import { runProgram } from './run-program.ts'

/** A Python that has pip. */
export interface PythonEnvironment {
  /** `otherWay` is what else a person can do when it fails. */
  readonly pip: (args: readonly string[], otherWay: string) => Promise<string>
  readonly run: (code: string, ...args: readonly string[]) => Promise<string>
}

/** Makes a Python virtual environment in that folder. */
export const makePythonEnvironment = async (folder: string, otherWay: string): Promise<PythonEnvironment> => {
  const remedy = `install Python's venv (Debian: apt-get install python3-venv)${otherWay}`
  await runProgram('python3', ['-m', 'venv', folder], remedy)
  const python = join(folder, 'bin', 'python')
  return {
    pip: ([command = '', ...args], elsewhere) =>
      runProgram(
        python,
        ['-m', 'pip', command, '--quiet', '--disable-pip-version-check', ...args],
        `make Python packages reachable for pip${elsewhere}`,
      ),
    run: (code, ...args) => runProgram(python, ['-c', code, ...args], 'try again with an empty cache folder'),
  }
}
