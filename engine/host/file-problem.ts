import { type Problem, problem } from '../../contract/result.ts'
import type { FileFault } from './host.ts'

const REASONS: Readonly<Record<FileFault, string>> = {
  absent: 'is not there',
  denied: 'may not be read',
  gone: 'has ended',
  broken: 'gave nothing',
  exhausted: 'could not be opened: no descriptor is left',
}

export function fileProblem(path: string, fault: FileFault): Problem<FileFault> {
  return problem(fault, `${path} ${REASONS[fault]}.`)
}
