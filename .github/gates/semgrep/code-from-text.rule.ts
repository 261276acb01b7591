// Text that is run as code, or made into any object (CWE-95).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 95,
  message: 'Text is run as code, or made into objects of any class: whoever writes that text owns the process.',
  fix: 'Parse data with JSON.parse and a zod schema; choose functions from a Map.',
  match: either([
    'eval(...)',
    'globalThis.eval(...)',
    '(0, eval)(...)',
    'new Function(...)',
    'Function(...)',
    where('$F(...)', { F: '(?:vm|nodeVm)\\.(?:runIn\\w+|compileFunction|Script|SourceTextModule)|runIn(?:New|This)?Context|compileFunction' }),
    'new vm.Script(...)',
    'new Script(...)',
    'new vm.SourceTextModule(...)',
    'setTimeout("...", ...)',
    'setInterval("...", ...)',
    '$X.constructor.constructor(...)',
    'v8.deserialize(...)',
    'deserialize(...)',
    '$S.unserialize(...)',
    'unserialize(...)',
    'yaml.load(...)',
    'jsyaml.load(...)',
    'import(`data:...${$X}...`)',
    'new Worker($CODE, {..., eval: true, ...})',
    '$P.parse(..., {..., noent: true, ...})',
    'parseXml(..., {..., noent: true, ...})',
    'libxml.parseXml(...)',
    'import("node:vm")',
    where('$E.$R($T, ...)', { E: 'ejs|pug|nunjucks|Handlebars|handlebars|Mustache|dot|_|lodash|Eta|eta|Liquid', R: 'render|compile|renderString|template|renderAsync', T: '(?s)(?![\'"`][^$]*[\'"`]$).*' }),
  ]),
  refuses: [
    'export const f = (text) => eval(text);',
    'export const f = (text) => new Function("row", `return ${text}`);',
    'import vm from "node:vm";\nexport const f = (text) => vm.runInNewContext(text, {});',
    'export const f = (bytes) => v8.deserialize(bytes);',
    'import yaml from "js-yaml";\nexport const f = (text) => yaml.load(text);',
    'export const f = (ctx, data) => ejs.render(ctx.query.template, data);',
    'export const f = (text) => { setTimeout("go()", 10); };',
  ],
  allows: [
    'export const f = (text) => JSON.parse(text);',
    'export const f = () => setTimeout(() => {}, 10);',
  ],
};
