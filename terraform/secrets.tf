# Secrets by reference: Terraform makes the box, and neither writes nor reads what is in it, so that no state or plan has it. Its
# resource for values would read them at every plan, write-only or not.
#
# Rotation: RDS changes the owner's password every seven days by itself (database.tf). The service has no password for the
# database at all, but a token for each connection. The client secret only the identity provider can change; a person does it,
# without an interruption, as the README says: AWS has no rotation for it.

# Filled once by the operator, before the service starts for the first time: README.
# gates:allow terraform_follows_practice/CKV2_AWS_57 until 2027-11-20: AWS rotates what it made itself, and this is the provider's; a person does, as the README says
resource "aws_secretsmanager_secret" "oidc_client" {
  # Not "…-secret": a hyphen and six characters look like the end of an ARN.
  # https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
  name        = "${local.name}/oidc-client"
  description = "What the service proves itself with to the identity provider"
  kms_key_id  = aws_kms_key.secrets.arn
  # Days in which a deletion can be taken back; a preview's name has to be free again at once.
  recovery_window_in_days = startswith(var.environment, "preview-") ? 0 : 30
}

data "aws_iam_policy_document" "oidc_client" {
  # Whatever else IAM allows somebody in this account: to read it takes the role that starts the service.
  statement {
    sid       = "NobodyElseReads"
    effect    = "Deny"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.oidc_client.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [aws_iam_role.execution.arn]
    }
  }
}

resource "aws_secretsmanager_secret_policy" "oidc_client" {
  secret_arn          = aws_secretsmanager_secret.oidc_client.arn
  policy              = data.aws_iam_policy_document.oidc_client.json
  block_public_policy = true
}
