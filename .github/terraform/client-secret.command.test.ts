import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeSmallEnvironment, type SmallEnvironment } from './small-environment.ts';

const unix = { skip: process.platform === 'win32' ? 'not run: the stand-in for the CLI of AWS is a script of Unix' : false };

function place(t: TestContext): SmallEnvironment {
  const made = makeSmallEnvironment(t);
  writeFileSync(join(made.scratch, 'outputs.json'), JSON.stringify({ user_pool_id: { value: 'pool' }, oidc_client_id: { value: 'client' }, oidc_client_secret: { value: 'box' } }));
  return made;
}

function run({ scratch, programs, environment }: SmallEnvironment): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'client-secret.command.ts'), join(scratch, 'outputs.json')], { encoding: 'utf8', env: { ...process.env, ...environment, PATH: `${programs}:${process.env['PATH'] ?? ''}` } });
  return { status, text: stdout + stderr };
}

/** One secret, which the service has, and nobody else saw. */
function assertReplaced(made: SmallEnvironment, text: string): void {
  const { box, clientSecrets, calls } = made.cloud();
  assert.match(box ?? '', /^[0-9a-f]{48}$/);
  assert.deepEqual(clientSecrets.map(({ value }) => value), [box], text);
  assert.ok(!`${text}${calls.join('\n')}`.includes(box ?? ''));
}

test("a secret of our own takes the place of Cognito's first, and is seen in no call and no line", unix, (t) => {
  const made = place(t);
  const { status, text } = run(made);
  assert.equal(status, 0, text);
  assertReplaced(made, text);
});

test('once it is there, it stays', unix, (t) => {
  const made = place(t);
  run(made);
  const { box } = made.cloud();
  const { status, text } = run(made);
  assert.equal(status, 0, text);
  assert.equal(made.cloud().box, box);
  assertReplaced(made, text);
});

for (const failing of ['aws cognito-idp add-user-pool-client-secret', 'aws secretsmanager put-secret-value', 'aws cognito-idp delete-user-pool-client-secret']) {
  test(`a run that ended at ${failing} is red, and the next one ends what it began`, unix, (t) => {
    const made = place(t);
    made.change({ failing });
    // Twice: what each leaves behind may not use up the two that there may be.
    for (const time of ['once', 'again']) assert.notEqual(run(made).status, 0, time);
    made.change({ failing: 'nothing any more' });
    const { status, text } = run(made);
    assert.equal(status, 0, text);
    assertReplaced(made, text);
  });
}
