// Holds plans to policies/terraform: `npx node .github/gates/plan-policy.command.ts plan.json …`, each of them what
// `terraform show -json` printed. Status 0: nothing found; 1: findings; 2: no verdict. `--json` for programs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Unusable } from './gate.ts';
import { applyPlanWaivers, conftest, judgePlans, planPolicies, readPlanWaivers, WAIVERS } from './plan-policy.ts';
import { accepted, locate, runTool } from './tools.ts';
import { readTreeState } from './tree-state.ts';

const root = path.resolve(import.meta.dirname, '../..');

async function main(plans: readonly string[], asJson: boolean): Promise<number> {
  const program = locate(conftest, path.join(root, '.cache/tools'));
  if (program === undefined) throw new Unusable('conftest is not installed (npm run gates:setup)');
  const { files } = readTreeState(root);
  const now = Date.now();
  const given = new Map(plans.map((plan) => [path.resolve(plan), plan]));
  const found = await judgePlans(async (_, parameters, options) => accepted(program, await runTool(program, parameters, root, options), options?.accept), [...given.keys()], files);
  const { left } = applyPlanWaivers(found, readPlanWaivers(readFileSync(path.join(root, WAIVERS), 'utf8'), planPolicies(files), now), now);
  const findings = left.map((finding) => ({ ...finding, plan: given.get(finding.plan) ?? finding.plan }));
  if (asJson) console.log(JSON.stringify(findings));
  else {
    for (const { plan, severity, rule, message, fix } of findings) console.log(`✖ ${plan}: ${severity} ${rule}\n  ${message}\n  ${fix}`);
    console.log(`${plans.join(', ')}: ${findings.length === 0 ? 'nothing found' : `${findings.length} found`}`);
  }
  return findings.length > 0 ? 1 : 0;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
try {
  process.exitCode = await main(positionals, values.json);
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  console.error(`no verdict: ${error.message}`);
  process.exitCode = 2;
}
