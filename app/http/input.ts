// Checks what a request brings against the route's schemas, and says what is wrong where.
// Tested by steps.test.ts: by real requests.
import { z } from 'zod';
import { type FieldError, type Refusal, refuse } from '#app/errors.ts';
import { parseFields } from '#app/http/fields.ts';
import { fieldsOf, isList } from '#app/http/schema.ts';
import { formatPointer } from '#app/lib/json-pointer.ts';

export type InputPart = 'params' | 'query' | 'body';
const MAX_ERRORS = 20;
/** Where a route has no schema, nothing may come. */
const NOTHING = z.strictObject({});

export interface InputSchemas {
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
}

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
}

export type InputReader = (params: Readonly<Record<string, string>>, querystring: string) => Input | Refusal;

export function createInputReader({ params, query = NOTHING }: InputSchemas): InputReader {
  const lists = Object.entries(fieldsOf(query, 'query')).flatMap(([name, schema]) => (isList(schema) ? [name] : []));
  return (givenParams, querystring) => {
    const fields = parseFields(querystring);
    if ('refused' in fields) return fields;
    for (const name of lists) {
      const value = fields.value[name];
      if (typeof value === 'string') fields.value[name] = [value];
    }
    const readParams = params?.safeParse(givenParams);
    const readQuery = query.safeParse(fields.value);
    if (readParams?.success !== false && readQuery.success) return { params: readParams?.data, query: query === NOTHING ? undefined : readQuery.data };
    return refuseInvalid([...toFieldErrors('params', readParams?.error), ...toFieldErrors('query', readQuery.error)]);
  };
}

export function validateBody(schema: z.ZodType | undefined, value: unknown): { readonly value: unknown } | Refusal {
  if (schema === undefined) return { value: undefined };
  const read = schema.safeParse(value);
  return read.success ? { value: read.data } : refuseInvalid(toFieldErrors('body', read.error));
}

export function refuseInvalid(errors: readonly FieldError[]): Refusal {
  return refuse(400, 'invalid-request', 'The request does not have the form that this operation asks for.', errors.slice(0, MAX_ERRORS));
}

function toFieldErrors(part: InputPart, error: z.ZodError | undefined): FieldError[] {
  return (error?.issues ?? []).flatMap((issue) => {
    // One error for each unknown field, at the field: that is where a person looks.
    const places = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    const detail = issue.code === 'unrecognized_keys' ? 'This field is unknown.' : issue.message;
    return places.map((path) => (part === 'body' ? { pointer: formatPointer(path), detail } : { parameter: String(path[0] ?? ''), detail }));
  });
}
