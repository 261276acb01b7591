// What AWS STS decides of a web identity token by a role's trust policy, as far as GitHub's roles need it; what it does not know it refuses.

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface TrustPolicy {
  readonly Statement: readonly { readonly Effect: string; readonly Action: string; readonly Principal: Readonly<Record<string, string>>; readonly Condition: Conditions }[];
}

/** Claims by name, without the issuer. */
export type Token = Readonly<Record<string, string | undefined>>;

const ISSUER = 'token.actions.githubusercontent.com';

/** Values of one key are alternatives; keys and operators have to hold all of them. */
export function admits({ Statement }: TrustPolicy, token: Token): boolean {
  return Statement.some(({ Effect, Action, Principal, Condition }) => {
    if (Effect !== 'Allow' || Action !== 'sts:AssumeRoleWithWebIdentity') throw new Error(`${Effect} ${Action} is not known here`);
    if (!(Principal['Federated'] ?? '').endsWith(`:oidc-provider/${ISSUER}`)) return false;
    return Object.entries(Condition).every(([operator, keys]) => Object.entries(keys).every(([key, values]) => holds(operator, claimOf(token, key), typeof values === 'string' ? [values] : values)));
  });
}

function claimOf(token: Token, key: string): string | undefined {
  if (!key.startsWith(`${ISSUER}:`)) throw new Error(`${key} is no claim of GitHub`);
  return token[key.slice(ISSUER.length + 1)];
}

function holds(operator: string, claim: string | undefined, values: readonly string[]): boolean {
  switch (operator) {
    case 'StringEquals':
      return claim !== undefined && values.includes(claim);
    case 'StringEqualsIfExists':
      return claim === undefined || values.includes(claim);
    case 'StringLike':
      return claim !== undefined && values.some((value) => patternOf(value).test(claim));
    default:
      throw new Error(`The operator ${operator} is not known here`);
  }
}

/** `*` stands for any characters, slashes too, and `?` for one. */
function patternOf(value: string): RegExp {
  const text = value.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`).replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}

/** Every policy that has one condition less, with that condition's name. */
export function weakened({ Statement }: TrustPolicy): readonly { readonly condition: string; readonly policy: TrustPolicy }[] {
  return Statement.flatMap((statement, index) =>
    Object.entries(statement.Condition).flatMap(([operator, keys]) =>
      Object.keys(keys).map((key) => {
        const rest = Object.fromEntries(Object.entries(keys).filter(([other]) => other !== key));
        const weaker = { ...statement, Condition: { ...statement.Condition, [operator]: rest } };
        return { condition: `${operator} ${key.slice(ISSUER.length + 1)}`, policy: { Statement: Statement.with(index, weaker) } };
      }),
    ),
  );
}
