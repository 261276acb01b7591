// `npm run --silent privacy:record`: the record of processing activities (GDPR, Article 30), made of the register.
import { parseConfig } from '#app/config.ts';
import { findFeatures } from '#app/features.ts';
import { describeKept, whatOf } from '#app/privacy/personal-rows.ts';
import { collectRegister } from '#app/privacy/register.ts';

const AFTERWARDS = { delete: 'removed', unlink: 'kept under an id that leads to nobody', blank: 'their name in it removed', expires: 'expires by itself' } as const;

const register = collectRegister((await findFeatures()).map(({ module }) => module), parseConfig(process.env));
const rows = register.map(({ owner, table, purpose, basis, columns, kept, erasure }) =>
  [purpose, Object.values(columns).map(whatOf).join('; '), `Article 6(1): ${basis}`, describeKept({ kept }), AFTERWARDS[erasure], `${owner}, table \`${table}\``].map((cell) => cell.replaceAll('|', '\\|')),
);

console.log(`# Record of processing activities

> **TEMPLATE: fill in.** Controller: name and contact (a). Data protection officer (a). Recipients beside the controller's own people,
> processors among them: the host of the service, the identity provider, the mail server (d). Transfers to third countries (e).

Whose data: the people who sign in to the service, by their identity provider${register.some(({ owner }) => owner === 'Accounts') ? ' or with an account of its own' : ''} (c). Nothing
here rests on consent. Security measures (g): \`.github/SECURITY.md\`.

| purpose (b) | personal data (c) | basis | kept (f) | at erasure | where |
| --- | --- | --- | --- | --- | --- |
${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`);
