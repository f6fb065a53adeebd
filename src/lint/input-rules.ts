import type { EnvoyView } from './envoy-view.ts'
import type { Rule } from './rule.ts'
import type { Inputs } from './sort-inputs.ts'

/** What was not looked into: silence about it means nothing. */
export const inputRules: readonly Rule<{ readonly inputs: Inputs; readonly envoys: readonly EnvoyView[] }>[] = [
  {
    code: 'BG001',
    level: 'note',
    title: 'a document of an unknown kind',
    why: 'Nothing in it was checked.',
    fix: 'Give an Envoy bootstrap or config dump, Kubernetes objects, or Istio’s mesh configuration.',
    find: ({ inputs }) =>
      inputs.unknown.map((part) => {
        const names = part.entries().map(([name]) => name)
        return { at: part, what: names.length > 0 ? `it has ${names.slice(0, 5).join(', ')}` : 'it has no fields' }
      }),
  },
  {
    code: 'BG002',
    level: 'note',
    title: 'a part that could not be looked into',
    why: 'Nothing in it was checked.',
    fix: 'Give the config dump of the running Envoy (/config_dump?include_eds), where it is shown whole.',
    find: ({ envoys }) => envoys.flatMap(({ unread }) => unread),
  },
]
