// Finds the gates by their names: every .github/gates/**/<claim>.gate.ts exports its `gate`.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { listFiles } from '../rules/tree.ts';
import type { Gate } from './gate.ts';

export interface NamedGate extends Gate {
  readonly name: string;
  /** Its own file, relative to the repository. */
  readonly source: string;
}

const SUFFIX = '.gate.ts';
const FOLDER = '.github/gates';

export async function findGates(root: string): Promise<readonly NamedGate[]> {
  const sources = listFiles(root, FOLDER).filter((file) => file.endsWith(SUFFIX));
  const gates = await Promise.all(
    sources.map(async (source) => {
      const { gate } = (await import(pathToFileURL(path.join(root, source)).href)) as { gate?: Gate };
      if (gate === undefined) throw new TypeError(`${source} exports no gate`);
      return { ...gate, source, name: path.posix.basename(source, SUFFIX) };
    }),
  );
  const twins = [...Map.groupBy(gates, ({ name }) => name)].filter(([, named]) => named.length > 1).map(([name]) => name);
  if (twins.length > 0) throw new TypeError(`two gates are named ${twins.join(', ')}`);
  return gates.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
