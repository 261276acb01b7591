# How many tasks run: as many as requests and CPU want, between two bounds that a schedule may move. Optional: without this file there
# are task_count of them (take ignore_changes out of service.tf then).
variable "task_count_max" {
  description = "Tasks that run at most: the bound of what a flood costs. Times the pool, twice over, the database has to take them."
  type        = number
  default     = 6
  nullable    = false

  validation {
    condition     = var.task_count_max >= var.task_count && floor(var.task_count_max) == var.task_count_max
    error_message = "task_count_max is a whole number, and no less than task_count."
  }

  validation {
    # During a rollout twice the tasks run; each has a connection that listens beside its pool; the last 20 are for people and for RDS.
    condition     = 2 * var.task_count_max * (var.database_pool_size + 1) + 20 <= var.database_max_connections
    error_message = "The database has too few connections: 2 x task_count_max x (database_pool_size + 1) + 20 has to stay below database_max_connections."
  }
}

variable "requests_per_task_per_minute" {
  description = "Requests a minute that a task should have on average; above that there will be more tasks."
  type        = number
  default     = 30000
  nullable    = false

  validation {
    condition     = var.requests_per_task_per_minute >= 60
    error_message = "requests_per_task_per_minute is at least 60."
  }
}

variable "task_cpu_target_percent" {
  description = "CPU that a task should use on average, in percent of task_cpu_units."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.task_cpu_target_percent >= 20 && var.task_cpu_target_percent <= 80
    error_message = "task_cpu_target_percent is from 20 to 80: above, nothing is left for the minutes until the next task serves."
  }
}

variable "task_count_schedules" {
  description = <<-EOT
    Times at which the bounds change, by name: a cron() or at() expression of AWS, its time zone, tasks at least and at most from then
    on, until the next one: one that raises them by day wants another that lowers them by night. No plan shows what a schedule has changed.
  EOT
  type = map(object({
    schedule  = string
    time_zone = optional(string, "UTC")
    min       = number
    max       = number
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.task_count_schedules) : can(regex("^(cron|at)\\(.+\\)$", each.schedule)) && each.min >= 1 && each.min <= each.max && each.max <= var.task_count_max])
    error_message = "A schedule is cron(…) or at(…) with 1 <= min <= max <= task_count_max."
  }

  validation {
    condition     = var.environment != "production" || alltrue([for each in values(var.task_count_schedules) : each.min >= 2])
    error_message = "Production keeps at least two tasks at any hour."
  }
}

# Changes with the bounds that are asked for, and with nothing that a schedule does.
resource "terraform_data" "task_bounds" {
  input = [var.task_count, var.task_count_max]
}

resource "aws_appautoscaling_target" "service" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.service.name}"
  min_capacity       = var.task_count
  max_capacity       = var.task_count_max

  lifecycle {
    # A schedule moves them: the plan of a night would not be empty, and an apply at noon would take tasks away. Other bounds in the
    # variables make all of the scaling anew, since it goes with its target; the tasks stay as many as they are meanwhile.
    ignore_changes       = [min_capacity, max_capacity]
    replace_triggered_by = [terraform_data.task_bounds]
  }
}

# More tasks within a minute, fewer only after five quiet ones. Each policy by itself may add; they all have to agree to take away.
resource "aws_appautoscaling_policy" "requests" {
  name               = "${local.name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service.service_namespace
  scalable_dimension = aws_appautoscaling_target.service.scalable_dimension
  resource_id        = aws_appautoscaling_target.service.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.requests_per_task_per_minute
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.service.arn_suffix}"
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.task_bounds]
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "${local.name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service.service_namespace
  scalable_dimension = aws_appautoscaling_target.service.scalable_dimension
  resource_id        = aws_appautoscaling_target.service.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.task_cpu_target_percent
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.task_bounds]
  }
}

resource "aws_appautoscaling_scheduled_action" "bounds" {
  for_each = var.task_count_schedules

  name               = "${local.name}-${each.key}"
  service_namespace  = aws_appautoscaling_target.service.service_namespace
  scalable_dimension = aws_appautoscaling_target.service.scalable_dimension
  resource_id        = aws_appautoscaling_target.service.resource_id
  schedule           = each.value.schedule
  timezone           = each.value.time_zone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }

  lifecycle {
    replace_triggered_by = [terraform_data.task_bounds]
  }
}
