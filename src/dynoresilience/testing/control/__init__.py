"""Pure: how tables come, change and go, and what the control plane refuses."""
