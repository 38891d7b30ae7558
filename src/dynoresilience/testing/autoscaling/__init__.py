"""Pure: Application Auto Scaling's targets and policies for DynamoDB, and what it decides."""
