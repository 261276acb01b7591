// A check that lets everybody in when it can not decide (CWE-636).
import type { WeaknessRule } from './weakness.ts';
import { where } from './patterns.ts';

export const rule: WeaknessRule = {
  cwe: 636,
  message: 'When the check fails, the answer is yes: an error, a timeout or a missing setting opens the door.',
  fix: 'Answer no: rethrow, or refuse(503, …).',
  match: { patterns: [
    { 'pattern-either': [
      { pattern: 'try { ... } catch { ... return true; }' }, { pattern: 'try { ... } catch ($E) { ... return true; }' }, { pattern: 'try { ... } catch ($E) { ... return next(); }' }, { pattern: 'try { ... } catch { ... return next(); }' }, { pattern: 'try { ... } catch ($E) { ... await next(); }' }, { pattern: 'try { ... } catch { ... await next(); }' },
      where('try { ... } catch ($E) { ... return {..., $OK: true, ...}; }', { OK: '(?i)allow|allowed|ok|valid|active|authorised|authorized|granted|permitted' }), where('try { ... } catch { ... return {..., $OK: true, ...}; }', { OK: '(?i)allow|allowed|ok|valid|active|authorised|authorized|granted|permitted' }),
      where('let $ALLOWED = true;', { ALLOWED: '(?i)(?:is_?)?(?:allow|allowed|granted|authori[sz]ed|permitted|verified|authenticated|valid|may\\w*)' }), { pattern: '$C.production ? $A : next()' }, { pattern: 'production ? $A : next()' }, { pattern: '!$C.production ? next() : $A' },
      where('$P.catch(() => $YES)', { YES: 'true|\\(\\{ ?allow(?:ed)?: true.*|next\\(\\)|\\{ ?allow(?:ed)?: true.*' }), where('$P.catch(($E) => $YES)', { YES: 'true|next\\(\\)|\\{ ?allow(?:ed)?: true.*' }), { pattern: '$P.then(($R) => $S, () => true)' },
      where('$D.$ALLOW ?? true', { ALLOW: '(?i)allow|allowed|granted|authorised|authorized|permitted|active|verified|valid' }), where('$D ?? true', { D: '(?i)(?:\\w+\\.)*\\w*(?:allow|allowed|granted|authori[sz]ed|permitted|verified)' }), where('$D !== false', { D: '(?i)(?:\\w+[.?]*)*(?:allow|allowed|granted|authori[sz]ed|permitted|verified)' }),
      where('if ($ENV === $DEV) return next();', { DEV: '(?i)[\'"`](?:test|development|dev|local)[\'"`]' }), where('if ($ENV !== "production") return next();', { ENV: '.*' }), where('if (!$C.production) return next();', {}), where('if ($C.production === false) return next();', {}), where('if (!production) return next();', {}),
    ] },
  ] },
  refuses: [
    'export async function f(ctx, policy) { try { return await policy.decide(ctx); } catch { return true; } }',
    'export const f = async (ctx, next) => { try { await check(ctx); } catch (error) { log.warn({ err: error }, "x"); return next(); } await next(); };',
    'export const f = (policy, input) => policy.ask(input).catch(() => true);',
    'export function f(policy, input) { try { return policy.evaluate(input); } catch (error) { return { allow: true, reason: "error" }; } }',
    'export const f = (decision) => decision.allow ?? true;',
    'export const f = (config) => (ctx, next) => { if (!config.production) return next(); return authorise(ctx, next); };',
  ],
  allows: [
    'export async function f(ctx, policy) { try { return await policy.decide(ctx); } catch { return false; } }',
    'export const f = (decision) => decision.allow ?? false;',
  ],
};
