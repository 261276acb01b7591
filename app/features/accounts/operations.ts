// Accounts as managers keep them: who has one, with which roles.
import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#app/errors.ts';
import { defineCommand, defineQuery, type Operation, ROLES } from '#app/feature.ts';
import { type AccountParts, notify } from './parts.ts';
import { removePasskeys } from './passkeys.ts';
import { removeCodes } from './recovery-codes.ts';
import { invite } from './reset.ts';
import { type Account, changeAccount, createAccount, dropPassword, listAccounts, readAccount, type Ref, setTotpSecret, subjectIdOf } from './store.ts';

const role = z.enum(ROLES);
// What stands in a mail's header and on pages: no line breaks, no control characters.
/** Written as ranges, since it is in the OpenAPI document, and many of its readers know no `\p{C}`; no marks that reorder text (CWE-1007). */
// eslint-disable-next-line no-control-regex -- they are what it refuses
const READABLE = /^[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+$/u;
const name = z.string().trim().min(1).max(120).regex(READABLE, 'This must have no control characters and no line breaks.').meta({ description: 'As pages and mails call the person.' });
const roles = z.array(role).min(1).max(ROLES.length);
// eslint-disable-next-line security/detect-unsafe-regex -- bounded by `max`, and every part is a class of its own
const address = z.string().max(254).regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})+$/, 'This must be an email address.');

const accountSchema = z
  .strictObject({
    id: z.uuid(),
    subject: z.string().meta({ description: 'By which sessions and records name the person.' }),
    email: z.string(),
    name: z.string(),
    roles: z.array(role),
    disabled: z.boolean(),
    hasPassword: z.boolean(),
    createdAt: z.iso.datetime(),
    version: z.int().min(1),
  })
  .meta({ id: 'Account', description: 'A person who signs in here, and not at the identity provider.' });
const idParams = z.strictObject({ id: z.uuid() });
const cursor = z.string().max(200).regex(/^[A-Za-z0-9_-]+$/);
const cursorContent = z.tuple([z.iso.datetime(), z.uuid()]);
const NOT_FOUND = { description: '`account-not-found`: your tenant has no such account.' };

export const ADMINISTER = 'accounts:administer';

export function createOperations(parts: AccountParts): readonly Operation[] {
  return [
    defineQuery({
      operationId: 'listAccounts',
      path: '/accounts',
      summary: 'List the accounts of your tenant',
      action: 'accounts:read',
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(50), cursor: cursor.optional() }),
      responses: { 200: { description: 'The oldest first.', schema: z.strictObject({ accounts: z.array(accountSchema), nextCursor: z.string().optional() }) }, 400: { description: '`invalid-request`: the cursor is not one of this list.' } },
      async handle({ db, subject, query }) {
        const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
        if (isRefusal(after)) return after;
        const { rows, more } = await listAccounts(db, subject.tenantId, { after, limit: query.limit });
        const last = rows.at(-1);
        return { status: 200, body: { accounts: rows.map(toBody), ...(more && last !== undefined ? { nextCursor: encodeCursor(last) } : {}) } };
      },
    }),
    defineCommand({
      operationId: 'createAccount',
      method: 'post',
      path: '/accounts',
      summary: 'Make an account',
      description: 'The person is sent a link, good for a day, to set a password with.',
      action: ADMINISTER,
      body: z.strictObject({ email: address, name, roles }),
      responses: { 201: { description: 'It is made.', schema: accountSchema }, 409: { description: '`account-exists`: there is one with this email.' } },
      async handle({ db, subject, body, now, record, afterCommit }) {
        const account = await createAccount(db, { tenantId: subject.tenantId, email: body.email, name: body.name, roles: [...new Set(body.roles)] }, now);
        if (account === undefined) return refuse(409, 'account-exists', 'There is an account with this email.');
        record({ resource: `/api/v1/accounts/${account.id}`, details: { roles: account.roles } });
        await invite(parts, db, account, now);
        afterCommit(parts.mailer.wake);
        return { status: 201, body: toBody(account), version: account.version, location: `/api/v1/accounts/${account.id}` };
      },
    }),
    defineQuery({
      operationId: 'readAccount',
      path: '/accounts/{id}',
      summary: 'Read an account',
      action: 'accounts:read',
      params: idParams,
      responses: { 200: { description: 'The account.', schema: accountSchema }, 404: NOT_FOUND },
      async handle({ db, subject, params }) {
        const account = await readAccount(db, { tenantId: subject.tenantId, id: params.id });
        return account === undefined ? refuseUnknown() : { status: 200, body: toBody(account), version: account.version };
      },
    }),
    defineCommand({
      operationId: 'changeAccount',
      method: 'patch',
      path: '/accounts/{id}',
      summary: 'Change name, roles, or whether the person may sign in',
      description: 'Other roles, and none at all, end the person’s sessions.',
      action: ADMINISTER,
      params: idParams,
      body: z.strictObject({ name: name.optional(), roles: roles.optional(), disabled: z.boolean().optional() }),
      precondition: 'if-match',
      responses: { 200: { description: 'It is changed.', schema: accountSchema }, 404: NOT_FOUND, 409: { description: '`own-account`: others decide about your own rights.' }, 412: { description: 'Changed by others.' } },
      async handle({ db, subject, params, body, matches, record, endSessions }) {
        const ref = { tenantId: subject.tenantId, id: params.id };
        const before = await readAccount(db, ref);
        if (before === undefined) return refuseUnknown();
        if (!matches(before.version)) return refuse(412, 'precondition-failed', 'Someone changed this account in the meantime.');
        const ownRights = body.roles !== undefined || body.disabled !== undefined;
        if (ownRights && subjectIdOf(before) === subject.id) return refuse(409, 'own-account', 'Others decide about your own rights.');
        const account = await changeAccount(db, ref, { ...body, roles: body.roles && [...new Set(body.roles)] });
        if (account === undefined) return refuseUnknown();
        if (ownRights) {
          record({ details: { roles: account.roles, disabled: account.disabled } });
          await endSessions({ tenantId: subject.tenantId, id: subjectIdOf(account) });
        }
        return { status: 200, body: toBody(account), version: account.version };
      },
    }),
    defineCommand({
      operationId: 'inviteAgain',
      method: 'post',
      path: '/accounts/{id}/invitations',
      summary: 'Send another link to set a password with',
      action: ADMINISTER,
      params: idParams,
      responses: { 202: { description: 'It is on its way.' }, 404: NOT_FOUND, 409: { description: '`account-disabled`' } },
      async handle({ db, subject, params, now, afterCommit }) {
        const account = await readAccount(db, { tenantId: subject.tenantId, id: params.id });
        if (account === undefined) return refuseUnknown();
        if (account.disabled) return refuse(409, 'account-disabled', 'This account is disabled.');
        await invite(parts, db, account, now);
        afterCommit(parts.mailer.wake);
        return { status: 202 };
      },
    }),
    defineCommand({
      operationId: 'removeFactors',
      method: 'delete',
      path: '/accounts/{id}/factors',
      summary: 'Remove the second factors of somebody who has lost them',
      description: 'Authenticator app, passkeys and recovery codes go, and every session ends. A password that is too short to stand alone goes too: the person is sent a link to set one.',
      action: ADMINISTER,
      params: idParams,
      responses: { 204: { description: 'They are removed.' }, 404: NOT_FOUND, 409: { description: '`own-account`: others help you.' } },
      async handle({ db, subject, params, now, record, endSessions, afterCommit }) {
        const ref: Ref = { tenantId: subject.tenantId, id: params.id };
        const account = await readAccount(db, ref);
        if (account === undefined) return refuseUnknown();
        if (subjectIdOf(account) === subject.id) return refuse(409, 'own-account', 'Your own factors are on the page of your sign-in security.');
        await setTotpSecret(db, ref, null);
        await removePasskeys(db, ref);
        await removeCodes(db, ref);
        if (!account.passwordStandsAlone) {
          await dropPassword(db, ref);
          if (!account.disabled) await invite(parts, db, account, now);
        }
        await endSessions({ tenantId: subject.tenantId, id: subjectIdOf(account) });
        record({ details: { change: 'factors-reset' } });
        await notify(parts, db, account, 'factors-reset', now);
        afterCommit(parts.mailer.wake);
        return { status: 204 };
      },
    }),
  ];
}

function toBody(account: Account): z.input<typeof accountSchema> {
  const { id, email, name: called, roles: held, disabled, passwordHash, createdAt, version } = account;
  return { id, subject: subjectIdOf(account), email, name: called, roles: [...held], disabled, hasPassword: passwordHash !== null, createdAt: createdAt.toISOString(), version };
}

function refuseUnknown(): Refusal {
  return refuse(404, 'account-not-found', 'Your tenant has no such account.');
}

function encodeCursor({ createdAt, id }: Account): string {
  return Buffer.from(JSON.stringify([createdAt.toISOString(), id])).toString('base64url');
}

function decodeCursor(text: string): { readonly createdAt: Date; readonly id: string } | Refusal {
  const invalid = () => refuse(400, 'invalid-request', 'The request has parts that are not valid.', [{ parameter: 'cursor', detail: 'This must be a nextCursor of this list.' }]);
  try {
    const content = cursorContent.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return content.success ? { createdAt: new Date(content.data[0]), id: content.data[1] } : invalid();
  } catch {
    return invalid();
  }
}
