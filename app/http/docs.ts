// The readable page of the API, made from its OpenAPI document; nothing in it comes from another host.
import { prose, table } from '#app/http/docs-parts.ts';
import { schemaSection, type SchemaNames, sampleOf, toAnchor, typeOf } from '#app/http/docs-schemas.ts';
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from '#app/http/openapi.ts';
import { html, type Html } from '#app/lib/html.ts';

export function renderDocs(document: OpenApiDocument, publicUrl: string): Html {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const groups = document.tags.map(({ name }) => ({ name, operations: operations.filter(({ operation }) => operation.tags.includes(name)) }));
  const { schemas } = document.components;
  return html`<article class="docs">
    <header class="docs-header">
      <h1>${document.info.title} API</h1>
      <p>${document.info.description}</p>
      <p>Machine-readable: <a href="/openapi.json">OpenAPI ${document.openapi}</a>. A token for the examples: <code>npm run token -- --user clerk</code>.</p>
    </header>
    <nav class="docs-contents" aria-label="Contents">
      ${groups.map((group) => html`<section><h2>${group.name}</h2><ul>${group.operations.map(({ method, path, operation }) => html`<li><a href="${`#${operation.operationId}`}"><span class="${`docs-method docs-method-${method}`}">${method.toUpperCase()}</span> ${path}</a></li>`)}</ul></section>`)}
      <section><h2>Schemas</h2><ul>${Object.keys(schemas).map((name) => html`<li><a href="${`#${toAnchor(name)}`}">${name}</a></li>`)}</ul></section>
    </nav>
    <div class="docs-body">
      ${groups.map((group) => html`<section><h2>${group.name}</h2>${group.operations.map((one) => operationSection(one.path, one.method, one.operation, schemas, publicUrl))}</section>`)}
      <section><h2>Schemas</h2>${Object.entries(schemas).map(([name, schema]) => schemaSection(name, schema))}</section>
    </div>
  </article>`;
}

function operationSection(path: string, method: string, operation: OpenApiOperation, schemas: SchemaNames, publicUrl: string): Html {
  const body = operation.requestBody?.content['application/json']?.schema;
  return html`<section class="docs-operation" id="${operation.operationId}">
    <h3><span class="${`docs-method docs-method-${method}`}">${method.toUpperCase()}</span> <code>${path}</code></h3>
    <p class="docs-summary">${operation.summary}</p>
    ${prose(operation.description ?? '')}
    ${operation.parameters && operation.parameters.length > 0 && parameterTable(operation.parameters)}
    ${body && html`<p>Body: ${typeOf(body)}</p>`}
    ${body && !('$ref' in body) && schemaSection(undefined, body)}
    ${table('Responses', ['Status', 'Meaning', 'Body'], Object.entries(operation.responses).map(([status, { description, content = {} }]) => [html`<code>${status}</code>`, description, Object.entries(content).map(([type, { schema }]) => html`${typeOf(schema)} <span class="docs-media">${type}</span>`)]))}
    <h4>Example</h4>
    <pre tabindex="0"><code>${curlExample(path, method, operation, schemas, publicUrl)}</code></pre>
  </section>`;
}

function parameterTable(parameters: readonly OpenApiParameter[]): Html {
  return table('Parameters', ['Name', 'In', 'Type', 'Description'], parameters.map(({ name, in: place, required, schema, description }) => [html`<code>${name}</code>${required === true && html` <span class="docs-required">required</span>`}`, place, typeOf(schema), description ?? '']));
}

function pathSample(sample: unknown, name: string): string {
  return typeof sample === 'number' || (typeof sample === 'string' && sample !== '…') ? encodeURIComponent(sample) : `{${name}}`;
}

function curlExample(path: string, method: string, operation: OpenApiOperation, schemas: SchemaNames, publicUrl: string): string {
  const parameters = operation.parameters ?? [];
  const body = operation.requestBody?.content['application/json']?.schema;
  const concrete = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => pathSample(sampleOf(parameters.find((one) => one.name === name)?.schema ?? {}, schemas), name));
  const lines = [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} '${publicUrl}${concrete}'`,
    `-H "Authorization: Bearer $TOKEN"`,
    ...(parameters.some(({ name }) => name === 'Idempotency-Key') ? ['-H "Idempotency-Key: $(uuidgen)"'] : []),
    ...(parameters.some(({ name }) => name === 'If-Match') ? [`-H 'If-Match: "1"'`] : []),
    ...(body ? [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(sampleOf(body, schemas)).replaceAll("'", "'\\''")}'`] : []),
  ];
  return lines.join(' \\\n  ');
}
