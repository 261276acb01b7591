// A schema that lets through what nobody described (CWE-20).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 20,
  message: 'A body is taken with fields that no schema describes, or with none at all.',
  fix: 'Describe every field with z.strictObject; a limit on each text and list.',
  only: /^app\/features\//,
  match: { 'pattern-either': [
    { pattern: '$S.passthrough()' }, { pattern: '$S.loose()' }, { pattern: 'z.looseObject(...)' }, { pattern: '$S.catchall(z.any())' }, { pattern: '$S.catchall(z.unknown())' },
    where('{..., $PART: $ANY, ...}', { PART: 'body|params|query', ANY: 'z\\.(?:any|unknown)\\(\\).*|z\\.record\\(.*' }),
  ] },
  refuses: [
    'export const schema = z.object({ name: z.string() }).passthrough();',
    'export const schema = z.looseObject({ name: z.string() });',
    'export const c = defineCommand({ body: z.any(), action: "item:update" });',
    'export const c = defineQuery({ query: z.record(z.string(), z.string()) });',
  ],
  allows: [
    'export const schema = z.strictObject({ name: z.string().max(80) });',
  ],
};
