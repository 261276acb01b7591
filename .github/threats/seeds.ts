// Small models that the checks must refuse, and their nearest relatives that pass: so that each check is known to be able to fail.
import { documentOf } from './document.ts';
import { type Answer, readModel } from './model.ts';
import { treeOf } from '../rules/tree.ts';

type Files = Readonly<Record<string, string>>;
interface Seed {
  readonly refuses: Files;
  readonly allows: Files;
}

const PLATFORM = '.github/threats/platform.json';
const OTHER = '.github/threats/other.json';
const SAMPLE = 'app/features/sample/threats.json';

const waits: Answer = { open: 'waits for something' };
const threats = (letters: string, ...answers: readonly Answer[]) => letters.split('').map((letter) => ({ id: `${letter}1`, threat: 'something that happens', answers: answers.length > 0 ? answers : [waits] }));
const person = { id: 'person', kind: 'external', name: 'Person', zone: 'here', what: 'somebody outside', threats: threats('SR') };
const service = { id: 'service', kind: 'process', name: 'Service', zone: 'here', what: 'what is asked', threats: threats('STRIDE') };
const store = { id: 'rows', kind: 'store', name: 'Rows', zone: 'here', what: 'what is kept', threats: threats('TID') };
const asks = { id: 'asks', paths: { person: ['service'] }, carries: 'what is asked', protocol: 'HTTP', authentication: 'none', encryption: 'none', threats: threats('TID') };
const zones = [{ id: 'here', name: 'Here' }];
const part = (content: object): string => `${JSON.stringify(content)}\n`;
/** A whole model, with one thing said otherwise. */
const model = (change: object = {}): string => part({ zones, elements: [person, service], flows: [asks], ...change });
const answered = (...answers: readonly Answer[]): string => model({ flows: [{ ...asks, threats: threats('TID', ...answers) }] });

export const form: Seed = {
  refuses: {
    [PLATFORM]: '{',
    [OTHER]: model({ elements: [{ ...service, colour: 'red' }] }),
    '.github/threats/bare.json': model({ elements: [{ ...service, threats: [{ id: 'S1', threat: 'nobody answers it', answers: [] }] }] }),
    '.github/threats/unsaid.json': answered({ accepted: 'because it is so' } as unknown as Answer),
  },
  allows: { [PLATFORM]: model(), [SAMPLE]: part({ elements: [] }) },
};

export const letters: Seed = {
  refuses: {
    [PLATFORM]: model({ elements: [person, { ...service, threats: threats('STRID') }] }),
    [OTHER]: model({ elements: [{ ...store, threats: threats('TRID') }] }),
    '.github/threats/record.json': model({ elements: [{ ...store, record: true }] }),
    '.github/threats/flow.json': model({ flows: [{ ...asks, threats: threats('TI') }] }),
    '.github/threats/double.json': model({ elements: [{ ...person, threats: threats('SSR') }] }),
  },
  allows: { [PLATFORM]: model({ elements: [person, service, { ...store, record: true, threats: threats('TRID') }] }) },
};

export const flows: Seed = {
  refuses: {
    [PLATFORM]: model({ flows: [asks, { ...asks, id: 'lost', paths: { person: ['service', 'nobody'] } }] }),
    [OTHER]: part({ elements: [{ ...person, id: 'alone' }] }),
    '.github/threats/raw.json': part({ elements: [store], flows: [{ ...asks, id: 'raw', paths: { person: ['rows'] } }] }),
    '.github/threats/away.json': part({ elements: [{ ...service, id: 'away', zone: 'elsewhere' }], flows: [{ ...asks, id: 'away-asks', paths: { person: ['away'] } }] }),
    '.github/threats/same.json': part({ elements: [{ ...service, id: 'asks' }] }),
    'app/features/other/threats.json': part({ flows: [{ ...asks, id: 'across', paths: { person: ['notes'] } }] }),
    [SAMPLE]: part({ elements: [{ ...service, id: 'notes' }] }),
  },
  allows: { [PLATFORM]: model({ elements: [person, service, store], flows: [asks, { ...asks, id: 'writes', paths: { service: ['rows'] } }] }), [SAMPLE]: part({ elements: [{ ...service, id: 'notes' }], flows: [{ ...asks, id: 'asks-notes', paths: { person: ['notes'] } }] }) },
};

const ci = 'npm run lint\nnpm run gates\nnpm run test:policy\nfor probe in $(find app/probes app/features -name \'*.proof.ts\'); do npm run probe -- "$probe"; done\n';
const scripts = JSON.stringify({ scripts: { lint: 'eslint', gates: 'node gates.ts', probe: 'node probe.ts', 'test:policy': 'node policy.ts', 'test:fuzz': 'node fuzz.ts' } });
const stage: Files = {
  'package.json': scripts,
  '.ci/run': ci,
  'app/a.test.ts': "test('what is asked is answered', () => {}); t.test(`${engine}: every row is kept`, () => {}); test.skip('what is skipped shows nothing', () => {});",
  'app/probes/forged.proof.ts': '',
  '.github/gates/a_holds.gate.ts': "when: 'change',",
  '.github/gates/late_holds.gate.ts': "when: 'schedule',",
  'app/fuzz.proof.ts': '',
  'policies/a_test.rego': 'test_denied if {',
  '.github/rules/a.ts': "export const rules = [{ claim: 'no file is without a name' }];",
};

export const answers: Seed = {
  refuses: {
    ...stage,
    [PLATFORM]: answered({ test: 'app/gone.test.ts', name: 'what is asked is answered' }),
    [OTHER]: answered({ test: 'app/a.test.ts', name: 'what is asked is denied' }),
    '.github/threats/twice.json': answered({ test: 'app/a.test.ts', name: 'what is skipped shows' }),
    '.github/threats/policy.json': answered({ policy: 'policies/a_test.rego', name: 'test_allowed' }),
    '.github/threats/rule.json': answered({ rule: 'every file has a name' }),
    '.github/threats/script.json': answered({ gate: 'npm run lnt' }),
    '.github/threats/by-hand.json': answered({ gate: 'npm run test:fuzz' }),
    '.github/threats/probe.json': answered({ gate: 'npm run probe -- gone' }),
    '.github/threats/gate.json': answered({ gate: 'npm run gates: b_holds' }),
    '.github/threats/late.json': answered({ gate: 'npm run gates: late_holds' }),
  },
  allows: {
    ...stage,
    [PLATFORM]: answered(
      { test: 'app/a.test.ts', name: 'is asked is answered' },
      { gate: 'npm run gates: a_holds' },
      { test: 'app/a.test.ts', name: 'every row is kept' },
      { policy: 'policies/a_test.rego', name: 'test_denied' },
      { rule: 'no file is without a name' },
      { gate: 'npm run lint' },
      { gate: 'npm run probe -- forged' },
    ),
  },
};

export const transfers: Seed = {
  refuses: { [PLATFORM]: answered({ transferred: 'somebody has to', to: 'operator' }), [OTHER]: part({ elements: [{ ...service, threats: threats('STRIDE', { transferred: 'the service has to', to: 'service' }) }] }) },
  allows: { [PLATFORM]: answered({ transferred: 'somebody has to', to: 'person' }) },
};

const ofSample: Files = { ...stage, 'app/features/sample/a.test.ts': "test('a note is kept', () => {});", 'app/features/sample/proofs/crash.proof.ts': '' };
const byTest: Answer = { test: 'app/features/sample/a.test.ts', name: 'a note is kept' };
export const ownership: Seed = {
  refuses: { ...ofSample, [PLATFORM]: answered(byTest), [OTHER]: answered({ gate: 'npm run test:crash' }), '.github/threats/probe.json': answered({ gate: 'npm run probe -- crash' }), 'app/features/other/threats.json': answered(byTest) },
  allows: { ...ofSample, [PLATFORM]: answered({ test: 'app/a.test.ts', name: 'what is asked is answered' }), [SAMPLE]: answered(byTest, { gate: 'npm run probe -- crash' }) },
};

const driver = { packages: { pg: ['Client', 'Pool'] } };
export const connections: Seed = {
  refuses: {
    [PLATFORM]: model({ ...driver, flows: [{ ...asks, connects: ['app/gone.ts: fetch'] }] }),
    'app/a.ts': "const answer = await fetch('/x');",
    'app/b.ts': "import { Pool } from 'pg';",
    'app/c.ts': "import http from 'node:http'; http.request('/x');",
    'app/d.ts': "import * as tls from 'node:tls'; start(tls);",
    'app/e.ts': "import { connect as dial } from 'node:net';",
    'app/f.ts': "const at = `https://kms.${region}.amazonaws.com`;",
    'app/g.ts': "const { request } = process.getBuiltinModule('node:https');",
    'app/h.ts': "const pg = await import('pg');",
    'app/i.ts': 'const send = globalThis.fetch;',
    'app/j.ts': 'start({ fetch });',
    'app/features/sample/assets/live.ts': "new EventSource('/stream');",
    '.github/tools/install.ts': "import { spawn } from 'node:child_process';",
  },
  allows: {
    [PLATFORM]: model({ ...driver, flows: [{ ...asks, connects: ['app/a.ts: fetch', 'app/b.ts: pg Pool'] }], quiet: [{ code: 'app/f.ts: https://kms.', reason: 'a name and no address' }] }),
    'app/a.ts': "const answer = await fetch('/x');",
    'app/b.ts': "import { Pool } from 'pg'; import type { Client } from 'pg'; import { type Client } from 'pg';",
    'app/c.ts': "import http from 'node:http'; import type { Socket } from 'node:net'; http.createServer(); const at: http.Agent = jar.fetch('/x');",
    'app/d.ts': "import { Query } from 'pg'; const jar = { fetch: () => 1 }; class Jar { fetch() {} }",
    'app/e.ts': "const at = 'http://127.0.0.1:3000 https://example.com https://me:pw@stockade.test';",
    'app/f.ts': "const at = 'https://kms.';",
    'app/a.test.ts': "await fetch('/x');",
    'app/attacks/flood.attack.ts': "await fetch('/x');",
  },
};

export const packages: Seed = {
  refuses: { [PLATFORM]: model({ packages: { pg: ['Pool'] } }), 'app/a.ts': "import { KMSClient } from '@aws-sdk/client-kms/lib';", 'app/b.ts': "await import('undici');" },
  allows: { [PLATFORM]: model({ packages: { koa: [] } }), [SAMPLE]: part({ packages: { nodemailer: ['*'] } }), 'app/a.ts': "import Koa from 'koa'; import type { Pool } from 'pg';", 'app/features/sample/mail.ts': "await import('nodemailer/lib');", 'app/a.test.ts': "import { chromium } from 'playwright-core';" },
};

export const settings: Seed = {
  refuses: { [PLATFORM]: model({ flows: [{ ...asks, settings: ['BROKER_URL'] }] }), 'app/config.ts': "read('KMS_ENDPOINT');" },
  allows: { [PLATFORM]: model({ flows: [{ ...asks, settings: ['BROKER_URL'] }] }), 'app/config.ts': "const DEFAULT_URL = 'x'; read('BROKER_URL', 'PUBLIC_URL', 'LOG_LEVEL', DEFAULT_URL);" },
};

export const commands: Seed = {
  refuses: { [PLATFORM]: model({ elements: [person, { ...service, commands: ['app/gone.command.ts', 'app/twice.command.ts', 'app/twice.command.ts'] }] }), 'app/backup.command.ts': '', 'app/twice.command.ts': '' },
  allows: { [PLATFORM]: model({ elements: [person, { ...service, commands: ['app/backup.command.ts'] }] }), 'app/backup.command.ts': '', 'app/backup.command.test.ts': '' },
};

export function documents(): Seed {
  const files = { [PLATFORM]: model(), [SAMPLE]: part({ elements: [{ ...service, id: 'notes' }], flows: [{ ...asks, id: 'asks-notes', paths: { person: ['notes'] } }] }) };
  const { parts } = readModel(treeOf(files));
  const [platform, sample] = [documentOf(parts, undefined), documentOf(parts, 'sample')];
  return {
    refuses: { ...files, [platform.path]: `${platform.text}by hand\n`, [sample.path]: '' },
    allows: { ...files, [platform.path]: platform.text, [sample.path]: sample.text },
  };
}
