import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeSmallEnvironment, type SmallEnvironment } from './small-environment.ts';
import { runJob } from './workflow-steps.ts';

// preview.yml, as it is written.
const missing = (programs: readonly string[]): string | false => {
  const without = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  return without.length > 0 && `not run: no ${without.join(', ')} on the PATH`;
};
const skip = missing(['bash', 'jq', 'terraform']);
const WORKFLOW = join(import.meta.dirname, '../workflows/preview.yml');
const REGISTRY = '111122223333.dkr.ecr.eu-central-1.amazonaws.com/stockade';
const DAY_MS = 86_400_000;

/** As README tells to set it, one for every environment. */
const SETTINGS = '{ "domain_name": "shop.example.org", "zone_id": "Z0123456789ABCDEFGHIJ" }';

const context = {
  ...Object.fromEntries(Object.entries({ AWS_REGION: 'eu-central-1', REPOSITORY_URL: REGISTRY, STATE_BUCKET: 'state', STATE_KEY_ARN: 'key', TERRAFORM_VARIABLES: SETTINGS, PREVIEW_DOMAIN: 'previews.example.org' }).map(([name, value]) => [`vars.${name}`, value])),
  'github.event_name': 'pull_request',
  'github.repository': 'octo-org/stockade',
  'github.run_id': '1',
  'github.event.pull_request.number': '7',
  'matrix.name': 'preview-7',
};

const stateIn = ({ workspace }: SmallEnvironment): string => readFileSync(join(workspace, 'terraform/terraform.tfstate'), 'utf8');

test("a preview has the pull request's own name, whatever the settings say; its secret is replaced before it starts, and goes with it", { skip }, (t) => {
  const place = makeSmallEnvironment(t);
  const up = runJob(WORKFLOW, 'up', context, place);
  assert.equal(up.failed, undefined, up.text);
  assert.match(stateIn(place), /"domain": ?"pr-7\.previews\.example\.org"/);
  assert.doesNotMatch(stateIn(place), /shop\.example\.org/);
  const { box, clientSecrets } = place.cloud();
  assert.ok(box);
  assert.deepEqual(clientSecrets.map(({ value }) => value), [box]);
  assert.equal(place.calls('aws ecs run-task').length, 1);

  keepState(place, 'preview-7');
  const down = runJob(WORKFLOW, 'down', context, place);
  assert.equal(down.failed, undefined, down.text);
  assert.deepEqual((JSON.parse(stateIn(place)) as { readonly resources: readonly object[] }).resources, []);
  assert.ok(!existsSync(join(place.scratch, 'bucket/preview-7/terraform.tfstate')));
});

/** It was written just now: by what made it, or by a destroy that ended halfway. */
function keepState({ scratch }: SmallEnvironment, name: string): void {
  const file = join(scratch, 'bucket', name, 'terraform.tfstate');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '{}');
}

interface Preview {
  readonly state?: string;
  readonly labels?: readonly string[];
  /** Of its images, in days. */
  readonly ages?: readonly number[];
}

function find(t: TestContext, previews: Readonly<Record<string, Preview>>): { readonly failed: string | undefined; readonly names: string | undefined } {
  const place = makeSmallEnvironment(t);
  for (const number of Object.keys(previews)) keepState(place, `preview-${number}`);
  place.change({
    pulls: Object.fromEntries(Object.entries(previews).filter(([, { state }]) => state !== 'unknown').map(([number, { state = 'open', labels = ['bug', 'preview'] }]) => [number, { state, labels: labels.map((name) => ({ name })) }])),
    images: [{ imageTags: ['1.0.0'], imagePushedAt: new Date().toISOString() }, ...Object.entries(previews).flatMap(([number, { ages = [0] }]) => ages.map((age) => ({ imageTags: [`preview-${number}-100${age}-1`], imagePushedAt: new Date(Date.now() - age * DAY_MS).toISOString() })))],
  });
  const { failed, outputs } = runJob(WORKFLOW, 'find', { ...context, 'github.event_name': 'schedule' }, place);
  return { failed, names: outputs['steps.find.outputs.names'] };
}

const withoutTerraform = { skip: missing(['bash', 'jq']) };

test('what is wanted and not old stays, also after a push to an old one', withoutTerraform, (t) => {
  assert.deepEqual(find(t, { 7: {}, 8: { ages: [2] }, 9: { ages: [9, 1] } }), { failed: undefined, names: '[]' });
  assert.deepEqual(find(t, {}), { failed: undefined, names: '[]' });
});

for (const [what, preview] of Object.entries<Preview>({
  'was closed': { state: 'closed' },
  'lost its label': { labels: ['bug'] },
  'has no push of the last days, though its state was written just now': { ages: [9, 4] },
  'has no image any more': { ages: [] },
})) {
  test(`a preview goes that ${what}`, withoutTerraform, (t) => {
    assert.deepEqual(find(t, { 7: preview, 70: {} }), { failed: undefined, names: '["preview-7"]' });
  });
}

test('where GitHub does not say what is wanted, nothing is taken away and the run is red', withoutTerraform, (t) => {
  assert.deepEqual(find(t, { 6: { state: 'closed' }, 7: { state: 'unknown' } }), { failed: 'Find what is to go', names: undefined });
});
