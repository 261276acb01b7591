// Reads the migrations for what row-level security rests on: who may do what to which rows, once all of them have run.
import { type Finding, type Gate, Unusable } from './gate.ts';
import { readScript, type Statement } from './sql-statements.ts';

interface Placed extends Statement {
  readonly file: string;
}

interface SqlRule {
  readonly id: string;
  readonly cwe: number;
  readonly message: string;
  readonly fix: string;
  /** All statements of all migrations, in the order in which they run. */
  readonly find: (statements: readonly Placed[]) => readonly Placed[];
}

export const gate: Gate = {
  claim: 'no migration opens a way around row-level security, or to what a tenant may not do',
  why: 'One line of SQL takes away what keeps tenants apart (a policy that is always true, a grant to everybody, a view that reads as its owner), and no test of a handler sees it.',
  remedy: 'Each finding says what to write instead. Where the statement is right, waive it on its first line, in a comment of SQL, with a reason and a last day.',
  link: 'https://www.postgresql.org/docs/current/ddl-rowsecurity.html',
  tools: [],
  reads: /^app\/(?:.*\/)?migrations\/.*\.sql$/i,
  settings: /^\.github\/gates\/sql-statements\.ts$/,
  // A later migration secures what an earlier one made.
  scope: 'tree',
  when: 'change',
  unparsable: { file: 'app/data/migrations/9999_unparsable.sql', text: "select 'a text that does not end;\n" },
  check({ files, read }) {
    return Promise.resolve(judgeMigrations(new Map(files.map((file) => [file, read(file)]))));
  },
};

/** @throws Unusable */
export function judgeMigrations(texts: ReadonlyMap<string, string>): readonly Finding[] {
  const inOrder = [...texts].sort(([one], [other]) => rankOf(one).localeCompare(rankOf(other)));
  const statements = inOrder.flatMap(([file, text]) => {
    const { statements: own, isWhole } = readScript(text);
    if (!isWhole) throw new Unusable(`${file} can't be read: a string or a comment does not end`);
    return own.map((statement) => ({ ...statement, file }));
  });
  const findings = RULES.flatMap(({ id, cwe, message, fix, find }) => find(statements).map(({ file, line }): Finding => ({ rule: id, file, line, severity: 'error', message: `${message} (CWE-${cwe})`, fix })));
  return [...new Map(findings.map((finding) => [`${finding.rule} ${finding.file}:${finding.line ?? 0}`, finding])).values()];
}

/** The platform's come first (app/data/migrate.ts). */
const rankOf = (file: string): string => `${file.startsWith('app/data/') ? 0 : 1} ${file}`;

/** A statement that has all of these, and none of those. */
const having = (wanted: RegExp, unwanted?: RegExp) => (statements: readonly Placed[]): readonly Placed[] => statements.filter(({ code }) => wanted.test(code) && unwanted?.test(code) !== true);

const NAME = String.raw`(?:if (?:not )?exists )?(?:only )?((?:\w+\.)?[\w%]+)`;
const own = (name: string | undefined): string => (name ?? '').replace(/^public\./, '');
const namesIn = (statements: readonly Placed[], pattern: RegExp): ReadonlySet<string> => new Set(statements.flatMap(({ code }) => { const found = pattern.exec(code); return found === null ? [] : [own(found[1])]; }));

/** The condition that holds a row to its tenant, in the forms that planners and people like. */
const HOLDS = /^(?:\w+\.)?tenant_id(?:::text)? = (?:\(select )?(?:nullif\()?current_setting\('app\.tenant_id'(?:, (?:true|false))?\)(?:, '')?\)?(?:::\w+)?(?: as \w+)?\)*$/;
const CREATE_POLICY = /\b(?:create|alter) policy \w+ on /;

/** Where the parenthesis that opens at `open` is closed. */
function closeOf(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    depth += text[at] === '(' ? 1 : text[at] === ')' ? -1 : 0;
    if (depth === 0) return at;
  }
  return text.length;
}

/** What stands in the parentheses after `word`, or nothing. */
function clauseOf(text: string, word: string): string | undefined {
  const start = new RegExp(String.raw`\b${word} ?\(`).exec(text);
  if (start === null) return undefined;
  const open = start.index + start[0].length - 1;
  return text.slice(open + 1, closeOf(text, open)).trim();
}

/** Cut at `word` wherever it stands outside of parentheses. */
function cut(condition: string, word: 'and' | 'or'): readonly string[] {
  let depth = 0;
  const parts = [''];
  for (const piece of condition.split(/(\(|\)|\band\b|\bor\b)/)) {
    depth += piece === '(' ? 1 : piece === ')' ? -1 : 0;
    if (piece === word && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + piece);
  }
  return parts.map((part) => part.trim());
}

/** Of all that is joined by `and`, one part is the tenant; nothing beside it is joined by `or`. */
function holdsToTenant(condition: string): boolean {
  if (condition.startsWith('(') && closeOf(condition, 0) === condition.length - 1) return holdsToTenant(condition.slice(1, -1).trim());
  if (cut(condition, 'or').length > 1) return false;
  const parts = cut(condition, 'and');
  return parts.some((part) => HOLDS.test(part) || (parts.length > 1 && holdsToTenant(part)));
}

function isOpenPolicy({ text }: Placed): boolean {
  if (!CREATE_POLICY.test(text) || / as restrictive\b/.test(text)) return false;
  // The platform's own work knows no tenant yet.
  if (/ to app_platform(?= (?:using|with)\b|$)/.test(text)) return false;
  const conditions = [clauseOf(text, 'using'), clauseOf(text, 'with check')].filter((condition) => condition !== undefined);
  if (conditions.length === 0) return text.startsWith('create');
  return conditions.some((condition) => !holdsToTenant(condition));
}

const RULES: readonly SqlRule[] = [
  {
    id: 'row-security-off', cwe: 1220,
    message: 'Row-level security, which keeps each tenant to its rows, is taken away.',
    fix: 'Leave it on: what the platform does for all tenants takes a policy for app_platform.',
    find: (statements) => statements.filter(({ text, code }) => /\b(?:disable row level security|no force row level security|set (?:local |session )?(?:role|session authorization)\b|session_replication_role|reset role)\b/.test(code) || /\brow_security (?:=|to) '?(?:off|false|no|0)|\bset_config\('(?:row_security|role|session_authorization|session_replication_role)'/.test(text)),
  },
  {
    id: 'policy-of-every-tenant', cwe: 639,
    message: 'This policy lets a role see or write rows of another tenant.',
    fix: "Write using (tenant_id = current_setting('app.tenant_id', true)), further conditions behind `and`; a policy of all tenants is `to app_platform` alone, and one that only narrows is `as restrictive`.",
    find: (statements) => statements.filter(isOpenPolicy),
  },
  {
    id: 'table-without-row-security', cwe: 1220,
    message: 'A table with rows of tenants is made, and no migration enables row-level security on it.',
    fix: "Add: alter table … enable row level security; create policy tenant on … using (tenant_id = current_setting('app.tenant_id', true));",
    find: (statements) => {
      const secured = namesIn(statements, new RegExp(String.raw`\balter table ${NAME} (?:force|enable) row level security`));
      const dropped = namesIn(statements, new RegExp(String.raw`\bdrop table ${NAME}`));
      const holding = namesIn(statements, new RegExp(String.raw`\balter table ${NAME} add (?:column )?(?:if not exists )?tenant_id\b`));
      return statements.filter(({ code }) => {
        const [, table, rest = ''] = new RegExp(String.raw`\bcreate (?:unlogged )?table ${NAME}(.*)$`).exec(code) ?? [];
        if (table === undefined || secured.has(own(table)) || dropped.has(own(table))) return false;
        // What is copied from another table may hold what it holds.
        return /\btenant_id\b/.test(rest) || /^(?: \([^)]*\))? as\b|\blike \w|\binherits\b/.test(rest) || holding.has(own(table));
      });
    },
  },
  {
    id: 'grant-to-everybody', cwe: 732,
    message: 'Something is granted to every login of the server.',
    fix: 'Grant it to app_tenant, app_reader or app_platform.',
    find: having(/\bgrant .*\bto (?:.*, ?)?public\b/),
  },
  {
    id: 'grant-beyond-rows', cwe: 732,
    message: 'More is granted than reading and writing rows: `all` holds truncate, which row-level security does not hold back, and what is granted for tables to come is granted before they have a policy.',
    fix: 'Name the rights (select, insert, update, delete) and the table.',
    find: having(/\bgrant (?:all\b|(?:[\w ,()]*\b)?(?:truncate|references|trigger|maintain|create|temporary|temp|set|alter system)\b[\w ,()]* on )|\bgrant .*\b(?:on all (?:tables|sequences|functions|routines|procedures) in|with grant option|with admin)\b|\balter default privileges .*\bgrant\b/),
  },
  {
    id: 'role-with-more-rights', cwe: 269,
    message: 'A role gets what makes row-level security no obstacle: an attribute, another role, or the tables themselves.',
    fix: 'The roles are made once, without rights of the server (app/data/migrations); who serves logs in by `npm run service-login`.',
    find: (statements) => [
      ...having(/\b(?:create|alter) (?:role|user|group)\b.*\b(?:superuser|bypassrls|createrole|createdb|replication|login|password|in role|in group)\b/)(statements),
      ...having(/\balter (?:table|view|materialized view|function|schema|database|type) .*\bowner to (?!current_user\b|session_user\b|current_role\b)/)(statements),
      // The end of a text that is put together.
      ...having(/^(?:with )?(?:superuser|bypassrls|createrole)\b/)(statements),
      // Membership: a grant that is on nothing.
      ...having(/\bgrant (?!.* on ).+ to \w/, /\bgrant (?:app_platform|app_tenant|app_reader)(?:, ?(?:app_platform|app_tenant|app_reader))* to current_user$/)(statements),
    ],
  },
  {
    id: 'function-of-its-owner', cwe: 426,
    message: 'A function runs with the rights of its owner, whom row-level security does not hold: its search_path is the caller\'s, or everybody may call it.',
    fix: "Leave `security definer` out; where it must be, add set search_path = '' and revoke execute on function … from public.",
    find: (statements) => {
      const revoked = new Set(statements.flatMap(({ code }) => /\brevoke (?:all|execute|all privileges) on (?:function|procedure|routine) (.+) from (?:.*, ?)?public\b/.exec(code)?.[1]?.split(/\([^)]*\)|,/).map((name) => own(name.trim())) ?? []));
      return statements.filter(({ code }) => {
        if (!/\bsecurity definer\b/.test(code)) return false;
        const [, name] = /\bcreate (?:or replace )?(?:function|procedure) ([\w.]+)/.exec(code) ?? [];
        return !/\bset search_path\b/.test(code) || name === undefined || !revoked.has(own(name));
      });
    },
  },
  {
    id: 'view-of-its-owner', cwe: 1220,
    message: 'A view reads as its owner, whom row-level security does not hold: who may read it sees every tenant.',
    fix: 'Write create view … with (security_invoker = true) as …; a materialised view can have no policy: make it a table, or grant it to app_platform alone.',
    find: (statements) => {
      const kept = namesIn(statements, /\bcreate materialized view (?:if not exists )?((?:\w+\.)?\w+)/);
      return statements.filter(({ code }) => {
        if (/\bsecurity_invoker ?= ?(?:false|off|0|no)\b|\breset \( ?security_invoker\b/.test(code)) return true;
        if (/\bcreate (?:or replace )?(?:recursive )?view\b/.test(code)) return !/\bsecurity_invoker(?: ?= ?(?:true|on|1|yes))? ?[,)]/.test(code);
        const [, granted, roles = ''] = /\bgrant .* on (?:table )?((?:\w+\.)?\w+) to (.+)$/.exec(code) ?? [];
        return granted !== undefined && kept.has(own(granted)) && roles !== 'app_platform';
      });
    },
  },
  {
    id: 'way-out-of-the-database', cwe: 250,
    message: 'The database is given a way to files, programs or other servers.',
    fix: 'Functions are written in sql or plpgsql; files and other servers are for the service.',
    find: (statements) => [
      ...having(/\bcreate (?:or replace )?(?:function|procedure)\b.*\blanguage (?!(?:sql|plpgsql)\b|''(?:sql|plpgsql)?'')/)(statements),
      ...having(/\bcreate (?:or replace )?(?:trusted )?(?:procedural )?language\b|\bcreate extension (?:if not exists )?(?:plpython|plperlu|pltclu|plsh|plr\b|plv8|dblink|postgres_fdw|file_fdw|adminpack|http\b|pg_net|lo\b)|\bcreate (?:foreign data wrapper|server|user mapping|foreign table|subscription)\b|\bimport foreign schema\b/)(statements),
      ...having(/\bcopy\b.*\b(?:from|to) (?:program\b|'')|\b(?:pg_read_(?:binary_)?file|pg_ls_dir|pg_stat_file|pg_file_write|lo_import|lo_export|dblink\w*)\(|\balter system\b|^load ''/)(statements),
    ],
  },
];
