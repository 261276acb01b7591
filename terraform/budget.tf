# Tells by e-mail when the month costs more than planned, or will. It stops nothing: AWS has no such brake.

variable "budget_monthly_usd" {
  description = "What a month may cost, in US dollars, all of this environment's resources together; null for no budget."
  type        = number
  default     = null

  validation {
    condition     = var.budget_monthly_usd == null || try(var.budget_monthly_usd >= 1, false)
    error_message = "budget_monthly_usd is at least 1, or null."
  }

  validation {
    condition     = var.budget_monthly_usd == null || length(var.alarm_emails) > 0
    error_message = "A budget needs somebody in alarm_emails."
  }
}

# https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
resource "aws_budgets_budget" "main" {
  count = var.budget_monthly_usd == null ? 0 : 1

  name         = local.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = format("%.1f", var.budget_monthly_usd)
  limit_unit   = "USD"

  # Costs carry the tag only once "Project" and "Environment" are activated as cost allocation tags in the billing console.
  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Environment$%s", var.environment)]
  }

  # The forecast needs five weeks of history; the last one is for before and for when it was wrong.
  dynamic "notification" {
    for_each = { FORECASTED = 100, ACTUAL = 80 }

    content {
      notification_type          = notification.key
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.alarm_emails
    }
  }
}
