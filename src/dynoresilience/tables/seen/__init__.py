"""What a table is: looked at, read from the answers, and told in the words of a `TableSpec`."""
