// What holds for the model by itself and against the code's text; each check has a small tree that it must refuse.
import { linesThat, type Rule, type Tree } from '../rules/tree.ts';
import { faultOf, featureOfAnswer } from './answers.ts';
import { documentOf } from './document.ts';
import { type Flow, pairsOf, type Part, readModel, threatened } from './model.ts';
import { findAddressSettings, findConnections, findPackages, findUnknownPackages, type Packages } from './outbound.ts';
import * as seeds from './seeds.ts';

const packagesOf = (tree: Tree): Packages => Object.assign({}, ...readModel(tree).parts.map(({ packages }) => packages)) as Packages;
const flowsOf = (tree: Tree): readonly (Flow & { readonly part: Part })[] => readModel(tree).parts.flatMap((part) => part.flows.map((flow) => ({ ...flow, part })));

/** Who comes in: the own addresses, and pages of others. */
const OWN_ADDRESS = new Set(['PUBLIC_URL', 'ADMIN_HOST', 'CORS_ORIGINS']);

export const threatChecks: readonly Rule[] = [
  {
    claim: 'every part of the threat model is in its form',
    violations: (tree) => readModel(tree).problems,
    refuses: seeds.form.refuses,
    allows: seeds.form.allows,
  },
  {
    claim: 'every element has a threat for each letter of STRIDE that its kind demands, and for no other',
    violations: (tree) =>
      threatened(readModel(tree).parts).flatMap(({ part, id, letters, threats }) => {
        const has = new Set(threats.map((threat) => threat.id[0] ?? ''));
        return [
          ...letters.split('').filter((letter) => !has.has(letter)).map((letter) => `${part.path} ${id} has no threat for ${letter}`),
          ...[...has].filter((letter) => !letters.includes(letter)).map((letter) => `${part.path} ${id} is of a kind without ${letter}`),
          ...threats.filter((threat, index) => threats.findIndex((other) => other.id === threat.id) !== index).map((threat) => `${part.path} ${id}.${threat.id} is there twice`),
        ];
      }),
    refuses: seeds.letters.refuses,
    allows: seeds.letters.allows,
  },
  {
    claim: 'every flow joins elements that are there, one of them a process, and every element is on a flow',
    violations: (tree) => readModel(tree).parts.flatMap((part) => faultsOfFlows(part, readModel(tree).parts)),
    refuses: seeds.flows.refuses,
    allows: seeds.flows.allows,
  },
  {
    claim: 'every test, policy, rule and gate that answers a threat is there, and CI runs it',
    violations: (tree) =>
      eachAnswer(tree).flatMap(({ part, name, answer }) => {
        const fault = faultOf(answer, tree);
        return fault === undefined ? [] : [`${part.path} ${name}: ${fault}`];
      }),
    refuses: seeds.answers.refuses,
    allows: seeds.answers.allows,
  },
  {
    claim: 'a risk is handed to somebody outside who is in the model',
    violations: (tree) => {
      const outside = new Set(readModel(tree).parts.flatMap(({ elements }) => elements.filter(({ kind }) => kind === 'external').map(({ id }) => id)));
      return eachAnswer(tree).flatMap(({ part, name, answer }) => ('transferred' in answer && !outside.has(answer.to) ? [`${part.path} ${name}: there is no "${answer.to}" outside`] : []));
    },
    refuses: seeds.transfers.refuses,
    allows: seeds.transfers.allows,
  },
  {
    claim: 'nothing of a feature answers for the platform or for another feature: it goes when the folder goes',
    violations: (tree) =>
      eachAnswer(tree).flatMap(({ part, name, answer }) => {
        const feature = featureOfAnswer(answer, tree);
        return feature === undefined || feature === part.feature ? [] : [`${part.path} ${name} is answered by the feature ${feature}`];
      }),
    refuses: seeds.ownership.refuses,
    allows: seeds.ownership.allows,
  },
  {
    claim: 'every place from which a connection may leave the process is on a flow, or said to be none, and nothing else is',
    violations: (tree) => faultsOfConnections(tree),
    refuses: seeds.connections.refuses,
    allows: seeds.connections.allows,
  },
  {
    claim: 'of every package that production loads the model says whether it connects, and of no other',
    violations: (tree) => {
      const loaded = new Set(findPackages(tree).map(({ name }) => name));
      const stale = readModel(tree).parts.flatMap(({ path, packages }) => Object.keys(packages).filter((name) => !loaded.has(name)).map((name) => `${path} names the package ${name}, which nothing loads`));
      return [...findUnknownPackages(tree, packagesOf(tree)), ...stale];
    },
    refuses: seeds.packages.refuses,
    allows: seeds.packages.allows,
  },
  {
    claim: 'every setting that names a host is of a flow',
    violations: (tree) => {
      const named = new Set(flowsOf(tree).flatMap(({ settings }) => settings));
      const found = findAddressSettings(tree);
      return [
        ...[...tree].filter(([path]) => path.endsWith('config.ts') || path.endsWith('settings.ts')).flatMap((file) => found.filter((name) => !named.has(name) && !OWN_ADDRESS.has(name)).flatMap((name) => linesThat(new RegExp(`\\b${name}\\b`), file).slice(0, 1))),
        ...flowsOf(tree).flatMap(({ part, id, settings }) => settings.filter((name) => !found.includes(name)).map((name) => `${part.path} ${id} names the setting ${name}, which no code reads`)),
      ];
    },
    refuses: seeds.settings.refuses,
    allows: seeds.settings.allows,
  },
  {
    claim: 'every command beside the service is of one process, and every command that the model names is there',
    violations: (tree) => {
      const named = readModel(tree).parts.flatMap((part) => part.elements.flatMap(({ id, commands }) => commands.map((command) => ({ part, id, command }))));
      return [
        ...[...tree.keys()].filter((path) => /^app\/.*\.command\.ts$/.test(path) && named.filter(({ command }) => command === path).length !== 1).map((path) => `${path} is of no process, or of two`),
        ...named.filter(({ command }) => !tree.has(command)).map(({ part, id, command }) => `${part.path} ${id} names ${command}, which is not there`),
      ];
    },
    refuses: seeds.commands.refuses,
    allows: seeds.commands.allows,
  },
  {
    claim: 'the documents say what the model says (`npm run threats` writes them)',
    violations: (tree) =>
      [undefined, ...new Set(readModel(tree).parts.flatMap(({ feature }) => feature ?? []))].flatMap((feature) => {
        const { path, text } = documentOf(readModel(tree).parts, feature);
        return tree.get(path) === text ? [] : [`${path} is not what the model says: npm run threats`];
      }),
    refuses: seeds.documents().refuses,
    allows: seeds.documents().allows,
  },
];

function eachAnswer(tree: Tree) {
  return threatened(readModel(tree).parts).flatMap(({ part, id, threats }) => threats.flatMap((threat) => threat.answers.map((answer) => ({ part, name: `${id}.${threat.id}`, answer }))));
}

function faultsOfFlows(part: Part, parts: readonly Part[]): readonly string[] {
  const visible = parts.filter(({ feature }) => feature === undefined || feature === part.feature);
  const elements = new Map(visible.flatMap((each) => each.elements.map((element) => [element.id, element] as const)));
  const zones = new Set(visible.flatMap((each) => each.zones.map(({ id }) => id)));
  const used = new Set(visible.flatMap(({ flows }) => flows.flatMap((flow) => pairsOf(flow).flat())));
  const names = parts.flatMap((each) => [...each.elements, ...each.flows].map(({ id }) => id));
  return [
    ...part.flows.flatMap((flow) => [...new Set(pairsOf(flow).flat())].filter((end) => !elements.has(end)).map((end) => `${part.path} ${flow.id}: there is no element ${end}`)),
    ...part.flows
      .filter((flow) => pairsOf(flow).some((pair) => pair.every((end) => elements.get(end)?.kind !== 'process')))
      .map(({ id }) => `${part.path} ${id} has no process at either end`),
    ...part.elements.filter(({ id }) => !used.has(id)).map(({ id }) => `${part.path} ${id} is on no flow`),
    ...part.elements.filter(({ zone }) => !zones.has(zone)).map(({ id, zone }) => `${part.path} ${id}: there is no zone ${zone}`),
    ...[...part.elements, ...part.flows].filter(({ id }) => names.indexOf(id) !== names.lastIndexOf(id)).map(({ id }) => `${part.path} ${id} is the name of two`),
  ];
}

function faultsOfConnections(tree: Tree): readonly string[] {
  const found = new Set(findConnections(tree, packagesOf(tree)));
  const { parts } = readModel(tree);
  const named = parts.flatMap((part) => [...part.flows.flatMap(({ connects }) => connects), ...part.quiet.map(({ code }) => code)].map((code) => ({ part, code })));
  const known = new Set(named.map(({ code }) => code));
  return [
    ...[...found].filter((code) => !known.has(code)).map((code) => `${code} may connect, and is on no flow`),
    ...named.filter(({ code }) => !found.has(code)).map(({ part, code }) => `${part.path} names ${code}, which is not in the code`),
  ];
}
