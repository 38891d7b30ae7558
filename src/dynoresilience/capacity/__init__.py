"""Pure decisions about capacity: how far up (`plan_up`), how far down (`plan_down`)."""
