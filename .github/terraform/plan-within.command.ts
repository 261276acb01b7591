// Ends with 1 where a plan does something that the approved one did not say: `node plan-within.command.ts approved.json final.json`.
import { readFileSync } from 'node:fs';
import { beyond } from './plan-within.ts';

const [approved, final] = process.argv.slice(2);
if (approved === undefined || final === undefined) throw new Error('Usage: plan-within.command.ts <approved.json> <final.json>');
const lines = beyond(readFileSync(approved, 'utf8'), readFileSync(final, 'utf8'));
for (const line of lines) console.error(line);
if (lines.length > 0) process.exitCode = 1;
else console.log('Nothing but what was approved.');
