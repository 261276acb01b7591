// Prints a saved plan for people: `node plan-summary.command.ts production plan.json`.
import { readFileSync } from 'node:fs';
import { summaryOf } from './plan-summary.ts';

const [environment, file] = process.argv.slice(2);
if (environment === undefined || file === undefined) throw new Error('Usage: plan-summary.command.ts <environment> <plan.json>');
console.log(summaryOf(environment, readFileSync(file, 'utf8')));
