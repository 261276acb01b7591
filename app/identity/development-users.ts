// Whom one can sign in as at the embedded provider: each role in two tenants.
import type { Role } from '#app/feature.ts';

export interface DevelopmentUser {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  readonly roles: readonly Role[];
}

export const DEVELOPMENT_USERS: readonly DevelopmentUser[] = [
  { id: 'viewer', name: 'Vera Viewer', tenantId: 'acme', roles: ['viewer'] },
  { id: 'clerk', name: 'Cleo Clerk', tenantId: 'acme', roles: ['clerk'] },
  { id: 'manager', name: 'Mara Manager', tenantId: 'acme', roles: ['manager'] },
  { id: 'auditor', name: 'Aldo Auditor', tenantId: 'acme', roles: ['auditor'] },
  { id: 'globex-viewer', name: 'Gwen Viewer', tenantId: 'globex', roles: ['viewer'] },
  { id: 'globex-clerk', name: 'Gus Clerk', tenantId: 'globex', roles: ['clerk'] },
  { id: 'globex-manager', name: 'Greta Manager', tenantId: 'globex', roles: ['manager'] },
  { id: 'globex-auditor', name: 'Gil Auditor', tenantId: 'globex', roles: ['auditor'] },
];
