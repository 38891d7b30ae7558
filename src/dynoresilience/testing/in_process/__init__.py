"""Inside one process: botocore's requests are caught before they are sent; moto keeps items."""
