// `npm run objectives`: writes the rules of the objectives, and their tests, from observability/objectives.yaml.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf } from './objective-files.ts';

const root = path.resolve(import.meta.dirname, '../..');
for (const [file, text] of filesOf(readFileSync(path.join(root, 'observability/objectives.yaml'), 'utf8'))) {
  writeFileSync(path.join(root, file), text);
  console.log(file);
}
