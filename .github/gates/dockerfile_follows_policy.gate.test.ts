import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Parsed, readDockerfile } from './dockerfile.ts';
import { Unusable } from './gate.ts';
import { findingsOf, policiesIn } from './policy-verdict.ts';

const said = (command: string, value: readonly string[], more: Partial<Parsed[number]> = {}): Parsed[number] => ({ Cmd: command, SubCmd: '', Flags: [], JSON: false, Stage: 0, Value: [...value], ...more });

test('an instruction has the line that it begins on, past comments, continued lines and here-documents', () => {
  const source = ['# syntax=docker/dockerfile:1', '', 'FROM scratch', 'RUN a && \\', '  # why', '', '  b', 'RUN <<EOF', 'curl https://example.org |', '  sh', 'EOF', 'ONBUILD RUN npm install', ''].join('\n');
  const { instructions, frontend } = readDockerfile('Dockerfile', source, [said('comment', ['why']), said('from', ['scratch']), said('run', ['a &&   b']), said('run', ['<<EOF']), said('onbuild', ['npm install'], { SubCmd: 'run' })], null);
  assert.deepEqual(instructions.map(({ command, line }) => [command, line]), [['from', 3], ['run', 4], ['run', 8], ['run', 12]]);
  assert.match(instructions[1]?.text ?? '', /^a && +b$/);
  assert.match(instructions[2]?.text ?? '', /curl https:\/\/example\.org \|\n {2}sh$/);
  assert.equal(frontend, 'docker/dockerfile:1');
});

test('another escape continues lines where the file says so, and a backslash then does not', () => {
  const { instructions } = readDockerfile('Dockerfile', '# escape=`\nFROM scratch\nRUN a `\n  b\nRUN c \\\n', [said('from', ['scratch']), said('run', ['a b']), said('run', ['c \\'])], null);
  assert.deepEqual(instructions.map(({ line }) => line), [2, 3, 5]);
});

test('a text and a parser that do not see the same are no verdict', () => {
  assert.throws(() => readDockerfile('Dockerfile', 'FROM scratch\nUSER 1\n', [said('from', ['scratch'])], null), Unusable);
  assert.throws(() => readDockerfile('Dockerfile', 'FROM scratch\n', [said('user', ['1'])], null), Unusable);
  assert.throws(() => readDockerfile('Dockerfile', 'FROM scratch\nRUN <<EOF\nnpm ci\n', [said('from', ['scratch']), said('run', ['<<EOF'])], null), Unusable);
});

const results = JSON.stringify([
  { filename: '0.json', namespace: 'docker.a_test', successes: 0 },
  { filename: '0.json', namespace: 'docker.a', successes: 0, failures: [{ msg: 'Bad.', metadata: { line: 3, file: 'Dockerfile', severity: 'error', remediation: 'Mend it.', query: 'data.docker.a.deny' } }] },
  { filename: '0.json', namespace: 'docker.b', successes: 1 },
]);

test('what a policy denies is a finding by its name, with its remedy', () => {
  assert.deepEqual(findingsOf(results, ['0.json'], ['docker.a', 'docker.b']), [{ rule: 'a', file: 'Dockerfile', line: 3, severity: 'error', message: 'Bad.', fix: 'Mend it.' }]);
});

test('a policy or a document that conftest did not ask about is no verdict', () => {
  assert.throws(() => findingsOf(results, ['0.json'], ['docker.a', 'docker.c']), /did not ask docker\.c about 0\.json/);
  assert.throws(() => findingsOf(results, ['0.json', '1.json'], ['docker.a']), /about 1\.json/);
  assert.throws(() => findingsOf(results, ['0.json'], ['docker.a_test']), Unusable);
  assert.throws(() => findingsOf(results, ['0.json'], []), Unusable);
});

test('output that is cut off, empty or of another form is no verdict', () => {
  for (const output of [results.slice(0, results.length / 2), '', '{}', '[]', results.replace('"line":3,', '')]) assert.throws(() => findingsOf(output, ['0.json'], ['docker.a']), Unusable);
});

test('a policy that makes exceptions is no verdict', () => {
  assert.throws(() => findingsOf(JSON.stringify([{ filename: '0.json', namespace: 'docker.a', successes: 1, exceptions: [{ msg: 'x' }] }]), ['0.json'], ['docker.a']), /exception/);
});

test('a policy is a file of its folder that is no test', () => {
  assert.deepEqual(policiesIn('docker', ['policies/docker/a.rego', 'policies/docker/a_test.rego', 'policies/lib/b.rego', 'policies/dockers/c.rego']), ['docker.a']);
});
