"""Everything that knows boto3 and botocore, and nothing else does."""
