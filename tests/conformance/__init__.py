"""One list of scenarios, run against a real Ganeti 3.0 and against our cluster manager."""
