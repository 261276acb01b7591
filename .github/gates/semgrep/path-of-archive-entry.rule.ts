// An entry of an archive that is written outside of the folder (CWE-22).
import type { WeaknessRule } from './weakness.ts';
import { either, where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 22,
  message: 'The name of an entry in an archive or an upload says where it is written: ../ leads out of the folder.',
  fix: 'Resolve it, refuse what does not begin with the folder and a separator, refuse links; for an upload make the name yourself.',
  except: /^\.github\//,
  match: either([
    where('path.join($DIR, $E.$NAME)', { E: '(?:entry|header|file|member|part|upload|item|zipEntry|f)', NAME: 'path|fileName|filename|name|originalname|originalFilename|relativePath|entryName' }),
    where('path.resolve($DIR, $E.$NAME)', { E: '(?:entry|header|file|member|part|upload|item|zipEntry|f)', NAME: 'path|fileName|filename|name|originalname|originalFilename|relativePath|entryName' }),
    where('join($DIR, $E.$NAME)', { E: '(?:entry|header|file|member|part|upload|item|zipEntry|f)', NAME: 'path|fileName|filename|name|originalname|originalFilename|relativePath|entryName' }),
    where('`${$DIR}/${$E.$NAME}`', { E: '(?:entry|header|file|member|part|upload|item|zipEntry|f)', NAME: 'path|fileName|filename|name|originalname|originalFilename|relativePath|entryName' }),
    where('$W($E.$NAME, ...)', { W: 'createWriteStream|writeFile|writeFileSync|fs\\.createWriteStream|fs\\.writeFile', E: '(?:entry|header|member|part|upload|zipEntry)', NAME: 'path|fileName|filename|name|originalname|entryName' }),
  ]),
  refuses: [
    'export const f = (entry, directory) => createWriteStream(path.join(directory, entry.path));',
    'export const f = (directory, header) => path.resolve(directory, header.name);',
    'export const f = (directory, file) => `${directory}/${file.originalname}`;',
  ],
  allows: [
    'export const f = (entry, directory) => path.join(directory, path.basename(entry.path));',
  ],
};
