// `npx node .github/observability/format-dashboards.command.ts`: writes each dashboard as a review wants it, also after an export from Grafana.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listFiles } from '../rules/tree.ts';
import { formatDashboard } from './dashboard-format.ts';

const folder = path.resolve(import.meta.dirname, '../../observability/grafana/dashboards');

for (const name of listFiles(folder).filter((file) => file.endsWith('.json'))) {
  const file = path.join(folder, name);
  const before = readFileSync(file, 'utf8');
  const after = formatDashboard(JSON.parse(before) as object);
  if (after !== before) writeFileSync(file, after);
  console.log(`${after === before ? 'as it was' : 'written  '}  ${name}`);
}
