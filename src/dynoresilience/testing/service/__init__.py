"""One simulated account: takes operations, answers as DynamoDB would; knows no HTTP, no moto."""
