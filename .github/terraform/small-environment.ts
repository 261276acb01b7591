// An environment of values alone, which the real Terraform plans and applies in a second: what has an image (the migration's task, the
// service) is there, by the addresses and outputs that the workflows use. Tested by workflow-steps.test.ts, whose ground it is.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Place } from './workflow-steps.ts';

/** What the stand-ins know. */
export interface Cloud {
  readonly calls: readonly string[];
  /** The digest of the release. */
  readonly released: string;
  /** With which the migration's container ends. */
  readonly migrationStatus: number;
  /** The task definition that ECS went back to. */
  readonly serves?: string;
  readonly images: readonly object[];
  /** Of Cognito's client, the oldest first: two at most. */
  readonly clientSecrets: readonly { readonly id: string; readonly made: string; readonly value: string }[];
  /** What Secrets Manager has for the service. */
  readonly box?: string;
  /** How the calls begin that fail. */
  readonly failing?: string;
  /** By number, as the API of GitHub has them. */
  readonly pulls: Readonly<Record<string, object>>;
}

export interface SmallEnvironment extends Place {
  readonly cloud: () => Cloud;
  readonly change: (values: Partial<Cloud>) => void;
  readonly calls: (start: string) => readonly string[];
}

const ROOT = `
variable "image" {}
variable "domain_name" {}
variable "environment" {}
resource "terraform_data" "migration_task" {
  input = { family = "migration", image = var.image, cluster = "made" }
}
resource "terraform_data" "migration" {
  input      = terraform_data.migration_task.input.family
  depends_on = [terraform_data.migration_task]
}
resource "terraform_data" "service" {
  input = { name = "service", definition = "definition-of-\${var.image}", domain = var.domain_name }
}
output "image" { value = var.image }
output "cluster_name" { value = terraform_data.migration_task.input.cluster }
output "service_name" { value = terraform_data.service.input.name }
output "service_task_definition" { value = terraform_data.service.input.definition }
output "smoke_url" { value = "https://\${var.domain_name}/.well-known/security.txt" }
output "migration_task_definition" { value = terraform_data.migration_task.input.family }
output "migration_network" { value = jsonencode({ cluster = terraform_data.migration_task.input.cluster }) }
output "migration_log_group" { value = "/\${terraform_data.migration_task.input.cluster}/migration" }
output "user_pool_id" { value = "pool-\${terraform_data.migration_task.input.cluster}" }
output "oidc_client_id" { value = "client-\${terraform_data.migration_task.input.cluster}" }
output "oidc_client_secret" { value = "box-\${terraform_data.migration_task.input.cluster}" }
output "migration_log_stream_prefix" { value = "ecs/\${terraform_data.migration_task.input.family}" }
`;

export function makeSmallEnvironment(t: TestContext): SmallEnvironment {
  const scratch = mkdtempSync(join(tmpdir(), 'stockade-steps-'));
  t.after(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  const [workspace, programs, cloud] = ['workspace', 'programs', 'cloud.json'].map((name) => join(scratch, name)) as [string, string, string];
  for (const folder of [join(workspace, 'terraform/environments'), join(workspace, '.github'), programs]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(workspace, 'terraform/main.tf'), ROOT);
  for (const name of ['staging', 'production']) writeFileSync(join(workspace, `terraform/environments/${name}.tfvars`), `environment = "${name}"\n`);
  writeFileSync(join(workspace, 'terraform/environments/preview.tfvars'), '');
  symlinkSync(import.meta.dirname, join(workspace, '.github/terraform'));
  for (const name of ['aws', 'gh', 'docker', 'npm', 'npx', 'curl']) {
    writeFileSync(join(programs, name), `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'stand-in.command.ts')}' ${name} "$@"\n`);
    chmodSync(join(programs, name), 0o755);
  }
  symlinkSync(process.execPath, join(programs, 'node'));
  const read = (): Cloud => JSON.parse(readFileSync(cloud, 'utf8')) as Cloud;
  const write = (values: Cloud): void => {
    writeFileSync(cloud, JSON.stringify(values));
  };
  write({ calls: [], released: '', migrationStatus: 0, images: [], clientSecrets: [{ id: 'first', made: '2025-12-31T00:00:00+00:00', value: 'in the state' }], pulls: {} });
  return {
    workspace,
    scratch,
    programs,
    environment: { CLOUD: cloud, POLL_SECONDS: '0', CHECKPOINT_DISABLE: '1' },
    cloud: read,
    change(values) {
      write({ ...read(), ...values });
    },
    calls: (start) => read().calls.filter((call) => call.startsWith(start)),
  };
}
