# The registry of this account: an image gets here once, by the digest under which the release was signed, and never changes.

variable "images_kept" {
  description = "Number of tagged images that are kept, the newest first; an environment can only go back to one of these."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.images_kept >= 20 && var.images_kept <= 1000
    error_message = "20 to 1000 images."
  }
}

resource "aws_kms_key" "registry" {
  description             = "Images of ${var.project}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "registry" {
  name          = "alias/${var.project}-registry"
  target_key_id = aws_kms_key.registry.key_id
}

resource "aws_ecr_repository" "service" {
  name                 = var.project
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.registry.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ecr_lifecycle_policy" "service" {
  repository = aws_ecr_repository.service.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "What a broken push left behind"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Old releases, and the images of closed previews"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.images_kept }
        action       = { type = "expire" }
      },
    ]
  })
}
