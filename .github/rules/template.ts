// What a fork has to fill in before it is its own: contacts, support period, who reports.
import { linesThat, matching, type Rule, type Tree } from './tree.ts';

const TEMPLATE_NAME = 'stockade';
const document = '.github/SECURITY.md';
const blank = /\bTEMPLATE: |____|example\.com|@your-org\//;
const sections = ['## Report a vulnerability', '## Support period', '## What the Cyber Resilience Act wants reported'];

function isFork(tree: Tree): boolean {
  const { name } = JSON.parse(tree.get('package.json') ?? '{}') as { readonly name?: string };
  return name !== undefined && name !== TEMPLATE_NAME;
}

const manifest = (name: string): string => JSON.stringify({ name });
const filledIn = `${sections.join('\n\n')}\n\nContact: security@warehouse.test. Supported until: 2999-12\n`;

export const templateRules: readonly Rule[] = [
  {
    claim: 'a fork has filled in what the template leaves open: whoever renames the package has no TEMPLATE block and no blank left',
    violations: (tree) => (isFork(tree) ? matching(tree, /^\.github\/(?:SECURITY\.md|CODEOWNERS)$/).flatMap((file) => linesThat(blank, file)) : []),
    refuses: { 'package.json': manifest('warehouse'), [document]: '> **TEMPLATE: a fork replaces this block.**\n', '.github/CODEOWNERS': '* @your-org/maintainers\n' },
    allows: { 'package.json': manifest('warehouse'), [document]: filledIn, '.github/CODEOWNERS': '* @warehouse/maintainers\n' },
  },
  {
    claim: 'SECURITY.md says how to report, how long there is support, and what the Cyber Resilience Act wants reported',
    violations: (tree) => sections.filter((section) => tree.get(document)?.includes(`${section}\n`) !== true).map((section) => `${document} lacks "${section}"`),
    refuses: { [document]: sections.slice(1).join('\n') },
    allows: { [document]: filledIn },
  },
  {
    claim: 'a fork says until which month it supports its product, and that month is not past',
    violations: (tree) => {
      const until = /Supported until: (\d{4}-(?:0[1-9]|1[0-2]))\b/.exec(tree.get(document) ?? '')?.[1];
      return !isFork(tree) || (until !== undefined && until >= new Date().toISOString().slice(0, 7)) ? [] : [`${document} supports until ${until ?? 'nobody knows when'}`];
    },
    refuses: { 'package.json': manifest('warehouse'), [document]: 'Supported until: 2020-01\n' },
    allows: { 'package.json': manifest('warehouse'), [document]: filledIn },
  },
];
