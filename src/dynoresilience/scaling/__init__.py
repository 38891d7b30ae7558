"""The use cases: raise what was short, bring a call through, lower it all again."""
