# The collector beside the service: scrapes /metrics on loopback and writes it to managed Prometheus, takes traces on loopback and
# sends them to X-Ray. Optional: off without an image; without this file the lines that name it in service.tf go too.
variable "collector_image" {
  description = <<-EOT
    Image of the AWS Distro for OpenTelemetry (https://github.com/aws-observability/aws-otel-collector), for ARM64 and by digest, in a
    private ECR registry: a copy, or a pull-through cache of public.ecr.aws. null: no collector, and no metrics or traces leave the task.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.collector_image == null ? true : can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9]+([._/-][a-z0-9]+)*@sha256:[0-9a-f]{64}$", var.collector_image))
    error_message = "collector_image is in a private ECR registry and ends in @sha256: and 64 hexadecimal digits."
  }
}

variable "collector_memory_mib" {
  description = "Memory that the collector may use of the task's, in MiB; ECS ends it beyond, and the service goes on."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.collector_memory_mib >= 128 && var.collector_memory_mib * 2 <= var.task_memory_mib
    error_message = "collector_memory_mib is at least 128, and at most half of task_memory_mib."
  }
}

variable "trace_share" {
  description = "Share of traces that are kept, from 0 to 1. Each costs, at the service and in X-Ray; one of ten shows what is slow."
  type        = number
  default     = 0.1
  nullable    = false

  validation {
    condition     = var.trace_share >= 0 && var.trace_share <= 1 && can(regex("^(0|1|0\\.[0-9]{1,6})$", tostring(var.trace_share)))
    error_message = "trace_share is from 0 to 1, with at most six digits."
  }
}

variable "scrape_interval_seconds" {
  description = "How often the metrics are read. Each sample costs: 15 doubles what 30 does."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.scrape_interval_seconds >= 10 && var.scrape_interval_seconds <= 120
    error_message = "scrape_interval_seconds is from 10 to 120: above, a rate over five minutes has too few points."
  }
}

locals {
  collector_count = var.collector_image == null ? 0 : 1
  otlp_address    = "127.0.0.1:4318"

  # Without the collector nobody takes traces, and the service makes none.
  trace_settings = local.collector_count == 0 ? {} : {
    OTEL_EXPORTER_OTLP_ENDPOINT = "http://${local.otlp_address}"
    OTEL_TRACES_SAMPLER         = "parentbased_traceidratio"
    OTEL_TRACES_SAMPLER_ARG     = tostring(var.trace_share)
  }

  # https://aws-otel.github.io/docs/getting-started/container-insights/ecs-prometheus
  collector_configuration = {
    extensions = {
      # What the image's /healthcheck asks.
      health_check = { endpoint = "127.0.0.1:13133" }
      sigv4auth    = { region = var.region, service = "aps" }
    }
    receivers = {
      prometheus = {
        config = {
          scrape_configs = [{
            job_name        = var.project
            scrape_interval = "${var.scrape_interval_seconds}s"
            scrape_timeout  = "5s"
            # The service's certificate is in its memory alone; the way is within the task.
            scheme         = "https"
            tls_config     = { insecure_skip_verify = true }
            static_configs = [{ targets = ["127.0.0.1:${local.admin_port}"] }]
          }]
        }
      }
      otlp = { protocols = { http = { endpoint = local.otlp_address } } }
    }
    processors = {
      # First of all: what is too much is refused, before the container is ended for it.
      memory_limiter    = { check_interval = "1s", limit_percentage = 75, spike_limit_percentage = 20 }
      resourcedetection = { detectors = ["env", "ecs"] }
      # Every task's target is 127.0.0.1: without a name of its own their series would be one.
      resource = {
        attributes = [
          { key = "service.instance.id", from_attribute = "aws.ecs.task.arn", action = "upsert" },
          { key = "deployment.environment.name", value = var.environment, action = "upsert" },
        ]
      }
      batch = { timeout = "10s" }
    }
    exporters = {
      prometheusremotewrite = {
        endpoint        = "${aws_prometheus_workspace.main.prometheus_endpoint}api/v1/remote_write"
        auth            = { authenticator = "sigv4auth" }
        external_labels = { environment = var.environment }
      }
      awsxray = { region = var.region }
    }
    service = {
      extensions = ["health_check", "sigv4auth"]
      pipelines = {
        metrics = { receivers = ["prometheus"], processors = ["memory_limiter", "resourcedetection", "resource", "batch"], exporters = ["prometheusremotewrite"] }
        traces  = { receivers = ["otlp"], processors = ["memory_limiter", "resourcedetection", "resource", "batch"], exporters = ["awsxray"] }
      }
      # Its own metrics would listen on a port.
      telemetry = { logs = { level = "warn" }, metrics = { level = "none" } }
    }
  }

  collector_containers = [for image in var.collector_image[*] : merge(local.container_security, {
    name  = "collector"
    image = image
    # The service serves without it.
    essential   = false
    memory      = var.collector_memory_mib
    environment = [{ name = "AOT_CONFIG_CONTENT", value = yamlencode(local.collector_configuration) }]
    healthCheck = {
      command     = ["CMD", "/healthcheck"]
      interval    = 30
      timeout     = 5
      startPeriod = 10
      retries     = 3
    }
    # The service depends on it, so that it ends last, and what the service's end has still to say gets out.
    stopTimeout = 30
    logConfiguration = {
      logDriver = "awslogs"
      options   = merge(local.log_options, { awslogs-group = aws_cloudwatch_log_group.collector[0].name, awslogs-stream-prefix = "ecs" })
    }
  })]
}

resource "aws_cloudwatch_log_group" "collector" {
  count = local.collector_count

  name              = "/${local.name}/collector"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

data "aws_iam_policy_document" "collector" {
  count = local.collector_count

  statement {
    sid       = "Metrics"
    actions   = ["aps:RemoteWrite"]
    resources = [aws_prometheus_workspace.main.arn]
  }

  statement {
    # They take no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    sid       = "Traces"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }
}

# A role is a task's, not a container's: the collector could do what the service may, hence the digest and the copy of its own.
resource "aws_iam_role_policy" "collector" {
  count = local.collector_count

  name   = "collector"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.collector[0].json
}

data "aws_iam_policy_document" "collector_start" {
  count = local.collector_count

  statement {
    sid       = "Image"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [join(":", ["arn", local.partition, "ecr", split(".", var.collector_image)[3], split(".", var.collector_image)[0], "repository/${regex("/([^@]+)@", var.collector_image)[0]}"])]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.collector[0].arn}:log-stream:*"]
  }
}

resource "aws_iam_role_policy" "collector_start" {
  count = local.collector_count

  name   = "start-collector"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.collector_start[0].json
}
