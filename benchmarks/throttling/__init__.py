"""The same throttled work through each alternative, in virtual time on the capacity model."""
