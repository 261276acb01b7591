// A file that is looked at, and another one that is used (CWE-367).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 367,
  message: 'A file is checked, and then used by its name: in between it may have become another one.',
  fix: 'Use it and handle the error (ENOENT, EEXIST), or open it once and ask the handle; to create one, use the flag "wx".',
  // There it reads the repository itself, which nobody changes meanwhile.
  except: /^\.github\//,
  match: either([
    where('if (<... $CHECK($FILE, ...) ...>) { ... $USE($FILE, ...); ... }', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) { ... return $USE($FILE, ...); ... }', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) return $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) { ... await $USE($FILE, ...); ... }', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) { ... const $R = await $USE($FILE, ...); ... }', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) await $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('if (<... $CHECK($FILE, ...) ...>) return await $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:existsSync|accessSync|statSync|lstatSync)', USE: '(?:\\w+\\.)*(?:readFile|readFileSync|writeFile|writeFileSync|unlink|unlinkSync|rm|rmSync|createReadStream|createWriteStream|open|openSync|rename|renameSync|appendFile|appendFileSync|chmod|chmodSync)' }),
    where('await $CHECK($FILE, ...);\n...\nawait $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
    where('await $CHECK($FILE, ...);\n...\nreturn $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
    where('await $CHECK($FILE, ...);\n...\n$USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
    where('const $S = await $CHECK($FILE, ...);\n...\nawait $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
    where('const $S = await $CHECK($FILE, ...);\n...\nreturn $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
    where('await $CHECK($FILE, ...);\n...\nconst $R = await $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
    where('const $S = await $CHECK($FILE, ...);\n...\nconst $R = await $USE($FILE, ...);', { CHECK: '(?:\\w+\\.)*(?:access|stat|lstat)', USE: '(?:\\w+\\.)*(?:readFile|writeFile|unlink|rm|createReadStream|createWriteStream|open|rename)' }),
  ]),
  refuses: [
    'export const f = (file) => { if (existsSync(file)) return readFileSync(file); return undefined; };',
    'export const f = async (file) => { await access(file); return readFile(file); };',
    'export const f = async (file, text) => { if (!fs.existsSync(file)) { await fs.promises.writeFile(file, text); } };',
    'export const f = async (file) => { const { size } = await stat(file); const bytes = await readFile(file); return [size, bytes]; };',
  ],
  allows: [
    'export const f = async (file) => { const handle = await open(file); return handle.stat(); };',
    'export const f = (files) => files.find((file) => existsSync(file));',
  ],
};
