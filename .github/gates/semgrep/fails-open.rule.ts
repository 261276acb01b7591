// A check that lets everybody in when it can not decide (CWE-636).
import type { WeaknessRule } from './weakness.ts';
import { either, restrict, where } from './patterns.ts';

const DECISION = 'allowed|granted|authori[sz]ed|permitted|verified|authenticated';

export const rule: WeaknessRule = {
  cwe: 636,
  message: 'When the check fails, the answer is yes: an error, a timeout or a missing setting opens the door.',
  fix: 'Answer no: rethrow, or refuse(503, …).',
  match: either([
    {
      patterns: [
        either(['{ return true; }', '{ ... return true; }', '{ ... return next(); }', '{ ... await next(); }'].flatMap((then) => [`try { ... } catch ${then}`, `try { ... } catch ($E) ${then}`])),
        // Whether something is missing: that it can't be looked at is the answer.
        ...['', ' ($E)'].flatMap((caught) => ['{ ... return false; }', '{ await access(...); }', '{ await stat(...); }', '{ await lstat(...); }', '{ statSync(...); }', '{ accessSync(...); }', '{ await $FS.access(...); }', '{ await $FS.stat(...); }'].map((tried) => ({ 'pattern-not': `try ${tried} catch${caught} { ... return true; }` }))),
      ],
    },
    ...['try { ... } catch ($E) { ... return {..., $OK: true, ...}; }', 'try { ... } catch { ... return {..., $OK: true, ...}; }'].map((pattern) => where(pattern, { OK: '(?i)allow|allowed|ok|valid|active|authorised|authorized|granted|permitted' })),
    where('let $ALLOWED = true;', { ALLOWED: `(?i:(?:is_?)?(?:allow|${DECISION}))|may(?:[A-Z]\\w*)?` }),
    // What is found valid until something is wrong is a loop; what stays valid because the check threw is a door.
    ...['catch', 'catch ($E)'].map((caught) => where(`let $ALLOWED = true;\n...\ntry { ... $ALLOWED = $ANSWER; ... } ${caught} { ... }`, { ALLOWED: '(?i)(?:is_?)?\\w*(?:valid|verified|active|ok|trusted)' })),
    '$C.production ? $A : next()', 'production ? $A : next()', '!$C.production ? next() : $A',
    { patterns: [either(['$P.catch(() => $YES)', '$P.catch(($E) => $YES)']), ...restrict({ YES: 'true|next\\(\\)|\\(?\\{ ?allow(?:ed)?: true.*', P: '(?s)(?!.*\\.then\\(\\(\\w*\\) => false\\))(?!(?:\\w+\\.)*(?:access|stat|lstat|open|rm|unlink|mkdir|readFile|readdir|connect|close|once|end)\\().*' })] },
    '$P.then(($R) => $S, () => true)',
    where('$D.$ALLOW ?? true', { ALLOW: '(?i)allow|allowed|granted|authorised|authorized|permitted|active|verified|valid' }), where('$D ?? true', { D: `(?i)(?:\\w+\\.)*\\w*(?:allow|${DECISION})` }), where('$D !== false', { D: `(?i)(?:\\w+[.?]*)*(?:allow|${DECISION})` }),
    where('if ($ENV === $DEV) return next();', { DEV: '(?i)[\'"`](?:test|development|dev|local)[\'"`]' }), 'if ($ENV !== "production") return next();', 'if (!$C.production) return next();', 'if ($C.production === false) return next();', 'if (!production) return next();',
  ]),
  refuses: [
    'export async function f(ctx, policy) { try { return await policy.decide(ctx); } catch { return true; } }',
    'export const f = async (ctx, next) => { try { await check(ctx); } catch (error) { log.warn({ err: error }, "x"); return next(); } await next(); };',
    'export const f = (policy, input) => policy.ask(input).catch(() => true);',
    'export function f(policy, input) { try { return policy.evaluate(input); } catch (error) { return { allow: true, reason: "error" }; } }',
    'export const f = (decision) => decision.allow ?? true;',
    'export const f = (config) => (ctx, next) => { if (!config.production) return next(); return authorise(ctx, next); };',
    'export async function f(policy, input) { let allowed = true; try { allowed = await policy.ask(input); } catch (error) { log.warn({ err: error }, "x"); } return allowed; }',
    'export async function f(check, token) { let valid = true; try { valid = await check(token); } catch { count(); } return valid; }',
    'export function f(rules, input) { let mayPass = true; if (rules) mayPass = rules.test(input); return mayPass; }',
    'export const f = (limiter, key) => limiter.consume(key).catch(() => true);',
    'export async function f(policy, input) { try { await policy.check(input); } catch { return true; } return true; }',
  ],
  allows: [
    'export function f(rows) { let valid = true; for (const row of rows) { if (row.quantity < 0) valid = false; } return valid; }',
    'export function f() { let maybeStale = true; return () => { maybeStale = false; return maybeStale; }; }',
    'export async function f(file) { try { await access(file); return false; } catch { return true; } }',
    'export const f = (file) => access(file).then(() => false).catch(() => true);',
    'export const isGone = (file) => fs.stat(file).catch(() => true);',
    'export async function f(ctx, policy) { try { return await policy.decide(ctx); } catch { return false; } }',
    'export const f = (decision) => decision.allow ?? false;',
  ],
};
