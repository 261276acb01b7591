// Path traversal: ways out of the assets, on the paths that pages themselves name.
// Tested by attack.proof.ts: behind a front that reads the file, this succeeds.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AttackClass, bodyOf, headerOf, nameOf, type Outcome, Sightings, statusOf } from './attack.ts';
import type { Target } from './target.ts';

const UPS = ['../', '..\\', '%2e%2e/', '%2e%2e%2f', '..%2f', '..%5c', '%252e%252e%252f', '..%c0%af', '..%ef%bc%8f', '....//', '..;/', '.%2e/', '%2e./', '..%00/', '..%0d/', '..//', '/'];
const FILES = ['package.json', 'etc/passwd', '.env', 'app/main.ts', '.git/HEAD', 'node_modules/koa/package.json', 'proc/self/environ', '.data/postgres/PG_VERSION'];
const CONTENT = /"dependencies"|root:.*:0:0|DATABASE_URL|startService|ref: refs|PATH=/;

async function climb(target: Target): Promise<Outcome> {
  const sightings = new Sightings();
  const pages = await Promise.all(['/docs', '/sign-in', '/'].map(async (page) => bodyOf(await target.ask({ path: page, headers: [...(await target.browser('viewer')), ['Accept', 'text/html']] }))));
  const folders = new Set(['/assets/', ...pages.flatMap((html) => [...html.matchAll(/\/assets\/[\w-]+\/[\w-]+\//g)].map(([folder]) => folder)), ...pages.flatMap((html) => [...html.matchAll(/\/assets\/[\w-]+\//g)].map(([folder]) => folder))]);
  for (const folder of folders) {
    for (const up of UPS) {
      for (const file of FILES) {
        for (const depth of [2, 5]) {
          const request = { path: folder + up.repeat(depth) + file };
          const answer = await target.ask(request);
          sightings.note(answer, CONTENT.test(bodyOf(answer)) || (statusOf(answer) === 200 && !/css|javascript|svg/.test(headerOf(answer, 'content-type') ?? '')) ? `${nameOf(request)} is served` : undefined);
        }
      }
    }
  }
  return sightings.outcome();
}

export const attackClass: AttackClass = {
  title: 'Path traversal',
  source: 'CWE-22',
  setup: 'open',
  attacks: [
    {
      name: 'out of the assets, in seventeen spellings',
      expected: 'not there',
      run: climb,
      leak: {
        without: 'a list of files',
        async answer(request, { forward }) {
          const named = /^\/assets\/(.*\.\..*)$/.exec(decodeURIComponent(request.target.replaceAll(/%(?!2[ef]|5c)/gi, '_')))?.[1];
          const body = named?.endsWith('package.json') === true ? await readFile(path.resolve(import.meta.dirname, '../../package.json')) : undefined;
          return body === undefined ? forward(request) : { status: 200, headers: { 'content-type': 'application/json' }, body };
        },
      },
    },
  ],
};
