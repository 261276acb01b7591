// Ten codes to sign in with once each, for who has lost the second factor.
import { randomBytes } from 'node:crypto';
import type { Database } from '#app/feature.ts';
import { hashToken, type Ref } from './store.ts';
import { tablesOf } from './tables.ts';

const HOW_MANY = 10;
/** 120 bits, more than the 112 from which a plain hash suffices (NIST SP 800-63B-4, 3.1.2.2). */
const CODE_BYTES = 15;
/** Crockford's base 32: no letter that looks like a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUP = 4;

/** New ones in place of all others; they exist nowhere else. */
export async function replaceCodes(db: Database, { tenantId, id }: Ref): Promise<readonly string[]> {
  // In the caller's transaction: of two at once, the second removes what the first has made.
  await tablesOf(db).selectFrom('account').select('id').where('tenant_id', '=', tenantId).where('id', '=', id).forUpdate().execute();
  await removeCodes(db, { tenantId, id });
  const codes = Array.from({ length: HOW_MANY }, createCode);
  await tablesOf(db).insertInto('account_recovery_code').values(codes.map((code) => ({ tenant_id: tenantId, account_id: id, code_hash: hashCode(code) }))).execute();
  return codes;
}

export async function removeCodes(db: Database, { tenantId, id }: Ref): Promise<void> {
  await tablesOf(db).deleteFrom('account_recovery_code').where('tenant_id', '=', tenantId).where('account_id', '=', id).execute();
}

/** True for one that is good, and that is not from then on. */
export async function useCode(db: Database, { tenantId, id }: Ref, code: string): Promise<boolean> {
  const result = await tablesOf(db).deleteFrom('account_recovery_code').where('tenant_id', '=', tenantId).where('account_id', '=', id).where('code_hash', '=', hashCode(code)).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export async function countCodes(db: Database, { tenantId, id }: Ref): Promise<number> {
  const { count } = await tablesOf(db).selectFrom('account_recovery_code').select(({ fn }) => fn.countAll<string>().as('count')).where('tenant_id', '=', tenantId).where('account_id', '=', id).executeTakeFirstOrThrow();
  return Number(count);
}

function createCode(): string {
  let number = BigInt(`0x${randomBytes(CODE_BYTES).toString('hex')}`);
  let text = '';
  for (let index = 0; index < (CODE_BYTES * 8) / 5; index += 1) {
    text += ALPHABET[Number(number & 31n)] ?? '';
    number >>= 5n;
  }
  return text.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-');
}

/** However it was typed: capitals, blanks, and letters that look like digits. */
function hashCode(code: string): Buffer {
  return hashToken(code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1'));
}
