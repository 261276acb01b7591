import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Unusable } from './gate.ts';
import { confirmForm } from './yaml-policy.ts';

const form = z.looseObject({ services: z.record(z.string(), z.unknown()) });
const parsed = (...files: readonly (readonly [string, unknown])[]) => JSON.stringify(files.map(([path, contents]) => ({ path, contents })));

test('a file of the form that its policies read is let through', () => {
  assert.doesNotThrow(() => {
    confirmForm(parsed(['a.yaml', { services: { a: {} } }]), ['a.yaml'], form);
  });
});

test('another form, several documents, a file that is left out and half an answer are no verdict', () => {
  for (const output of [
    parsed(['a.yaml', { service: {} }]),
    parsed(['a.yaml', [{ services: {} }, { services: {} }]]),
    parsed(['a.yaml', { services: {} }], ['a.yaml', { services: {} }]),
    parsed(['b.yaml', { services: {} }]),
    parsed(['a.yaml', null]),
    '',
    '{}',
    parsed(['a.yaml', { services: {} }]).slice(0, 20),
  ]) {
    assert.throws(() => {
      confirmForm(output, ['a.yaml'], form);
    }, Unusable);
  }
});
