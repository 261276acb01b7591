// The OpenAPI 3.1 document, made from the schemas that check the requests.
import { z } from 'zod';
import type { EventType, Operation, ResponseSpec } from '#app/feature.ts';
import type { LoadedFeature } from '#app/features.ts';
import { createSchemaCollection, type JsonSchema, type SchemaCollection } from '#app/http/openapi-schemas.ts';
import { API_PREFIX } from '#app/http/operation-routes.ts';
import { PROBLEM_TYPE } from '#app/http/problem.ts';
import { fieldsOf } from '#app/http/schema.ts';

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}
export interface OpenApiContent {
  readonly [mediaType: string]: { readonly schema: JsonSchema };
}
export interface OpenApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content?: OpenApiContent;
}
export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: OpenApiContent };
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

const FieldErrorSchema = z.strictObject({ pointer: z.string().optional(), parameter: z.string().optional(), header: z.string().optional(), detail: z.string() });
export const ProblemSchema = z
  .strictObject({
    type: z.string().describe('URI reference of the kind of problem: `/problems/<code>`.'),
    title: z.string().describe('The kind of problem, in words.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What went wrong this time.'),
    instance: z.string().describe('The path that was asked for.'),
    requestId: z.string().describe('Finds the request in the log.'),
    errors: z.array(FieldErrorSchema).optional().describe('What is wrong where: a JSON Pointer into the body, a parameter or a header.'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

const LIVE_TAG = 'Live events';
const HEADERS = {
  'X-Request-Id': { description: 'Finds the request in the log.', schema: { type: 'string' } },
  ETag: { description: 'The version of the representation, for If-Match and If-None-Match.', schema: { type: 'string' } },
  Location: { description: 'Path of the created resource.', schema: { type: 'string' } },
  'Idempotency-Replayed': { description: '`true` on the stored response of an earlier request with the same Idempotency-Key.', schema: { type: 'string', const: 'true' } },
} as const;

export function createOpenApi(features: readonly LoadedFeature[], issuer: string): OpenApiDocument {
  const schemas = createSchemaCollection();
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const { module, feature } of features) {
    for (const operation of feature.operations) {
      const path = (paths[API_PREFIX + operation.path] ??= {});
      path[operation.method] = describeOperation(operation, module.title, schemas);
    }
  }
  const events = Object.assign({}, ...features.map(({ module }) => module.events)) as Record<string, EventType>;
  paths[`${API_PREFIX}/stream`] = { get: describeStream(events, schemas) };
  paths[`${API_PREFIX}/socket`] = { get: describeSocket(schemas) };
  return {
    openapi: '3.1.1',
    info: { title: 'Stockade', version: '1.0.0', description: 'Every error is an RFC 9457 problem. Unknown fields are refused.' },
    servers: [{ url: '/' }],
    tags: [...features.map(({ module }) => ({ name: module.title })), { name: LIVE_TAG }],
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: schemas.components(),
      headers: HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of the OpenID provider, with this API as its audience.' },
        session: { type: 'openIdConnect', openIdConnectUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, description: 'The cookie session of a person who signed in at /auth/sign-in.' },
      },
    },
  };
}

function describeOperation(operation: Operation, tag: string, schemas: SchemaCollection): OpenApiOperation {
  const body = (operation.kind === 'command' ? operation.body : undefined) as z.ZodType | undefined;
  const parameters = [...fieldParameters('path', operation.params as z.ZodType | undefined, schemas), ...(operation.kind === 'query' ? fieldParameters('query', operation.query as z.ZodType | undefined, schemas) : []), ...headerParameters(operation)];
  const declared = Object.entries(operation.responses as Readonly<Record<string, ResponseSpec>>).map(([status, spec]) => [status, describeResponse(operation, Number(status), spec, schemas)] as const);
  const added = Object.entries(platformProblems(operation)).map(([status, description]) => [status, problemResponse(description, schemas)] as const);
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    description: [operation.description, `Needs the permission \`${operation.action}\`.`].filter(Boolean).join('\n\n'),
    tags: [tag],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true as const, content: { 'application/json': { schema: schemas.convert(body, 'input') } } } } : {}),
    responses: Object.fromEntries([...added, ...(operation.kind === 'query' ? [['304', { description: 'The client has this version.', headers: headers('ETag') }] as const] : []), ...declared]),
  };
}

function fieldParameters(place: 'path' | 'query', schema: z.ZodType | undefined, schemas: SchemaCollection): OpenApiParameter[] {
  if (schema === undefined) return [];
  return Object.entries(fieldsOf(schema, place)).map(([name, field]) => {
    const { description, ...json } = schemas.convert(field, 'input');
    const required = place === 'path' || !field.safeParse(undefined).success;
    return { name, in: place, required, ...(typeof description === 'string' ? { description } : {}), schema: json };
  });
}

function headerParameters(operation: Operation): OpenApiParameter[] {
  if (operation.kind === 'query') return [{ name: 'If-None-Match', in: 'header', description: 'ETags that the client has.', schema: { type: 'string' } }];
  return [
    ...(takesKey(operation) ? [{ name: 'Idempotency-Key', in: 'header' as const, description: 'The same key with the same request runs once.', schema: { type: 'string', pattern: '^[!-~]{1,255}$' } }] : []),
    ...(operation.precondition ? [{ name: 'If-Match', in: 'header' as const, required: true, description: 'The ETag of the version to change, or `*`.', schema: { type: 'string' } }] : []),
  ];
}

function takesKey(operation: Operation): boolean {
  return operation.kind === 'command' && operation.method === 'post' && operation.streams !== true;
}

/** What the platform answers before or around the handler; only what can happen. */
function platformProblems(operation: Operation): Record<string, string> {
  return {
    400: 'The request does not have the form that is asked for.',
    401: 'Nobody is signed in, or the token is not valid.',
    403: 'The subject may not do this.',
    406: 'The Accept header leaves out the answer’s type.',
    ...(takesKey(operation) ? { 409: 'The first request with this Idempotency-Key is still running.', 422: 'The Idempotency-Key was used for another request.' } : {}),
    ...(operation.kind === 'command' && operation.precondition ? { 412: 'The If-Match header names another version.', 428: 'The If-Match header is missing.' } : {}),
    ...(operation.kind === 'command' && operation.body ? { 413: 'The body is too large.', 415: 'The body has another type, coding or charset than is asked for.' } : {}),
    429: 'The address or the subject asks too often. `Retry-After` says when to try again.',
    500: 'The service failed.',
    503: 'The service is overloaded, or its database is away or busy. `Retry-After` says when to try again.',
  };
}

function describeResponse(operation: Operation, status: number, { description, schema }: ResponseSpec, schemas: SchemaCollection): OpenApiResponse {
  if (status >= 400) return problemResponse(description, schemas);
  const names: (keyof typeof HEADERS)[] = [...(schema ? (['ETag'] as const) : []), ...(status === 201 ? (['Location'] as const) : []), ...(takesKey(operation) ? (['Idempotency-Replayed'] as const) : [])];
  return { description, headers: headers(...names), ...(schema ? { content: { 'application/json': { schema: schemas.convert(schema, 'input') } } } : {}) };
}

function problemResponse(description: string, schemas: SchemaCollection): OpenApiResponse {
  return { description, headers: headers(), content: { [PROBLEM_TYPE]: { schema: schemas.convert(ProblemSchema, 'input') } } };
}

function headers(...names: readonly (keyof typeof HEADERS)[]): Record<string, { $ref: string }> {
  return Object.fromEntries((['X-Request-Id', ...names] as const).map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

const CloudEventMembers = {
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string(),
  subject: z.string().describe('The resource that it is about.'),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  tenantid: z.string(),
  actor: z.string().describe('Who caused it: the subject’s id.'),
  traceparent: z.string().optional().describe('The trace in which it happened (W3C Trace Context), where the service is traced.'),
};

function describeStream(events: Readonly<Record<string, EventType>>, schemas: SchemaCollection): OpenApiOperation {
  const list = Object.entries(events).map(([type, { action, summary, data }]) => {
    // Other members may come: CloudEvents has extensions, and readers ignore what they don't know.
    const { $ref } = schemas.convert(z.looseObject({ ...CloudEventMembers, type: z.literal(type), data }).meta({ id: type, description: summary }), 'input');
    return `- \`${type}\` (\`${action}\`): ${summary} Schema: \`${String($ref)}\``;
  });
  return {
    operationId: 'openStream',
    summary: 'Follow changes as server-sent events',
    description: ['Each event’s `data` is a CloudEvent 1.0 in JSON, its `id` a position to resume from. A `resync` event says that what was missed is no longer kept: read the state again.', ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n'),
    tags: [LIVE_TAG],
    parameters: [
      { name: 'Last-Event-ID', in: 'header', description: 'Resume after this event.', schema: { type: 'string' } },
      { name: 'lastEventId', in: 'query', description: 'The same, for a first connection.', schema: { type: 'string' } },
    ],
    responses: {
      200: { description: 'The stream.', headers: headers(), content: { 'text/event-stream': { schema: { type: 'string' } } } },
      ...liveProblems(schemas),
      406: problemResponse('The Accept header leaves out text/event-stream.', schemas),
    },
  };
}

function describeSocket(schemas: SchemaCollection): OpenApiOperation {
  return {
    operationId: 'openSocket',
    summary: 'Follow changes over a WebSocket',
    description: [
      'Each message is JSON with one of these forms; the server expects none.',
      ['- `{"id": position}`: where the subscription stands.', '- `{"id": position, "event": CloudEvent}`: an event of the stream.', '- `{"id": position, "resync": {"reason"}}`: events were skipped; read the state again.', '- `{"reconnect": {"afterMs"}}`: the process stops; connect again.', '- `{"end": {"reason"}}`: the session’s access has ended.'].join('\n'),
    ].join('\n\n'),
    tags: [LIVE_TAG],
    parameters: [{ name: 'lastEventId', in: 'query', description: 'Resume after this event.', schema: { type: 'string' } }],
    responses: { 101: { description: 'The connection is a WebSocket from here on.' }, ...liveProblems(schemas), 426: problemResponse('The request does not ask for a WebSocket.', schemas) },
  };
}

function liveProblems(schemas: SchemaCollection): Record<string, OpenApiResponse> {
  return {
    400: problemResponse('The position to resume from is malformed.', schemas),
    401: problemResponse('Nobody is signed in, or the token is not valid.', schemas),
    429: problemResponse('The address or the subject connects too often.', schemas),
    403: problemResponse('The subject may follow no events, or the page is not this site’s.', schemas),
    503: problemResponse('The process is stopping, overloaded, or serves as many sessions as it can. `Retry-After` says when to try again.', schemas),
  };
}
