"""A simulated DynamoDB over HTTP, for several processes and any language."""
