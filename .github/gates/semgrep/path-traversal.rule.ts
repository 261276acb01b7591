// A file whose name the client chooses, with ../ in it (CWE-22).
import type { WeaknessRule } from './weakness.ts';
import { CHECKED, focus, REQUEST_DATA } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 22,
  message: 'A path on the disk is made of what the request says: ../ leads out of the folder.',
  fix: 'Look the name up in a Map of the files that may be served, as app/http/assets.ts does; or take path.basename, resolve it, and refuse what does not begin with the folder.',
  match: {
    mode: 'taint',
    'pattern-sources': REQUEST_DATA,
    'pattern-sanitizers': [
      ...CHECKED,
      { pattern: 'path.basename(...)' },
      { pattern: 'basename(...)' },
      { pattern: '$P.basename(...)' },
    ],
    'pattern-sinks': [
      focus('FILE', ['$FS.$DO($FILE, ...)'], { FS: 'fs|fsp|promises|fsPromises|fs\\.promises|nodeFs', DO: '\\w*(?:read|write|append|open|create|unlink|rm|stat|access|copy|rename|mkdir|exists|cp|link|truncate|chmod|watch|glob|opendir)\\w*' }),
      focus('FILE', ['$DO($FILE, ...)'], { DO: '(?:readFile|writeFile|appendFile|open|createReadStream|createWriteStream|unlink|rm|rmdir|stat|lstat|access|copyFile|rename|mkdir|existsSync|readdir|opendir|cp|truncate|realpath|glob)(?:Sync)?|sendFile|serveStatic' }),
      focus('FILE', ['import($FILE)', 'require($FILE)', '$C.sendFile($FILE, ...)', '$C.download($FILE, ...)']),
    ],
  },
  refuses: [
    'export const f = async (ctx) => { ctx.body = await readFile(path.join("exports", ctx.params.name)); };',
    'export const f = (ctx) => { ctx.body = createReadStream(`./files/${ctx.query.file}`); };',
    'export const f = defineQuery({ async handle({ params }) { const file = path.resolve("reports", params.name); return { status: 200, body: await fs.promises.readFile(file, "utf8") }; } });',
    'export const f = async ({ body }) => { await fs.unlink("/data/" + body.name); };',
    'export const f = async (ctx) => import(`./plugins/${ctx.query.name}.js`);',
  ],
  allows: [
    'export const f = async (ctx) => { const { name } = ctx.params; if (REPORTS.includes(name)) { ctx.body = createReadStream(path.join("reports", name)); } };',
    'export const f = async (ctx, files) => { const file = files.get(ctx.path); if (file === undefined) return; ctx.body = await readFile(file.place); };',
    'export const f = async (ctx) => readFile(path.join("exports", path.basename(ctx.params.name)));',
    'export const f = async (files, ctx) => files.get(ctx.path);',
    'export const f = (file) => readFile(file);',
  ],
};
