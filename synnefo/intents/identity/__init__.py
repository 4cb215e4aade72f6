"""Users, projects, roles, tokens and all that a sign-in rests on."""
