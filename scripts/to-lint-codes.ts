import { allRules } from '../src/lint/lint.ts'
import type { RuleHead } from '../src/lint/rule.ts'

const GROUPS: Readonly<Record<string, string>> = {
  0: 'What was not looked into',
  1: 'The policy by itself',
  2: 'Envoy: bootstraps, config dumps, xDS resources',
  3: 'Istio',
  4: 'Envoy Gateway',
  5: 'Kubernetes',
}

const toRow = ({ code, level, title }: RuleHead): string =>
  `| [${code}](#${code.toLowerCase()}) | ${level} | ${toMarkdown(title)} |`

const toSection = ({ code, title, why, fix }: RuleHead): string =>
  `#### ${code}\n\n**${toMarkdown(title)}.** ${toMarkdown(why)}\n\nWhat to do: ${toMarkdown(fix)}\n`

/** Stars and pipes are Markdown’s, names with underscores stay as they are. */
const toMarkdown = (text: string): string => text.replaceAll(/[*|<]/g, (sign) => `\\${sign}`)

/** The page with all codes of `bearergate lint`: one table, and a section for each. */
export const toLintCodes = (): string => {
  const groups = Object.entries(GROUPS).map(([digit, title]) => ({
    title,
    rules: allRules.filter(({ code }) => code.startsWith(`BG${digit}`)),
  }))
  return [
    '# Codes of `bearergate lint`',
    '',
    'Written by `npm run generate` from the rules in `src/lint`. How to run it: [lint.md](lint.md).',
    '',
    '| code | level | |',
    '|---|---|---|',
    ...groups.flatMap(({ rules }) => rules.map(toRow)),
    '',
    ...groups
      .filter(({ rules }) => rules.length > 0)
      .flatMap(({ title, rules }) => [`## ${title}`, '', ...rules.map(toSection)]),
  ].join('\n')
}
