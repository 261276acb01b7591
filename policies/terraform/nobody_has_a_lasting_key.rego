# Programs and people sign in for an hour, not for ever.

# METADATA
# title: There is no user of IAM and no access key
# description: >-
#   A key that does not end is found years later, in a log or on a laptop. Workflows sign in by OpenID Connect, tasks by their
#   role, people by the organisation's identity provider.
# custom:
#   remediation: Use a role; of GitHub by its OpenID Connect provider.
#   severity: error
#   control: CIS AWS 1.11, 1.13; CWE-798
#   resources: aws_iam_user, aws_iam_access_key, aws_iam_user_login_profile
package terraform.nobody_has_a_lasting_key

import data.lib.terraform

lasting := {"aws_iam_access_key", "aws_iam_service_specific_credential", "aws_iam_user", "aws_iam_user_login_profile", "aws_iam_user_ssh_key", "aws_key_pair"}

deny contains terraform.finding(rego.metadata.chain(), resource.address, "It is a login that does not end by itself.") if some resource in terraform.of_type(lasting)
