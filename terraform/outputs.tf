# What .github/workflows/deploy.yml and an operator read: `terraform output -json`. None of it is a secret.
output "image" {
  description = "Image that runs, by digest: what a deployment without a new one keeps."
  value       = var.image
}

output "cluster_name" {
  description = "ECS cluster."
  value       = aws_ecs_cluster.main.name
}

output "service_name" {
  description = "ECS service in it."
  value       = aws_ecs_service.service.name
}

output "service_task_definition" {
  description = "ARN with the revision that should run: another one in the service means that ECS took the rollout back."
  value       = aws_ecs_task_definition.service.arn
}

output "smoke_url" {
  description = "A page that answers without a sign-in: what a deployment asks for at its end."
  value       = "https://${var.domain_name}/.well-known/security.txt"
}

output "service_containers" {
  description = "Containers of the service's task, as ECS gets them: policies judge them, and the proof of the deployed thing runs them."
  value       = local.service_containers
}

output "migration_task_definition" {
  description = "Family of the one-off task that migrates."
  value       = aws_ecs_task_definition.migration.family
}

output "migration_containers" {
  description = "Containers of the migration's task, as ECS gets them."
  value       = local.migration_containers
}

output "migration_network" {
  description = "What `aws ecs run-task --network-configuration` takes for it, as JSON."
  value = jsonencode({
    awsvpcConfiguration = {
      subnets        = [for subnet in aws_subnet.private : subnet.id]
      securityGroups = [aws_security_group.service.id]
      assignPublicIp = "DISABLED"
    }
  })
}

output "migration_log_group" {
  description = "Where the migration says what it did."
  value       = aws_cloudwatch_log_group.migration.name
}

output "migration_log_stream_prefix" {
  description = "Beginning of its log stream's name; the task's id follows."
  # Of the resource: a plan with -target, after which the migration runs, leaves out what refers to none.
  value = "ecs/${jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].name}"
}

output "service_log_group" {
  description = "Where the service says what it does."
  value       = aws_cloudwatch_log_group.service.name
}

output "watchdog_topic" {
  description = "Topic that hears from Alertmanager every minute, for a dead-man's switch elsewhere; null where there are no alerts."
  value       = one(aws_sns_topic.watchdog[*].arn)
}

output "oidc_client_id" {
  description = "Name by which the identity provider knows the service."
  value       = local.oidc_settings.OIDC_CLIENT_ID
}

output "oidc_client_secret" {
  description = "ARN of the secret that holds the client secret of the identity provider; the operator fills it once."
  value       = aws_secretsmanager_secret.oidc_client.arn
}

output "oidc_issuer" {
  description = "Issuer of the identity provider, given or made."
  value       = local.oidc_settings.OIDC_ISSUER
}

output "oidc_redirect_uri" {
  description = "What a given identity provider must allow as redirect URI of the client."
  value       = "https://${var.domain_name}/auth/callback"
}

output "user_pool_id" {
  description = "Cognito user pool, to make people in; null where an issuer is given."
  value       = one(aws_cognito_user_pool.main[*].id)
}
