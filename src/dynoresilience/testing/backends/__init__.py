"""What keeps the items behind a server: moto in its process, or any DynamoDB endpoint."""
